"""The warning of keys that are too short: when one is used, and once for each key in a process."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jwt.warnings import InsecureKeyLengthWarning
from key_pairs import private, public
from support import bearer, claims, sign

import jwt_extended.flask as ours


def short_secret() -> str:
    """Return a secret that no other test uses, because a process warns of each key once."""
    return uuid4().hex[:16]


def small_pair() -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 1024)
    return {"ALGORITHM": "RS256", "PRIVATE_KEY": private(key), "PUBLIC_KEY": public(key)}


def an_app(**options: Any) -> Flask:
    app = Flask("an_app")
    app.config.update({f"JWT_{name}": value for name, value in options.items()})
    ours.JWTManager(app)
    app.add_url_rule("/", "view", ours.jwt_required()(lambda: "seen"))
    return app


@contextmanager
def warned(*said: str) -> Iterator[None]:
    """Check that there is one warning for each text, which points at `an_app`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert len(caught) == len(said)
    line = an_app.__code__.co_firstlineno + 3
    for warning, text in zip(caught, said, strict=True):
        assert text in str(warning.message)
        assert warning.category is InsecureKeyLengthWarning
        assert (warning.filename, warning.lineno) == (__file__, line)


def made(app: Flask) -> str:
    with app.app_context():
        return ours.create_access_token("alice")


def test_a_short_secret_warns_when_it_signs() -> None:
    app = an_app(SECRET_KEY=short_secret())
    with warned("the secret has 16 bytes and HS256 needs at least 32"):
        made(app)
    with warned():
        made(app)


def test_a_short_secret_warns_when_it_verifies() -> None:
    secret = short_secret()
    app = an_app(SECRET_KEY=secret)
    value = sign({"alg": "HS256", "typ": "JWT"}, claims(), secret)
    for said in (["the secret has 16 bytes"], []):
        with warned(*said):
            assert app.test_client().get("/", headers=bearer(value)).text == "seen"


def test_a_small_rsa_key_warns() -> None:
    with warned("the RSA key has 1024 bits", "the RSA key has 1024 bits"):
        made(an_app(**small_pair()))


def test_the_key_of_a_ring_warns() -> None:
    with warned("the secret has 16 bytes"):
        made(an_app(KEY_RING=[{"secret_key": short_secret()}]))


def test_the_key_of_a_loader_warns() -> None:
    app, secret = an_app(SECRET_KEY="x" * 32), short_secret()
    app.extensions["flask-jwt-extended"].encode_key_loader(lambda _: secret)
    for said in (["the secret has 16 bytes"], []):
        with warned(*said):
            made(app)


def test_an_app_that_uses_no_key_does_not_warn() -> None:
    with warned():
        app = an_app(SECRET_KEY=short_secret())
        ours.JWTManager(app)
        assert app.test_client().get("/").status_code == 401


def test_many_apps_with_one_key_warn_once() -> None:
    secret = short_secret()
    with warned("the secret has 16 bytes"):
        for _ in range(5):
            made(an_app(SECRET_KEY=secret))


def test_each_key_has_its_own_warning() -> None:
    with warned("the secret has 16 bytes", "the secret has 16 bytes"):
        made(an_app(SECRET_KEY=short_secret()))
        made(an_app(SECRET_KEY=short_secret()))


@pytest.mark.parametrize("connect", ["constructor", "init_app"])
def test_the_warning_points_at_the_line_that_connects(connect: str) -> None:
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = short_secret()
    if connect == "constructor":
        ours.JWTManager(app)
    else:
        ours.JWTManager().init_app(app)
    with pytest.warns(InsecureKeyLengthWarning) as caught:
        made(app)
    test = test_the_warning_points_at_the_line_that_connects.__code__.co_firstlineno
    assert caught[0].filename == __file__
    assert caught[0].lineno - test == (5 if connect == "constructor" else 7)


def test_where_warnings_are_errors_each_use_is_one() -> None:
    app = an_app(SECRET_KEY=short_secret())
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(InsecureKeyLengthWarning):
                made(app)
    with warned("the secret has 16 bytes"):
        made(app)


@pytest.mark.parametrize("options", [{"SECRET_KEY": short_secret()}, small_pair()])
def test_a_key_that_is_tolerated_by_name_does_not_warn(options: dict[str, Any]) -> None:
    with warned():
        made(an_app(**options, TOLERATE=["short_secret", "small_rsa"]))
