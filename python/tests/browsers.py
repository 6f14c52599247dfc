"""An app for browsers: it logs in with cookies, and has public and guarded views."""

import time
from typing import Any

from flask import Flask, jsonify
from flask.testing import FlaskClient
from support import SECRET, bearer, sign

from jwt_extended.flask import (
    JWTManager,
    get_jwt,
    get_jwt_identity,
    get_sessions,
    jwt_required,
    login_user,
    logout_user,
    refresh_tokens,
    set_access_cookies,
    set_refresh_cookies,
)

COOKIES = {
    "access_token_cookie",
    "csrf_access_token",
    "refresh_token_cookie",
    "csrf_refresh_token",
}
#: Longer than an access token lives, so that each is about to expire.
ALWAYS = 3600
#: The `sid` of another issuer.
FOREIGN = "5f8a3a0e-1d1e-4b0e-8f5e-5b1f0a9c6d7e"


def an_app(**options: Any) -> Flask:
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_STORE"] = "memory"
    app.config.update({f"JWT_{name}": value for name, value in options.items()})
    JWTManager(app)

    @app.post("/login")
    def login() -> Any:
        pair = login_user("alice")
        response = jsonify(pair._asdict())
        set_access_cookies(response, pair.access_token)
        set_refresh_cookies(response, pair.refresh_token)
        return response

    @app.route("/logout", methods=["GET", "POST"])
    def logout() -> Any:
        logout_user()
        return "bye"

    @app.get("/page")
    @jwt_required(optional="lenient")
    def page() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/guarded")
    @jwt_required()
    def guarded() -> Any:
        return jsonify(get_jwt())

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(refresh_tokens().refresh_token)

    @app.get("/sessions")
    @jwt_required(locations="headers")
    def sessions() -> Any:
        return jsonify(len(get_sessions()))

    return app


def cleared(response: Any) -> set[str]:
    lines = response.headers.getlist("Set-Cookie")
    return {line.split("=")[0] for line in lines if "01 Jan 1970" in line}


def an_expired(pair: dict[str, Any], client: FlaskClient) -> str:
    """Return the access token of a pair as it would be an hour later."""
    seen = client.get("/guarded", headers=bearer(pair["access_token"])).json
    past = int(time.time()) - 3600
    return sign(
        {"alg": "HS256", "typ": "JWT"}, {**seen, "iat": past, "nbf": past, "exp": past + 900}
    )


def open_sessions(app: Flask) -> int:
    with app.app_context():
        return len(get_sessions("alice"))
