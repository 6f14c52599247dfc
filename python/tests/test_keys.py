"""Keys: their sources, their formats, and the algorithms that they work with.

Loaders choose a key for each token. A configured key that cannot be used raises when the app
starts, and the key of a loader when it is used.
"""

import base64
import re
import sys
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ed448, rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from key_pairs import (
    ED25519,
    IN,
    NEW,
    NOT_ALLOWED,
    OLD,
    OUT,
    P521,
    PAIRS,
    RING,
    RSA,
    SMALL_RSA,
    UNKNOWN_TO_PYJWT,
    UNUSABLE,
    kid,
    large_rsa,
    made,
    open_ssh,
    open_ssh_certificate,
    pair_app,
    private,
    public,
    pyjwk,
    said,
)
from support import HEADER, SECRET, claims, guarded_app, make_app, sign, token

import jwt_extended.flask as ours

# Loaders.


@pytest.mark.parametrize("package", [ours, upstream])
def test_encode_loaders_run_in_order_with_the_raw_identity(package: Any) -> None:
    asked: list[Any] = []

    def tells(name: str, answer: Any) -> Any:
        return lambda identity: asked.append((name, identity)) or answer

    def setup(manager: Any) -> None:
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
def test_the_decode_key_loader_sees_unverified_contents(package: Any) -> None:
    given: list[Any] = []

    def setup(manager: Any) -> None:
        manager.decode_key_loader(lambda *contents: given.append(contents) or SECRET)

    header, data = {**HEADER, "kid": "x"}, {"sub": "mallory", "exp": 1, "tenant": [None]}
    assert said(guarded_app(package, setup), sign(header, data, NEW)) == OUT
    assert given == [(header, data)]


def choosing(loader: Any, **options: Any) -> Flask:
    return guarded_app(setup=lambda manager: manager.decode_key_loader(loader), **options)


@pytest.mark.parametrize("value", ["garbage", "a.b.c", f"{'e' * 70_000}.e30.", sign(HEADER, "[]")])
def test_malformed_tokens_do_not_reach_the_decode_key_loader(value: str) -> None:
    asked: list[Any] = []
    assert said(choosing(lambda *contents: asked.append(contents)), value)[0] == 422
    assert not asked


@pytest.mark.parametrize("path", ["/access", "/optional"])
def test_an_exception_of_a_key_loader_reaches_the_app(path: str) -> None:
    app = choosing(lambda *_: {}["tenant"])
    assert said(app, token(), path)[0] == 500
    app.testing = True
    with pytest.raises(KeyError, match="tenant"):
        said(app, token(), path)
    with pytest.raises(KeyError, match="tenant"):
        made(make_app(setup=lambda manager: manager.encode_key_loader(lambda _: {}["tenant"])))


@pytest.mark.parametrize("key", [None, "", b"", 5])
def test_a_loader_without_a_verifying_key_admits_nobody(key: Any) -> None:
    for secret in (SECRET, ""):
        assert said(choosing(lambda *_: key), sign(HEADER, claims(), secret))[0] == 500


@pytest.mark.parametrize("key", ["", 5, None])
def test_a_loader_without_a_signing_key_creates_no_token(key: Any) -> None:
    with pytest.raises((TypeError, jwt.InvalidKeyError)):
        made(make_app(setup=lambda manager: manager.encode_key_loader(lambda _: key)))


def test_loaders_can_rotate_keys_by_kid() -> None:
    keys = {"old": OLD}

    def setup(manager: Any) -> None:
        manager.additional_headers_loader(lambda _: {"kid": list(keys)[-1]})
        manager.encode_key_loader(lambda _: list(keys.values())[-1])
        manager.decode_key_loader(lambda header, _: keys[header["kid"]])

    app = guarded_app(setup=setup)
    before = made(app)
    keys["new"] = NEW
    after = made(app)
    assert (kid(before), kid(after)) == ("old", "new")
    assert said(app, before) == said(app, after) == IN
    assert said(app, sign({**HEADER, "kid": "new"}, claims(), OLD)) == OUT
    del keys["old"]
    assert (said(app, before)[0], said(app, after)) == (500, IN)


# Formats and algorithms.


@pytest.mark.parametrize("algorithm", PAIRS)
def test_key_pair_algorithms_work_both_ways_with_pyjwt(algorithm: str) -> None:
    app, key = pair_app(algorithm), PAIRS[algorithm]
    value = made(app)
    assert jwt.get_unverified_header(value) == {"alg": algorithm, "typ": "JWT"}
    assert (said(app, value), said(app, f"{value[:-8]}AAAAAAAA")) == (IN, OUT)
    if algorithm not in UNKNOWN_TO_PYJWT:
        assert jwt.decode(value, public(key), [algorithm])["sub"] == "alice"
        assert said(app, jwt.encode(claims(), private(key), algorithm)) == IN


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", [str, str.encode, lambda text: bytearray(text.encode())])
def test_a_secret_may_be_text_or_bytes(algorithm: str, form: Any) -> None:
    app = guarded_app(ALGORITHM=algorithm, SECRET_KEY=form(SECRET + OLD))
    assert jwt.decode(made(app), SECRET + OLD, [algorithm])["sub"] == "alice"
    assert said(app, jwt.encode(claims(), SECRET + OLD, algorithm)) == IN


@pytest.mark.parametrize(
    ("algorithm", "signing", "checking"),
    [
        ("RS256", private(RSA).encode(), public(RSA).encode()),
        ("RS256", RSA, RSA.public_key()),
        ("RS256", pyjwk(RSA), pyjwk(RSA.public_key())),
        ("RS256", private(RSA, forms.PrivateFormat.TraditionalOpenSSL), open_ssh(RSA)),
        ("RS256", RSA, private(RSA)),  # the public half of a private key verifies
        ("PS512", RSA, open_ssh(RSA).encode()),
        ("ES512", private(P521, forms.PrivateFormat.TraditionalOpenSSL), open_ssh(P521)),
        ("ES512", P521, P521.public_key()),
        ("EdDSA", ED25519, ED25519.public_key()),
        ("EdDSA", ED25519, open_ssh(ED25519)),
        ("EdDSA", private(ED25519, forms.PrivateFormat.OpenSSH), public(ED25519)),
    ],
)
def test_a_key_pair_may_have_many_forms(algorithm: str, signing: Any, checking: Any) -> None:
    app = pair_app(algorithm, signing, checking)
    value = made(app)
    assert (said(app, value), said(app, f"{value[:-8]}AAAAAAAA")) == (IN, OUT)
    assert jwt.decode(value, public(PAIRS[algorithm]), [algorithm])["sub"] == "alice"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    "checking",
    [public(SMALL_RSA), open_ssh(SMALL_RSA)],
)
def test_rsa_keys_of_1024_bits_work_unless_nothing_is_tolerated(checking: str) -> None:
    app = pair_app("RS256", private(SMALL_RSA), checking)
    assert jwt.decode(made(app), public(SMALL_RSA), ["RS256"])["sub"] == "alice"
    value = jwt.encode(claims(), private(SMALL_RSA), "RS256")
    assert (said(app, value), said(app, f"{value[:-4]}AAAA")) == (IN, OUT)
    with pytest.raises(RuntimeError, match=f"JWT_PRIVATE_KEY {UNUSABLE}the RSA key has 1024 bits"):
        pair_app("RS256", private(SMALL_RSA), checking, TOLERATE=[])


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_key_that_is_no_longer_tolerated_is_rejected(algorithm: str) -> None:
    app = pair_app(algorithm, SMALL_RSA, public(SMALL_RSA), SECRET_KEY="too short")
    value = made(app)
    assert said(app, value) == IN
    app.config["JWT_TOLERATE"] = []
    assert said(app, value)[0] == 500


def test_the_header_alg_selects_only_the_signing_algorithm() -> None:
    app = guarded_app(SECRET_KEY=SECRET + OLD)
    value = made(app, additional_headers={"alg": "HS512"})
    assert jwt.decode(value, SECRET + OLD, ["HS512"])["sub"] == "alice"
    assert said(app, value) == NOT_ALLOWED
    app.config["JWT_DECODE_ALGORITHMS"] = ["HS512"]  # in addition to the one that signs
    assert said(app, value) == said(app, made(app)) == IN
    for name in ("none", "None", "hs256", "HS256 ", "X"):
        with pytest.raises(NotImplementedError):
            made(app, additional_headers={"alg": name})


def test_algorithms_that_can_use_the_key_are_accepted() -> None:
    app = pair_app("PS256", DECODE_ALGORITHMS=["RS256", "HS256", "ES256"])
    assert said(app, made(app)) == said(app, jwt.encode(claims(), RSA, "RS256")) == IN
    for other in ("RS384", "PS384"):
        assert said(app, jwt.encode(claims(), RSA, other)) == NOT_ALLOWED
    es521 = jwt.encode(claims(), P521, "ES521")
    assert said(pair_app("ES512"), es521) == NOT_ALLOWED
    assert said(pair_app("ES512", DECODE_ALGORITHMS=["ES521"]), es521) == IN


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", " none", "none ", "", "null"])
def test_alg_none_is_rejected_in_every_spelling(spelling: str) -> None:
    signed = sign({"alg": spelling}, claims())
    unsigned = signed.rsplit(".", 1)[0] + "."
    for app in (guarded_app(), pair_app("RS256"), guarded_app(KEY_RING=RING)):
        assert said(app, signed) == said(app, unsigned) == NOT_ALLOWED
        assert said(app, unsigned, "/optional") == NOT_ALLOWED
    with pytest.raises(RuntimeError, match="JWT_DECODE_ALGORITHMS can only be of HS256, "):
        make_app(DECODE_ALGORITHMS=["HS256", spelling])


def said_if_it_starts(text: str, value: str, algorithms: list[str]) -> tuple[int, Any] | None:
    """Return the answer of an app with this public key; `None` if RS256 rejects the key."""
    try:
        app = pair_app("RS256", RSA, text, DECODE_ALGORITHMS=algorithms)
    except RuntimeError as error:
        if not re.match(f"JWT_PUBLIC_KEY {UNUSABLE}", str(error)):
            raise
        return None
    return said(app, value)


JWK = RSAAlgorithm.to_jwk(RSA.public_key())


@pytest.mark.parametrize(
    "text",
    [
        public(RSA),
        f"\ufeff\n {public(RSA)}",
        f"a comment\n{public(RSA)}",
        JWK,
        f'{{"keys":[{JWK}]}}',
        open_ssh(RSA),
        f"\ufeff {open_ssh(RSA)} a comment",
        open_ssh(RSA).replace(" ", "\t"),
        open_ssh_certificate(RSA),
        f"# a comment\n{open_ssh(RSA)}",
    ],
)
def test_a_public_key_is_never_a_secret(text: str) -> None:
    forged = sign(HEADER, claims(), text)
    for algorithms in (["HS256"], ["HS256", "RS256"]):
        assert said_if_it_starts(text, forged, algorithms) != IN
        assert said(choosing(lambda *_: text, DECODE_ALGORITHMS=algorithms), forged) != IN
    with pytest.raises(RuntimeError, match=f"JWT_SECRET_KEY {UNUSABLE}"):
        make_app(SECRET_KEY=text)


def test_a_key_inside_the_token_is_never_used() -> None:
    own = rsa.generate_private_key(65537, 2048)
    brought = {"jwk": RSAAlgorithm.to_jwk(own.public_key(), as_dict=True), "x5c": ["MIIB"]}
    assert said(pair_app("RS256"), jwt.encode(claims(), own, "RS256", headers=brought)) == OUT


def test_a_pyjwk_is_only_used_for_its_own_algorithm() -> None:
    with pytest.raises(
        RuntimeError, match=f"JWT_PUBLIC_KEY {UNUSABLE}the JWK is for RS256, not for PS256"
    ):
        pair_app("PS256", RSA, pyjwk(RSA.public_key()))
    app = choosing(lambda *_: pyjwk(RSA.public_key()), DECODE_ALGORITHMS=["PS256"])
    assert said(app, jwt.encode(claims(), RSA, "PS256"))[0] == 500
    app.testing = True
    with pytest.raises(
        jwt.InvalidKeyError,
        match=rf"decode_key_loader.* {UNUSABLE}the JWK is for RS256",
    ):
        said(app, jwt.encode(claims(), RSA, "PS256"))


BAGS = "Bag Attributes\n    friendlyName: me\nKey Attributes: <No Attributes>\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "around", [lambda pem: BAGS + pem, lambda pem: pem + CERTIFICATE, lambda pem: "text\n" + pem]
)
def test_pem_with_text_around_it_is_read_as_pyjwt_does(around: Any) -> None:
    pem = around(private(RSA))
    app = pair_app("RS256", pem, around(public(RSA)))
    text = made(app)
    assert said(app, text) == (200, "alice")
    assert jwt.decode(text, public(RSA), ["RS256"])["sub"] == "alice"


def test_literal_line_breaks_are_refused_with_the_cause() -> None:
    with pytest.raises(RuntimeError, match="line breaks must be real ones"):
        pair_app("RS256", private(RSA).strip().replace("\n", "\\n"))


def test_compressed_points_are_read_as_pyjwt_does() -> None:
    point = P521.public_key().public_bytes(forms.Encoding.X962, forms.PublicFormat.CompressedPoint)
    header = bytes.fromhex("3058301006072a8648ce3d020106052b81040023034400")
    der = forms.load_der_public_key(header + point)
    body = base64.b64encode(header + point).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    assert der == P521.public_key()
    app = pair_app("ES512", private(P521), pem)
    assert said(app, made(app)) == (200, "alice")


def test_ed448_and_large_rsa_keys_work_as_in_pyjwt() -> None:
    for algorithm, key in (
        ("EdDSA", ed448.Ed448PrivateKey.generate()),
        ("PS256", large_rsa()),
    ):
        app = pair_app(algorithm, private(key), public(key))
        text = made(app)
        assert said(app, text) == (200, "alice")
        assert jwt.decode(text, public(key), [algorithm])["sub"] == "alice"
        theirs = jwt.encode(claims(), private(key), algorithm)
        assert said(app, theirs) == (200, "alice")
        assert said(app, theirs[:-8] + "AAAAAAAA")[0] == 422


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PUBLIC_KEY", "ssh-rsa AAAA"),
        ("PRIVATE_KEY", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"),
    ],
)
def test_a_broken_open_ssh_key_raises_at_startup(name: str, text: str) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_{name} {UNUSABLE}"):
        pair_app("RS256", **{name: text})


@pytest.mark.parametrize(
    ("algorithm", "pair"), [("EdDSA", ed448.Ed448PrivateKey.generate()), ("PS256", large_rsa())]
)
def test_a_public_key_for_signing_raises_at_startup(algorithm: str, pair: Any) -> None:
    key = public(pair)
    with pytest.raises(RuntimeError, match=f"JWT_PRIVATE_KEY {UNUSABLE}.*the private half"):
        pair_app(algorithm, key, key)


# Without the package `cryptography`.


@pytest.fixture
def without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the import fail as if the package were not installed."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)


TEXTS = {"pem": public(RSA), "open_ssh": open_ssh(RSA), "with_text": BAGS + public(RSA)}


@pytest.mark.usefixtures("without_cryptography")
def test_pem_needs_no_other_package() -> None:
    app = pair_app("RS256", private(RSA), TEXTS["pem"])
    assert said(app, made(app)) == IN


@pytest.mark.usefixtures("without_cryptography")
@pytest.mark.parametrize("form", ["open_ssh", "with_text"])
def test_other_texts_are_no_keys_without_cryptography(form: str) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_PUBLIC_KEY {UNUSABLE}"):
        pair_app("RS256", private(RSA), TEXTS[form])


@pytest.mark.usefixtures("without_cryptography")
@pytest.mark.parametrize("key", [RSA, private(SMALL_RSA)], ids=["object", "small"])
def test_the_error_tells_which_package_a_key_needs(key: Any) -> None:
    with pytest.raises(RuntimeError, match="needs the package cryptography: pip install"):
        pair_app("RS256", key, TEXTS["pem"])
