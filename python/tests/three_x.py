"""Apps that use the interface of Flask-JWT-Extended 3, and tokens for them."""

import warnings
from collections.abc import Callable
from typing import Any

import jwt
from flask import Flask, jsonify
from support import SECRET, bearer, make_app, token

import jwt_extended.flask as ours

ACCESS, FRESH = token(), token(fresh=True)
REFRESH = token(type="refresh")
EXPIRED = token(exp=1)


def quietly(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a deprecated function without its warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return function(*arguments, **named)


def guarded(decorator: Callable[..., Any], setup: Any = None, **options: Any) -> Flask:
    """Return an app with one guarded view, which returns the token's contents by 3.x functions."""
    app = quietly(make_app, setup=lambda manager: setup and setup(manager), **options)

    def view() -> Any:
        identity, claims = ours.get_jwt_identity(), quietly(ours.get_jwt_claims)
        return jsonify(identity=identity, raw=quietly(ours.get_raw_jwt), claims=claims)

    app.add_url_rule("/", view_func=quietly(decorator, view))
    return app


def ask(app: Flask, text: str | None = None) -> tuple[int, Any]:
    headers = {} if text is None else bearer(text)
    answer = app.test_client(use_cookies=False).get("/", headers=headers)
    return answer.status_code, answer.json


def made(app: Flask, kind: str, *arguments: Any, **named: Any) -> dict[str, Any]:
    """Create a token with an app, and return its claims."""
    with app.app_context():
        text = quietly(getattr(ours, f"create_{kind}_token"), *arguments, **named)
    return jwt.decode(text, SECRET, ["HS256"])
