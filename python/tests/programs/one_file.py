"""A published example in one file: tokens in cookies, in the interface of 3.x.

Names, routes, texts and their order are the example's. Moving to this package changed one import
line. Repaired is what its publication had lost (signs and indentation), and two lines that no
version could run, each with a comment that starts with "Repaired".
"""

# ruff: noqa: I001 - the example's own order

from flask import Flask, jsonify, request
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    jwt_required,
    get_jwt_identity,
    create_refresh_token,
    jwt_refresh_token_required,
    get_raw_jwt,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)

# --- Configuration ---
app = Flask(__name__)

# Setup the Flask-JWT-Extended extension
app.config["JWT_SECRET_KEY"] = "super-secret-jwt-key"  # Change this in production!
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]  # Where to look for JWTs
app.config["JWT_COOKIE_SECURE"] = False  # Set to True in production (HTTPS only)
app.config["JWT_CSRF_PROTECTION"] = True  # Enable CSRF protection for cookies
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = 60 * 5  # Access token valid for 5 minutes
app.config["JWT_REFRESH_TOKEN_EXPIRES"] = 60 * 60 * 24 * 7  # Refresh token valid for 7 days

jwt = JWTManager(app)

# --- In-memory store for revoked tokens (for demonstration) ---
# In a real application, use a persistent store like Redis or a database.
BLACKLIST = set()


# Callback function to check if a JWT has been revoked
# Repaired: the loader's name, which was `token_loader`.
@jwt.token_in_blacklist_loader
def check_if_token_in_blacklist(decrypted_token):
    jti = decrypted_token["jti"]
    return jti in BLACKLIST


# --- Dummy User Data (for demonstration) ---
users = {
    "testuser": {"password": "testpass", "roles": ["user"]},
    "admin": {"password": "adminpass", "roles": ["admin", "user"]},
}


# --- Routes ---
@app.route("/login", methods=["POST"])
def login():
    username = request.json.get("username", None)
    password = request.json.get("password", None)

    user_data = users.get(username)
    if not user_data or not user_data["password"] == password:  # noqa: SIM201 - the example's
        return jsonify({"msg": "Bad username or password"}), 401

    # Create the tokens. We can add additional claims here if needed.
    access_token = create_access_token(
        identity=username, expires_delta=app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    )
    refresh_token = create_refresh_token(
        identity=username, expires_delta=app.config["JWT_REFRESH_TOKEN_EXPIRES"]
    )

    # Set the cookies in the response
    resp = jsonify({"login": True})
    set_access_cookies(resp, access_token)
    set_refresh_cookies(resp, refresh_token)
    return resp, 200


@app.route("/protected", methods=["GET"])
@jwt_required
def protected():
    # Access the identity of the current user with get_jwt_identity
    current_user = get_jwt_identity()
    return jsonify(logged_in_as=current_user), 200


@app.route("/refresh", methods=["POST"])
@jwt_refresh_token_required
def refresh():
    # Create a new access token, using the identity from the refresh token.
    current_user = get_jwt_identity()
    new_access_token = create_access_token(
        identity=current_user, expires_delta=app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    )

    # Set the new access token in the response cookies
    resp = jsonify({"refresh": True})
    set_access_cookies(resp, new_access_token)
    return resp, 200


# Repaired: the guard, of which the last comment below speaks.
@app.route("/logout", methods=["POST"])
@jwt_required
def logout():
    # When logging out, we need to revoke the access token.
    # In a real app, you might also revoke the refresh token, or just rely on its expiration.
    # For simplicity, this example just clears the cookies.
    resp = jsonify({"logout": True})
    unset_jwt_cookies(resp)  # Removes the access and refresh token cookies

    # Optionally, you could blacklist the current access token's JTI
    # to immediately invalidate it, even if the cookies are cleared.
    jti = get_raw_jwt()["jti"]  # Needs @jwt_required to get token details
    BLACKLIST.add(jti)
    return resp, 200


# --- Main ---
if __name__ == "__main__":
    app.run(debug=True, port=5000)
