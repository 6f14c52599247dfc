# A short access token, and a refresh token that gets the next one without a password.
# Here it stays valid until it expires: rotation.py shows one that is replaced at each refresh.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/protected
# {"logged_in_as":"testuser"}
# $ curl -s -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/protected
# {"msg":"Only non-refresh tokens are allowed"}
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/refresh
# {"msg":"Only refresh tokens are allowed"}
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh
# {"access_token":"…"}
from datetime import timedelta

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt_identity,
    jwt_required,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
app.config["JWT_REFRESH_TOKEN_EXPIRES"] = timedelta(days=30)
JWTManager(app)


@app.post("/login")
def login():
    username = check_password()
    return jsonify(
        access_token=create_access_token(username), refresh_token=create_refresh_token(username)
    )


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity()))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())
