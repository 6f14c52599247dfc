# A view for which the user must have given the password just now: a token that came from a refresh is
# not enough.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/password
# {"changed":true}
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh > refresh.json
# $ LATER=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' refresh.json)
# $ curl -s -H "Authorization: Bearer $LATER" http://127.0.0.1:5000/protected
# {"fresh":false}
# $ curl -s -X POST -H "Authorization: Bearer $LATER" http://127.0.0.1:5000/password
# {"msg":"Fresh token required"}
from datetime import timedelta

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
JWTManager(app)


@app.post("/login")
def login():
    username = check_password()
    # It is fresh for ten minutes, and valid for longer. With True, it is fresh until it expires.
    access = create_access_token(username, fresh=timedelta(minutes=10))
    return jsonify(access_token=access, refresh_token=create_refresh_token(username))


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity()))  # not fresh


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(fresh=bool(get_jwt()["fresh"]))


@app.post("/password")
@jwt_required(fresh=True)
def change_password():
    return jsonify(changed=True)
