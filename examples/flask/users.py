# Users of the app instead of names: a token is created for a user, and `current_user` is the user of the
# request's token.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/me
# {"full_name":"Test User","id":1}
# $ curl -s -X DELETE -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/me
# {"deleted":true}
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/me
# {"msg":"Error loading the user 1"}
from dataclasses import dataclass

from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, create_access_token, current_user, jwt_required
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
jwt = JWTManager(app)


@dataclass
class User:
    id: int
    username: str
    full_name: str


# A table of your database.
USERS = [User(1, "testuser", "Test User"), User(2, "admin", "The Administrator")]


@jwt.user_identity_loader
def identity_of(user):
    return str(user.id)


@jwt.user_lookup_loader
def find_user(jwt_header, jwt_data):
    return next((user for user in USERS if str(user.id) == jwt_data["sub"]), None)


@app.post("/login")
def login():
    username = check_password()
    user = next(user for user in USERS if user.username == username)
    return jsonify(access_token=create_access_token(user))


@app.get("/me")
@jwt_required()
def me():
    return jsonify(id=current_user.id, full_name=current_user.full_name)


@app.delete("/me")
@jwt_required()
def delete():
    USERS.remove(current_user)
    return jsonify(deleted=True)
