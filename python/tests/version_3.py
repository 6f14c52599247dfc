"""Apps that ask for the whole interface of Flask-JWT-Extended 3, and tokens for them."""

import warnings
from types import ModuleType
from typing import Any

import pytest
from flask import Flask, jsonify
from support import SECRET, bearer, claims, sign

import jwt_extended.flask as four
from jwt_extended.flask._compat3 import interface as three

HEADER = {"alg": "HS256", "typ": "JWT"}
#: The guards of 3.x, by name, and the type of token that passes.
GUARDS = {
    "jwt_required": "access",
    "jwt_optional": "access",
    "fresh_jwt_required": "access",
    "jwt_refresh_token_required": "refresh",
}
BAD_HEADER = "Bad Authorization header. Expected value 'Bearer <JWT>'"

each_way = pytest.mark.parametrize("package", [three, four], ids=["installed", "option"])


def token_3(**changes: Any) -> str:
    """Return a token of 3.x, whose identity has another claim."""
    return sign(HEADER, claims(**{"sub": None, "identity": "alice", **changes}))


def an_app(package: ModuleType = three, setup: Any = None, **options: Any) -> Flask:
    """Return an app of version 3 with a view for each guard of 3.x."""
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = SECRET
    if package is four:
        app.config["JWT_INTERFACE_VERSION"] = 3
    app.config.update({f"JWT_{name}": value for name, value in options.items()})
    with warnings.catch_warnings():
        # The names of 3.x warn where their import line was changed.
        warnings.simplefilter("ignore" if package is four else "error", DeprecationWarning)
        manager = package.JWTManager(app)
        if setup:
            setup(manager)
        for name in GUARDS:
            guarded = getattr(package, name)(lambda: jsonify(package.get_jwt_identity()))
            app.add_url_rule(f"/{name}", name, guarded, methods=["GET", "POST"])
    return app


def ask(app: Flask, guard: str, text: str | None = None, **rest: Any) -> tuple[int, Any]:
    headers = {} if text is None else bearer(text)
    answer = app.test_client(use_cookies=False).get(f"/{guard}", headers=headers, **rest)
    said = answer.json
    return answer.status_code, said["msg"] if isinstance(said, dict) else said


def ask_with(app: Flask, authorization: str, guard: str = "jwt_required") -> tuple[int, Any]:
    headers = {"Authorization": authorization}
    answer = app.test_client(use_cookies=False).get(f"/{guard}", headers=headers)
    said = answer.json
    return answer.status_code, said["msg"] if isinstance(said, dict) else said
