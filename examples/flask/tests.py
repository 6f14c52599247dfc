# An app and its tests, which log in without a password, move the clock, and need no cookie jar. Run them
# with `pytest examples/flask/tests.py`.
#
# $ curl -s -c jar.txt -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login
# {"login":true}
# $ curl -s -b jar.txt http://127.0.0.1:5000/profile
# {"user":"testuser"}
from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    get_jwt_identity,
    jwt_required,
    login_user,
    logout_user,
    set_access_cookies,
)
from jwt_extended.flask.testing import jwt_client, travel, without_protection
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_COOKIE_SECURE"] = False  # True in production: only over HTTPS
app.config["JWT_STORE"] = "memory"
JWTManager(app)


@app.post("/login")
def login():
    response = jsonify(login=True)
    set_access_cookies(response, login_user(check_password()).access_token)
    return response


@app.post("/logout")
def logout():
    logout_user()
    return jsonify(logout=True)


@app.get("/profile")
@jwt_required()
def profile():
    return jsonify(user=get_jwt_identity())


@app.post("/password")
@jwt_required(fresh=True)
def change_password():
    return jsonify(changed=True)


def test_everybody_sees_their_own_profile():
    client = jwt_client(app)
    client.login("alice")
    assert client.get("/profile").json == {"user": "alice"}
    assert client.as_("bob").get("/profile").json == {"user": "bob"}


def test_a_password_is_changed_after_a_login():
    client = jwt_client(app)
    client.login("alice", fresh=True)  # in cookies, with their CSRF value
    assert client.post("/password").json == {"changed": True}
    client.login("alice")
    assert client.post("/password").json == {"msg": "Fresh token required"}


def test_a_login_lasts_for_a_quarter_of_an_hour():
    client = jwt_client(app)
    client.login("alice")
    with travel(minutes=20):
        assert client.get("/profile").json == {"msg": "Token has expired"}


def test_a_logout_ends_the_session():
    client = jwt_client(app)
    client.login("alice")
    token = client.tokens.access_token
    assert client.post("/logout").json == {"logout": True}
    headers = {"Cookie": f"access_token_cookie={token}"}
    answer = app.test_client(use_cookies=False).get("/profile", headers=headers)
    assert answer.json == {"msg": "Token has been revoked"}


def test_a_profile_without_a_login(monkeypatch):
    monkeypatch.setattr(app, "testing", True)
    with without_protection(app, "alice"):
        assert app.test_client().get("/profile").json == {"user": "alice"}
