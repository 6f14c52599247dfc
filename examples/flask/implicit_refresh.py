# Cookies that renew themselves: a user stays logged in as long as requests come, and no page has to
# refresh anything.
#
# $ curl -s -c jar.txt -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login
# {"login":true}
# $ FIRST=$(awk '$6 == "access_token_cookie" { print $7 }' jar.txt)
# $ curl -s -b jar.txt -c jar.txt http://127.0.0.1:5000/profile
# {"fresh":true}
# $ curl -s -b jar.txt -c jar.txt http://127.0.0.1:5000/profile
# {"fresh":false}
# $ test "$FIRST" != "$(awk '$6 == "access_token_cookie" { print $7 }' jar.txt)" && echo renewed
# renewed
from datetime import timedelta

from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, get_jwt, jwt_required, login_user, set_access_cookies
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_COOKIE_SECURE"] = False  # True in production: only over HTTPS
app.config["JWT_STORE"] = (
    "memory"  # only tokens of sessions are renewed, so that a logout ends them
)
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
# Within 15 minutes of its end, so with every response, to show it. Five minutes are enough.
app.config["JWT_RENEW_ACCESS_COOKIE_WITHIN"] = timedelta(minutes=15)
# Without it, a user who keeps sending requests stays logged in for the lifetime of a refresh token.
app.config["JWT_SESSION_EXPIRES"] = timedelta(days=7)
JWTManager(app)


@app.post("/login")
def login():
    pair = login_user(check_password())
    response = jsonify(login=True)
    set_access_cookies(response, pair.access_token)
    return response


@app.get("/profile")
@jwt_required()
def profile():
    return jsonify(fresh=get_jwt()["fresh"])  # only the token of the login is fresh
