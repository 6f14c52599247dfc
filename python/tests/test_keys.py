"""Keys: where they come from, which forms they have, and what each of them is good for.

Loaders choose a key token by token, ``JWT_KEY_RING`` holds several of them, ``JWT_JWKS_URL``
publishes those that may be known, and Flask's ``SECRET_KEY_FALLBACKS`` count where its
``SECRET_KEY`` does.
"""

import traceback
from typing import Any

import flask_jwt_extended as upstream
import jwt
import jwt_extended.flask as ours
import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from support import HEADER, SECRET, bearer, claims, encode, guarded_app, make_app, sign, token

RSA = rsa.generate_private_key(65537, 2048)
SMALL_RSA = rsa.generate_private_key(65537, 1024)
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
PAIRS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES256K": ec.generate_private_key(ec.SECP256K1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    **dict.fromkeys(("ES512", "ES521"), P521),
    **dict.fromkeys(("EdDSA", "Ed25519"), ED25519),
}
OLD, NEW = "the secret that signed until now, and retires", "the secret that signs from now on, brand new"
SHORT_RSA = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def private(key: Any, form: Any = forms.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(forms.Encoding.PEM, form, forms.NoEncryption()).decode()


def public(key: Any) -> str:
    form = forms.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(forms.Encoding.PEM, form).decode()


def open_ssh(key: Any) -> str:
    form = forms.PublicFormat.OpenSSH
    return key.public_key().public_bytes(forms.Encoding.OpenSSH, form).decode()


def open_ssh_certificate(key: Any) -> str:
    builder = forms.SSHCertificateBuilder(key.public_key(), 1, forms.SSHCertificateType.USER)
    named = builder.key_id(b"x").valid_for_all_principals().valid_after(0).valid_before(2**40)
    return named.sign(ED25519).public_bytes().decode()


def pair_app(algorithm: str, key: Any = None, public_key: Any = None, **options: Any) -> Flask:
    key = key or private(PAIRS[algorithm])
    public_key = public_key or public(PAIRS[algorithm])
    keys = {"PRIVATE_KEY": key, "PUBLIC_KEY": public_key, "SECRET_KEY": None}
    return guarded_app(ALGORITHM=algorithm, **{**keys, **options})


def made(app: Flask, **arguments: Any) -> str:
    with app.app_context():
        return ours.create_access_token("alice", **arguments)


def said(app: Flask, value: str, path: str = "/access") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value))
    body = answer.get_json(silent=True) or {}
    return answer.status_code, body.get("msg", body.get("identity"))


IN, OUT = (200, "alice"), (422, "Signature verification failed")
NOT_ALLOWED = (422, "The specified alg value is not allowed")
UNKNOWN_KEY = (422, "The token was signed with an unknown key")

# Loaders.


@pytest.mark.parametrize("package", [ours, upstream])
def test_what_a_token_says_and_its_key_are_asked_for_in_order_with_the_identity_as_it_was_given(
    package: Any,
) -> None:
    asked: list[Any] = []

    def setup(manager: Any) -> None:
        def tells(name: str, answer: Any) -> Any:
            return lambda identity: asked.append((name, identity)) or answer

        manager.encode_key_loader(tells("key", NEW))
        manager.user_identity_loader(tells("identity", "alice"))
        manager.additional_claims_loader(tells("claims", {}))
        manager.additional_headers_loader(tells("headers", {}))

    user = object()
    with make_app(package, setup).app_context():
        value = package.create_access_token(user)
    assert asked == [(name, user) for name in ("headers", "claims", "identity", "key")]
    assert jwt.decode(value, NEW, ["HS256"])["sub"] == "alice"


@pytest.mark.parametrize("package", [ours, upstream])
def test_the_decode_key_loader_is_given_what_a_forged_token_says(package: Any) -> None:
    given: list[Any] = []
    loader = lambda header, data: given.append((header, data)) or SECRET  # noqa: E731
    app = guarded_app(package, lambda manager: manager.decode_key_loader(loader))
    header, data = {**HEADER, "kid": "x"}, {"sub": "mallory", "exp": 1, "tenant": [None]}
    assert said(app, sign(header, data, "a secret of the forger's own, long enough")) == OUT
    assert given == [(header, data)]


@pytest.mark.parametrize("value", ["garbage", "a.b.c", f"{'e' * 70_000}.e30.", sign(HEADER, "[]")])
def test_the_decode_key_loader_is_not_asked_about_what_is_no_token(value: str) -> None:
    app = guarded_app(setup=lambda manager: manager.decode_key_loader(lambda *_: pytest.fail()))
    assert said(app, value)[0] == 422


@pytest.mark.parametrize("path", ["/access", "/optional"])
def test_what_a_key_loader_raises_is_the_app_s_own_error(path: str) -> None:
    app = guarded_app(setup=lambda manager: manager.decode_key_loader(lambda *_: {}["tenant"]))
    assert said(app, token(), path)[0] == 500
    app.testing = True
    with pytest.raises(KeyError, match="tenant"):
        said(app, token(), path)
    app = make_app(setup=lambda manager: manager.encode_key_loader(lambda _: {}["tenant"]))
    with pytest.raises(KeyError, match="tenant"):
        made(app)


def test_a_key_loader_may_refuse_a_token_by_an_exception_that_has_a_loader() -> None:
    def refuse(*_: Any) -> None:
        raise jwt.InvalidTokenError("no such tenant")

    app = guarded_app(setup=lambda manager: manager.decode_key_loader(refuse))
    assert said(app, token()) == (422, "no such tenant")


@pytest.mark.parametrize("key", [None, "", b"", 5])
def test_a_loader_without_a_key_to_check_with_lets_nobody_in(key: Any) -> None:
    app = guarded_app(setup=lambda manager: manager.decode_key_loader(lambda *_: key))
    assert said(app, token())[0] == 500
    assert said(app, sign(HEADER, claims(), ""))[0] == 500


NO_KEY = "a loader's None counts as no loader, so the configured key signs; upstream raises"


@pytest.mark.parametrize(
    "key", ["", 5, pytest.param(None, marks=pytest.mark.xfail(reason=NO_KEY, strict=True))]
)
def test_a_loader_without_a_key_to_sign_with_makes_no_token(key: Any) -> None:
    app = make_app(setup=lambda manager: manager.encode_key_loader(lambda _: key))
    with pytest.raises((TypeError, jwt.InvalidKeyError)):
        made(app)


def test_an_app_can_change_keys_by_kid_with_loaders() -> None:
    keys = {"old": OLD}

    def setup(manager: Any) -> None:
        manager.additional_headers_loader(lambda _: {"kid": list(keys)[-1]})
        manager.encode_key_loader(lambda _: list(keys.values())[-1])
        manager.decode_key_loader(lambda header, _: keys[header["kid"]])

    app = guarded_app(setup=setup)
    before = made(app)
    keys["new"] = NEW
    after = made(app)
    assert [jwt.get_unverified_header(value)["kid"] for value in (before, after)] == ["old", "new"]
    assert said(app, before) == said(app, after) == IN
    assert said(app, sign({**HEADER, "kid": "new"}, claims(), OLD)) == OUT
    del keys["old"]
    assert (said(app, before)[0], said(app, after)) == (500, IN)


# Forms and algorithms.


@pytest.mark.parametrize("algorithm", PAIRS)
def test_every_algorithm_of_key_pairs_goes_both_ways_with_pyjwt(algorithm: str) -> None:
    app, key = pair_app(algorithm), PAIRS[algorithm]
    value = made(app)
    assert jwt.get_unverified_header(value) == {"alg": algorithm, "typ": "JWT"}
    assert said(app, value) == IN
    forged = value[:-8] + ("AAAAAAAA" if value[-8:] != "AAAAAAAA" else "BBBBBBBB")
    assert said(app, forged)[0] == 422
    if algorithm != "Ed25519":  # the newer name, which PyJWT does not know
        assert jwt.decode(value, public(key), [algorithm])["sub"] == "alice"
        assert said(app, jwt.encode(claims(), private(key), algorithm)) == IN


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", [str, str.encode, lambda text: bytearray(text.encode())])
def test_a_secret_may_be_text_or_bytes(algorithm: str, form: Any) -> None:
    secret = SECRET + OLD
    app = guarded_app(ALGORITHM=algorithm, SECRET_KEY=form(secret))
    assert jwt.decode(made(app), secret, [algorithm])["sub"] == "alice"
    assert said(app, jwt.encode(claims(), secret, algorithm)) == IN


def pyjwk(key: Any) -> jwt.PyJWK:
    return jwt.PyJWK.from_dict({**RSAAlgorithm.to_jwk(key, as_dict=True), "alg": "RS256"})


TRADITIONAL = forms.PrivateFormat.TraditionalOpenSSL


@pytest.mark.parametrize(
    ("algorithm", "sign_with", "check_with"),
    [
        ("RS256", private(RSA).encode(), public(RSA).encode()),
        ("RS256", RSA, RSA.public_key()),
        ("RS256", pyjwk(RSA), pyjwk(RSA.public_key())),
        ("RS256", private(RSA, TRADITIONAL), open_ssh(RSA)),
        ("PS512", RSA, open_ssh(RSA).encode()),
        ("ES512", private(P521, TRADITIONAL), open_ssh(P521)),
        ("ES512", P521, P521.public_key()),
        ("EdDSA", ED25519, ED25519.public_key()),
        ("EdDSA", ED25519, open_ssh(ED25519)),
        ("EdDSA", ED25519, open_ssh_certificate(ED25519)),
        ("RS256", private(RSA), private(RSA)),  # the public half of a private key checks
    ],
)
def test_a_key_pair_may_have_many_forms(algorithm: str, sign_with: Any, check_with: Any) -> None:
    app = pair_app(algorithm, sign_with, check_with)
    assert said(app, made(app)) == IN
    stranger = rsa.generate_private_key(65537, 2048) if algorithm[1] == "S" else None
    if stranger and algorithm[0] in "RP":
        assert said(app, jwt.encode(claims(), stranger, algorithm)) == OUT


@SHORT_RSA
@pytest.mark.parametrize(
    "check_with",
    [
        public(SMALL_RSA),
        pytest.param(
            open_ssh(SMALL_RSA),
            marks=pytest.mark.xfail(reason="the OpenSSH text is read as if it were PEM", strict=True),
        ),
    ],
)
def test_rsa_keys_of_1024_bits_work_as_upstream_and_not_where_nothing_is_tolerated(
    check_with: str,
) -> None:
    app = pair_app("RS256", private(SMALL_RSA), check_with)
    assert jwt.decode(made(app), public(SMALL_RSA), ["RS256"])["sub"] == "alice"
    value = jwt.encode(claims(), private(SMALL_RSA), "RS256")
    assert (said(app, value), said(app, f"{value[:-4]}AAAA")) == (IN, OUT)
    strict = pair_app("RS256", private(SMALL_RSA), check_with, TOLERATE=[])
    assert said(strict, value)[0] == 500
    with pytest.raises(jwt.InvalidKeyError, match="1024 bits"):
        made(strict)
