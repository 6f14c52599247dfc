# Tokens in cookies, for pages in a browser. Unsafe requests must send the CSRF value of a second cookie
# in a header, which pages of other sites cannot do.
#
# $ curl -s -c jar.txt -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login
# {"login":true}
# $ curl -s -b jar.txt http://127.0.0.1:5000/profile
# {"user":"testuser"}
# $ curl -s -b jar.txt -X POST http://127.0.0.1:5000/profile
# {"msg":"Missing CSRF token"}
# $ CSRF=$(awk '$6 == "csrf_access_token" { print $7 }' jar.txt)
# $ curl -s -b jar.txt -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:5000/profile
# {"saved_for":"testuser"}
# $ curl -s -b jar.txt -D - -o /dev/null -X POST http://127.0.0.1:5000/logout | grep access_token_cookie
# Set-Cookie: access_token_cookie=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; …
# $ curl -s http://127.0.0.1:5000/profile
# {"msg":"Missing cookie \"access_token_cookie\""}
from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_COOKIE_SECURE"] = False  # True in production: only over HTTPS
app.config["JWT_COOKIE_SAMESITE"] = "Lax"
JWTManager(app)


@app.post("/login")
def login():
    response = jsonify(login=True)
    set_access_cookies(response, create_access_token(check_password()))
    return response


# With JWT_STORE, call logout_user() instead, which also ends the session.
@app.post("/logout")
def logout():
    response = jsonify(logout=True)
    unset_jwt_cookies(response)
    return response


@app.get("/profile")
@jwt_required()
def profile():
    return jsonify(user=get_jwt_identity())


# A page reads the cookie `csrf_access_token`, and sends its value in the header `X-CSRF-TOKEN`.
@app.post("/profile")
@jwt_required()
def save_profile():
    return jsonify(saved_for=get_jwt_identity())
