# Sessions, whose refresh tokens are replaced at each refresh. A used one that comes again was stolen, so
# its session ends. Users see where they are logged in, and end other sessions.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh > refresh.json
# $ NEXT=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' refresh.json)
# $ sleep 2
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh
# {"msg":"Somebody else has used your session. Log in again"}
# $ curl -s -X POST -H "Authorization: Bearer $NEXT" http://127.0.0.1:5000/refresh
# {"msg":"Token has been revoked"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ PHONE=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ LAPTOP=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:5000/sessions
# [{"device":"curl/…","id":"…","this":true},{"device":"curl/…","id":"…","this":false}]
# $ curl -s -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:5000/sessions > sessions.json
# $ ID=$(sed 's/.*"id":"\([^"]*\)".*/\1/' sessions.json)
# $ curl -s -X DELETE -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:5000/sessions/$ID
# {"ended":true}
# $ curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:5000/sessions
# {"msg":"Token has been revoked"}
# $ curl -s -X POST -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:5000/sessions/end-others
# {"ended":0}
from datetime import timedelta

from flask import Flask, jsonify, request
from jwt_extended.flask import (
    JWTManager,
    end_other_sessions,
    end_session,
    get_sessions,
    jwt_required,
    login_user,
    refresh_tokens,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_STORE"] = "memory"  # for one process; for several, see blocklist_redis.py
# Ten seconds by default: tabs that refresh at the same time get the same new tokens.
app.config["JWT_REFRESH_GRACE"] = timedelta(seconds=1)
jwt = JWTManager(app)


@jwt.replayed_token_loader
def stolen(jwt_header, jwt_data):
    # Warn the user here. The session has ended already, for the thief too.
    return jsonify(msg="Somebody else has used your session. Log in again"), 401


@app.post("/login")
def login():
    return jsonify(login_user(check_password(), label=request.user_agent.string)._asdict())


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(refresh_tokens()._asdict())


@app.get("/sessions")
@jwt_required()
def sessions():
    return jsonify(
        [
            {"id": session.id, "device": session.label, "this": session.current}
            for session in get_sessions()
        ]
    )


@app.delete("/sessions/<session>")
@jwt_required()
def end(session):
    return jsonify(ended=end_session(session))


@app.post("/sessions/end-others")
@jwt_required(fresh=True)
def end_others():
    return jsonify(ended=end_other_sessions())
