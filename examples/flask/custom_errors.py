# The app's own answers to requests that a guard rejects.
#
# $ curl -s http://127.0.0.1:5000/protected
# {"error":"Log in first","reason":"Missing Authorization Header"}
# $ curl -s -H "Authorization: Bearer not-a-token" http://127.0.0.1:5000/protected
# {"error":"This is no token of ours","reason":"…"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/password
# {"error":"Enter your password again"}
# $ sleep 3
# $ curl -s -w '%{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"error":"Your login of testuser has expired"}
# 401
from datetime import timedelta

from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, create_access_token, get_jwt_identity, jwt_required
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(seconds=2)  # too short for anything but this
jwt = JWTManager(app)


@jwt.unauthorized_loader
def no_token(reason):
    return jsonify(error="Log in first", reason=reason), 401


@jwt.invalid_token_loader
def bad_token(reason):
    return jsonify(error="This is no token of ours", reason=reason), 401


@jwt.expired_token_loader
def expired(jwt_header, jwt_data):
    return jsonify(error=f"Your login of {jwt_data['sub']} has expired"), 401


@jwt.needs_fresh_token_loader
def not_fresh(jwt_header, jwt_data):
    return jsonify(error="Enter your password again"), 401


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())


@app.post("/password")
@jwt_required(fresh=True)
def change_password():
    return jsonify(changed=True)
