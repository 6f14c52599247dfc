# A logout that ends a session with all its tokens, in Redis: that of REDIS_URL, or of this computer.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/logout
# {"logout":true}
# $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/protected
# {"msg":"Token has been revoked"}
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh
# {"msg":"Token has been revoked"}
import os

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    get_jwt_identity,
    jwt_required,
    login_user,
    logout_user,
    refresh_tokens,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_STORE"] = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(login_user(check_password())._asdict())


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(refresh_tokens()._asdict())


@app.post("/logout")  # without a guard: an expired token can log out too
def logout():
    logout_user()
    return jsonify(logout=True)


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())
