"""Apps that are called with a minimal WSGI environment, for many requests or processes."""

from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt_identity,
    jwt_required,
)

ONE, OTHER = "one secret of at least thirty-two bytes", "another secret, and just as long as it"

both_families = pytest.mark.parametrize("algorithm", ["HS256", "ES256"])


def make_app(secret: str = ONE, algorithm: str = "HS256") -> Flask:
    app = Flask(__name__)
    app.testing = True  # an unexpected exception must fail the test
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_ALGORITHM"] = algorithm
    app.config["JWT_SECRET_KEY"] = secret
    if algorithm == "ES256":
        app.config["JWT_PRIVATE_KEY"], app.config["JWT_PUBLIC_KEY"] = key_pair(secret)
    JWTManager(app)
    app.add_url_rule("/", view_func=jwt_required()(lambda: get_jwt_identity()))
    return app


@cache
def key_pair(_name: str) -> tuple[bytes, bytes]:
    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    form, public = serialization.PrivateFormat.PKCS8, serialization.PublicFormat
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return private, key.public_key().public_bytes(pem, public.SubjectPublicKeyInfo)


def token_of(app: Flask, identity: str = "alice", **options: Any) -> str:
    with app.app_context():
        return create_access_token(identity, **options)


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def ask(app: Flask, fields: dict[str, str]) -> tuple[int, str]:
    """Send a minimal WSGI request, and return status and body of the answer."""
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", **fields}
    seen: list[str] = []
    body = app.wsgi_app(request, lambda status, *_: seen.append(status))
    return int(seen[0][:3]), b"".join(body).decode()
