"""Helpers for several tests: raw tokens, and small apps on this package or upstream's."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from flask import Flask, jsonify

import jwt_extended.flask as ours

SECRET = "a secret of at least sixty-four bytes, from a safe place, as HS512 wants"
OTHER = "another secret of at least thirty-two bytes"
HEADER = {"alg": "HS256", "typ": "JWT"}

#: Options that hold a name.
NAMES = ("COOKIE_NAME", "CSRF_COOKIE_NAME", "CSRF_HEADER_NAME", "CSRF_FIELD_NAME")
NAMES = tuple(f"{kind}_{name}" for kind in ("ACCESS", "REFRESH") for name in NAMES)
NAMES += ("QUERY_STRING_NAME", "JSON_KEY", "REFRESH_JSON_KEY", "IDENTITY_CLAIM")

#: The arguments of `jwt_required` on the routes of `guarded_app`, by path.
GUARDS: dict[str, dict[str, Any]] = {
    "access": {},
    "optional": {"optional": True},
    "fresh": {"fresh": True},
    "refresh": {"refresh": True},
    "any": {"verify_type": False},
    "any-refresh": {"verify_type": False, "refresh": True},
    "refresh-fresh": {"refresh": True, "fresh": True},
    "in-header": {"locations": "headers"},
    "in-cookie": {"locations": ["cookies"]},
}


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(segment: str) -> str:
    """Return a segment of a token as text."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()


def sign(header: Any, payload: Any, secret: str = SECRET) -> str:
    """Return a token of any header and payload, as JSON or raw text, signed with HMAC-SHA256."""
    parts = [
        part if isinstance(part, str | bytes) else json.dumps(part) for part in (header, payload)
    ]
    texts = [part.encode() if isinstance(part, str) else part for part in parts]
    signed = ".".join(encode(text) for text in texts)
    tag = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(tag)}"


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a valid access token; `None` removes a claim, `...` makes it null.

    They are valid for a day, so that a test may run long after its file was imported.
    """
    now = int(time.time())
    all_claims = {
        "fresh": False,
        "iat": now - 10,
        "jti": "a jti",
        "type": "access",
        "sub": "alice",
        "nbf": now - 10,
        "csrf": "the csrf value",
        "exp": now + 86_400,
        **changes,
    }
    kept = {name: value for name, value in all_claims.items() if value is not None}
    return {name: None if value is ... else value for name, value in kept.items()}


def token(**changes: Any) -> str:
    """Return a valid access token with some claims changed."""
    return sign(HEADER, claims(**changes))


def bearer(value: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {value}"}


def make_app(
    package: ModuleType = ours,
    setup: Callable[[Any], object] | None = None,
    **options: Any,
) -> Flask:
    """Return an app with a manager. `setup` gets the manager; options are without `JWT_`."""
    app = Flask("an_app")
    # A ring contains all keys.
    app.config["JWT_SECRET_KEY"] = None if options.get("KEY_RING") else SECRET
    app.config.update({f"JWT_{name}": value for name, value in options.items()})
    manager = package.JWTManager(app)
    if setup:
        setup(manager)
    return app


def guarded_app(
    package: ModuleType = ours,
    setup: Callable[[Any], object] | None = None,
    **options: Any,
) -> Flask:
    """Return an app with a route for each of `GUARDS`, which returns the token's contents."""
    app = make_app(package, setup, **options)

    def view() -> Any:
        return jsonify(
            jwt=package.get_jwt(),
            header=package.get_jwt_header(),
            identity=package.get_jwt_identity(),
            location=package.get_jwt_request_location(),
        )

    for name, asked in GUARDS.items():
        guarded = package.jwt_required(**asked)(view)
        methods = ["GET", "POST", "DELETE", "OPTIONS"]
        app.add_url_rule(f"/{name}", name, guarded, methods=methods)
    return app


def head(value: str, text: str | None = None, **rest: Any) -> dict[str, Any]:
    """Return a request with an Authorization header, and a token in a cookie."""
    cookies = {} if text is None else {"Cookie": f"access_token_cookie={text}"}
    return {"headers": {"Authorization": value, **cookies}, **rest}


def sent(path: str = "/access", **changes: Any) -> dict[str, Any]:
    """Return a request with a token that has some claims changed."""
    return head(f"Bearer {token(**changes)}", path=path)


def ask(app: Flask, path: str = "/access", **rest: Any) -> str:
    """Return the status and message of a rejection, or the token's location."""
    answer = app.test_client(use_cookies=False).open(path, **rest)
    said = answer.json
    return said["location"] if answer.status_code == 200 else f"{answer.status_code} {said['msg']}"


def status(app: Flask, **request: Any) -> int:
    """Return the status of an answer, without logging errors."""
    app.logger.disabled = True
    return app.test_client(use_cookies=False).open("/access", **request).status_code


def read(readers: Any, name: str) -> Any:
    """Return an attribute of `config`, or the message of the error it raises."""
    try:
        return getattr(readers, name)
    except RuntimeError as error:
        return str(error)
