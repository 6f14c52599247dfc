# A logout that revokes a token, in a database. Every guard asks it, in every process that shares it.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ OTHER=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/logout
# {"logout":true}
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"msg":"Token has been revoked"}
# $ curl -s -H "Authorization: Bearer $OTHER" http://127.0.0.1:5000/protected
# {"logged_in_as":"testuser"}
import os

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt_identity,
    jwt_required,
    revoke_token,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
# Or "postgresql://app:password@localhost/app". The store creates its tables when they are first used.
app.config["JWT_STORE"] = os.environ.get("JWT_STORE", "sqlite:blocklist.db")
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.post("/logout")
@jwt_required(verify_type=False)  # a refresh token can be revoked too
def logout():
    revoke_token()  # until it expires; then the store forgets it
    return jsonify(logout=True)


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())
