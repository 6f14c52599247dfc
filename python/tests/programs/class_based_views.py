"""A published example made whole: class-based views on Flask-RESTful, in the interface of 3.x.

The classes and their comments are the example's. What it leaves to the reader is marked below, and
so is what no longer exists. Moving to this package changed one import line.
"""

from hmac import compare_digest
from typing import NamedTuple

from flask import Flask
from flask_restful import Api, Resource, reqparse

from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    fresh_jwt_required,
    get_jwt_identity,
    jwt_refresh_token_required,
    jwt_required,
)


# The reader's own: `from models.user import UserModel`, which reads from a database.
class UserModel(NamedTuple):
    # A text, since RFC 7519 wants the subject of a token to be one. An app whose numbers must stay
    # numbers sets JWT_VERIFY_SUB to False.
    id: str
    username: str
    password: str

    @classmethod
    def find_by_username(cls, username):
        return next((user for user in USERS if user.username == username), None)


USERS = [UserModel("1", "bob", "asdf")]


# Werkzeug 2.1 dropped `werkzeug.security.safe_str_cmp` in favour of the standard library, which
# wants bytes for what is not ASCII.
def safe_str_cmp(a, b):
    return compare_digest(a.encode(), b.encode())


class UserLogin(Resource):
    # defining the request parser and expected arguments in the request
    parser = reqparse.RequestParser()
    parser.add_argument("username", type=str, required=True, help="This field cannot be blank.")
    parser.add_argument("password", type=str, required=True, help="This field cannot be blank.")

    def post(self):
        data = self.parser.parse_args()
        # read from database to find the user and then check the password
        user = UserModel.find_by_username(data["username"])

        if user and safe_str_cmp(user.password, data["password"]):
            # when authenticated, return a fresh access token and a refresh token
            access_token = create_access_token(identity=user.id, fresh=True)
            refresh_token = create_refresh_token(user.id)
            return {"access_token": access_token, "refresh_token": refresh_token}, 200

        return {"message": "Invalid Credentials!"}, 401


class TokenRefresh(Resource):
    @jwt_refresh_token_required
    def post(self):
        # retrive the user's identity from the refresh token using a Flask-JWT-Extended built-in
        # method
        current_user = get_jwt_identity()
        # return a non-fresh token for the user
        new_token = create_access_token(identity=current_user, fresh=False)
        return {"access_token": new_token}, 200


# The example shows the two methods without their class.
class Protected(Resource):
    # An endpoint that requires a valid access token (non-expired, either fresh or non-fresh)
    @jwt_required
    def get(self):
        pass

    # An endpoint that requires a valid fresh access token (non-expired and fresh only)
    @fresh_jwt_required
    def post(self):
        pass


# The reader's own: the app. It sets nothing that Flask-RESTful would need for refusals.
app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes"
jwt = JWTManager(app)
api = Api(app)
api.add_resource(UserLogin, "/login")
api.add_resource(TokenRefresh, "/refresh")
api.add_resource(Protected, "/protected")

if __name__ == "__main__":
    app.run(debug=True, port=5000)
