"""Keys: where they come from, which forms they have, and what each of them is good for.

Loaders choose a key token by token, ``JWT_KEY_RING`` holds several of them, ``JWT_JWKS_URL``
publishes those that may be known, and Flask's ``SECRET_KEY_FALLBACKS`` count where its
``SECRET_KEY`` does.
"""

from contextlib import suppress
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from support import HEADER, SECRET, bearer, claims, guarded_app, make_app, sign, token

import jwt_extended.flask as ours

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
OLD, NEW = "the secret that has signed until now and retires", "the secret that signs from now on"
IN, OUT = (200, "alice"), (422, "Signature verification failed")
NOT_ALLOWED = (422, "The specified alg value is not allowed")
UNKNOWN_KEY = (422, "The token was signed with an unknown key")


def private(key: Any, form: Any = forms.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(forms.Encoding.PEM, form, forms.NoEncryption()).decode()


def public(key: Any) -> str:
    form = forms.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(forms.Encoding.PEM, form).decode()


def open_ssh(key: Any) -> str:
    form = forms.PublicFormat.OpenSSH
    return key.public_key().public_bytes(forms.Encoding.OpenSSH, form).decode()


def open_ssh_certificate(key: Any) -> str:
    builder = forms.SSHCertificateBuilder().public_key(key.public_key()).serial(1).key_id(b"x")
    builder = builder.type(forms.SSHCertificateType.USER).valid_for_all_principals()
    return builder.valid_after(0).valid_before(2**40).sign(ED25519).public_bytes().decode()


def pyjwk(key: Any) -> jwt.PyJWK:
    return jwt.PyJWK.from_dict({**RSAAlgorithm.to_jwk(key, as_dict=True), "alg": "RS256"})


def pair_app(algorithm: str, key: Any = None, public_key: Any = None, **options: Any) -> Flask:
    key, public_key = key or private(PAIRS[algorithm]), public_key or public(PAIRS[algorithm])
    keys = {"PRIVATE_KEY": key, "PUBLIC_KEY": public_key, "SECRET_KEY": None}
    return guarded_app(ALGORITHM=algorithm, **{**keys, **options})


#: How a key is refused when the app starts.
OF_NO_USE = (
    "the key of JWT_SECRET_KEY, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY or JWT_KEY_RING is of no use: "
)


def made(app: Flask, **arguments: Any) -> str:
    with app.app_context():
        return ours.create_access_token("alice", **arguments)


def said(app: Flask, value: str, path: str = "/access") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value))
    body = answer.get_json(silent=True) or {}
    return answer.status_code, body.get("msg", body.get("identity"))


def kid(value: str) -> Any:
    return jwt.get_unverified_header(value)["kid"]


# Loaders.


@pytest.mark.parametrize("package", [ours, upstream])
def test_encode_loaders_are_asked_in_order_each_with_the_identity_as_given(package: Any) -> None:
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
def test_the_decode_key_loader_is_given_what_a_forged_token_says(package: Any) -> None:
    given: list[Any] = []

    def setup(manager: Any) -> None:
        manager.decode_key_loader(lambda *contents: given.append(contents) or SECRET)

    header, data = {**HEADER, "kid": "x"}, {"sub": "mallory", "exp": 1, "tenant": [None]}
    assert said(guarded_app(package, setup), sign(header, data, NEW)) == OUT
    assert given == [(header, data)]


def choosing(loader: Any, **options: Any) -> Flask:
    return guarded_app(setup=lambda manager: manager.decode_key_loader(loader), **options)


@pytest.mark.parametrize("value", ["garbage", "a.b.c", f"{'e' * 70_000}.e30.", sign(HEADER, "[]")])
def test_the_decode_key_loader_is_not_asked_about_what_is_no_token(value: str) -> None:
    asked: list[Any] = []
    assert said(choosing(lambda *contents: asked.append(contents)), value)[0] == 422
    assert not asked


@pytest.mark.parametrize("path", ["/access", "/optional"])
def test_what_a_key_loader_raises_is_the_app_s_own_error(path: str) -> None:
    app = choosing(lambda *_: {}["tenant"])
    assert said(app, token(), path)[0] == 500
    app.testing = True
    with pytest.raises(KeyError, match="tenant"):
        said(app, token(), path)
    with pytest.raises(KeyError, match="tenant"):
        made(make_app(setup=lambda manager: manager.encode_key_loader(lambda _: {}["tenant"])))


@pytest.mark.parametrize("key", [None, "", b"", 5])
def test_a_loader_without_a_key_to_check_with_lets_nobody_in(key: Any) -> None:
    for secret in (SECRET, ""):
        assert said(choosing(lambda *_: key), sign(HEADER, claims(), secret))[0] == 500


@pytest.mark.parametrize("key", ["", 5, None])
def test_a_loader_without_a_key_to_sign_with_makes_no_token(key: Any) -> None:
    with pytest.raises((TypeError, jwt.InvalidKeyError)):
        made(make_app(setup=lambda manager: manager.encode_key_loader(lambda _: key)))


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
    assert (kid(before), kid(after)) == ("old", "new")
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
    assert (said(app, value), said(app, f"{value[:-8]}AAAAAAAA")) == (IN, OUT)
    if algorithm != "Ed25519":  # the newer name of EdDSA, which PyJWT does not know
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
        ("RS256", RSA, private(RSA)),  # the public half of a private key checks
        ("PS512", RSA, open_ssh(RSA).encode()),
        ("ES512", private(P521, forms.PrivateFormat.TraditionalOpenSSL), open_ssh(P521)),
        ("ES512", P521, P521.public_key()),
        ("EdDSA", ED25519, ED25519.public_key()),
        ("EdDSA", ED25519, open_ssh(ED25519)),
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
    with pytest.raises(RuntimeError, match=f"{OF_NO_USE}the RSA key has 1024 bits"):
        pair_app("RS256", private(SMALL_RSA), checking, TOLERATE=[])


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_key_that_is_tolerated_no_longer_is_refused_at_once(algorithm: str) -> None:
    app = pair_app(algorithm, SMALL_RSA, public(SMALL_RSA), SECRET_KEY="too short")
    value = made(app)
    assert said(app, value) == IN
    app.config["JWT_TOLERATE"] = []
    assert said(app, value)[0] == 500


def test_the_header_alg_chooses_the_algorithm_that_signs_and_not_what_is_accepted() -> None:
    app = guarded_app(SECRET_KEY=SECRET + OLD)
    value = made(app, additional_headers={"alg": "HS512"})
    assert jwt.decode(value, SECRET + OLD, ["HS512"])["sub"] == "alice"
    assert said(app, value) == NOT_ALLOWED
    app.config["JWT_DECODE_ALGORITHMS"] = ["HS512"]  # beside the one that signs
    assert said(app, value) == said(app, made(app)) == IN
    for name in ("none", "None", "hs256", "HS256 ", "X"):
        with pytest.raises(NotImplementedError):
            made(app, additional_headers={"alg": name})


def test_of_several_algorithms_those_are_accepted_that_can_use_the_key() -> None:
    app = pair_app("PS256", DECODE_ALGORITHMS=["RS256", "HS256", "ES256"])
    assert said(app, made(app)) == said(app, jwt.encode(claims(), RSA, "RS256")) == IN
    for other in ("RS384", "PS384"):
        assert said(app, jwt.encode(claims(), RSA, other)) == NOT_ALLOWED
    es521 = jwt.encode(claims(), P521, "ES521")
    assert said(pair_app("ES512"), es521) == NOT_ALLOWED
    assert said(pair_app("ES512", DECODE_ALGORITHMS=["ES521"]), es521) == IN


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", " none", "none ", "", "null"])
def test_a_token_without_a_signature_is_refused_in_every_spelling(spelling: str) -> None:
    signed = sign({"alg": spelling}, claims())
    unsigned = signed.rsplit(".", 1)[0] + "."
    for app in (guarded_app(), pair_app("RS256"), guarded_app(KEY_RING=RING)):
        assert said(app, signed) == said(app, unsigned) == NOT_ALLOWED
        assert said(app, unsigned, "/optional") == NOT_ALLOWED
    with pytest.raises(RuntimeError, match="JWT_DECODE_ALGORITHMS can only be of HS256, "):
        make_app(DECODE_ALGORITHMS=["HS256", spelling])


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
        # What is no key for RS256 either is told when the app starts.
        with suppress(RuntimeError):
            assert said(pair_app("RS256", RSA, text, DECODE_ALGORITHMS=algorithms), forged) != IN
        assert said(choosing(lambda *_: text, DECODE_ALGORITHMS=algorithms), forged) != IN
    with pytest.raises(RuntimeError, match=OF_NO_USE):
        make_app(SECRET_KEY=text)


def test_a_key_that_the_token_brings_along_is_never_used() -> None:
    own = rsa.generate_private_key(65537, 2048)
    brought = {"jwk": RSAAlgorithm.to_jwk(own.public_key(), as_dict=True), "x5c": ["MIIB"]}
    assert said(pair_app("RS256"), jwt.encode(claims(), own, "RS256", headers=brought)) == OUT


def test_a_pyjwk_is_used_for_no_other_algorithm_than_its_own() -> None:
    with pytest.raises(RuntimeError, match=f"{OF_NO_USE}the JWK is for RS256, not for PS256"):
        pair_app("PS256", RSA, pyjwk(RSA.public_key()))
    app = choosing(lambda *_: pyjwk(RSA.public_key()), DECODE_ALGORITHMS=["PS256"])
    assert said(app, jwt.encode(claims(), RSA, "PS256"))[0] == 500


# Several keys.

RING = [
    {"secret_key": NEW, "kid": "new"},
    {"secret_key": OLD, "kid": "old"},
    {"public_key": public(RSA), "algorithm": "RS256", "kid": "rsa"},
]


def test_the_first_key_of_a_ring_signs_and_all_of_them_check() -> None:
    app, old = guarded_app(KEY_RING=RING), {**HEADER, "kid": "old"}
    value = made(app)
    assert jwt.decode(value, NEW, ["HS256"])["sub"] == "alice"
    assert kid(value) == "new"
    assert said(app, value) == said(app, sign(old, claims(), OLD)) == IN
    assert said(app, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})) == IN
    assert said(app, sign(HEADER, claims(), OLD)) == IN  # it names no key
    assert said(app, sign(old, claims(), NEW)) == OUT
    assert said(app, token()) == OUT  # JWT_SECRET_KEY is no key of the ring


@pytest.mark.parametrize("name", ["other", "", "new\0", "../new", "rsa"])
def test_a_kid_that_names_no_key_of_the_algorithm_is_refused(name: str) -> None:
    for secret in (NEW, OLD, public(RSA), ""):
        forged = sign({**HEADER, "kid": name}, claims(), secret)
        assert said(guarded_app(KEY_RING=RING), forged) == UNKNOWN_KEY


def test_keys_change_without_logging_anybody_out() -> None:
    ring = [{"secret_key": OLD, "kid": "old"}]
    app = guarded_app(KEY_RING=ring)
    before = made(app)
    ring.insert(0, {"secret_key": NEW, "kid": "new"})  # in place, which is noticed
    after = made(app)
    assert (kid(before), kid(after)) == ("old", "new")
    assert said(app, before) == said(app, after) == IN
    ring.pop()
    assert (said(app, before), said(app, after)) == (UNKNOWN_KEY, IN)


def test_a_key_pair_of_a_ring_is_named_by_its_thumbprint() -> None:
    app = guarded_app(KEY_RING=[{"private_key": RSA, "algorithm": "RS256"}], JWKS_URL="/jwks")
    published = jwt.PyJWKSet.from_dict(app.test_client().get("/jwks").json)
    value = made(app)
    assert len(kid(value)) == 43
    assert jwt.decode(value, published[kid(value)], ["RS256"])["sub"] == "alice"


def test_a_ring_that_begins_with_a_public_key_checks_and_cannot_sign() -> None:
    app = guarded_app(KEY_RING=[RING[2], RING[0]])
    assert said(app, sign(HEADER, claims(), NEW)) == IN
    with pytest.raises(RuntimeError, match="begin it with a secret_key or a private_key"):
        made(app)


@pytest.mark.parametrize(
    ("ring", "told"),
    [
        (SECRET, "must be a list of dicts"),
        ({"secret_key": SECRET}, "must be a list of dicts"),
        ([], "at least one key"),
        ([SECRET], "must be a dict of"),
        ([{"secret": SECRET}], "must be a dict of secret_key, private_key or public_key"),
        ([{"kid": "x"}], "must have one of"),
        ([{"secret_key": SECRET, "public_key": SECRET}], "must have one of"),
        ([{"private_key": private(RSA)}], "for HS256 cannot be a private_key"),
        ([{"secret_key": SECRET, "algorithm": "RS256"}], "for RS256 cannot be a secret_key"),
        ([{"secret_key": SECRET, "algorithm": "none"}], "is not a signature algorithm"),
        ([{"secret_key": ""}], "the secret is empty"),
        ([{"secret_key": None}], "must be a text, bytes, or a key"),
        ([{"secret_key": public(RSA)}], "must never key an HMAC"),
        ([{"private_key": public(RSA), "algorithm": "RS256"}], "needs the private half"),
        ([{"private_key": P521, "algorithm": "RS256"}], "needs an RSA key"),
        ([{"secret_key": SECRET, "kid": "a"}, {"secret_key": OLD, "kid": "a"}], "share the kid"),
        ([{"secret_key": SECRET, "kid": "\n"}], "printable ASCII"),
        ([{"secret_key": SECRET, "kid": 5}], "kid"),
        ([{"secret_key": SECRET, "algorithm": []}], "algorithm"),
    ],
)
def test_a_mistake_in_a_ring_is_told_when_the_app_starts_and_the_key_is_not(
    ring: Any, told: str
) -> None:
    with pytest.raises(RuntimeError, match=told) as caught:
        make_app(KEY_RING=ring)
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert not any(key[30:56] in shown for key in (SECRET, public(RSA), private(RSA)))


# What is published, what is not, and what belongs to Flask.


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("checking", [public, private])
def test_what_is_published_is_the_public_key_alone(algorithm: str, checking: Any) -> None:
    app = pair_app(algorithm, None, checking(PAIRS[algorithm]), JWKS_URL="/.well-known/jwks.json")
    answer = app.test_client().get("/.well-known/jwks.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/jwk-set+json")
    (jwk,) = answer.json["keys"]
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")
    assert not jwk.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    if algorithm != "Ed25519":
        (key,) = jwt.PyJWKSet.from_dict(answer.json).keys
        assert jwt.decode(made(app), key, [algorithm])["sub"] == "alice"


def test_secrets_are_never_published() -> None:
    for options, kids in (({}, []), ({"KEY_RING": RING[:2]}, []), ({"KEY_RING": RING}, ["rsa"])):
        answer = make_app(JWKS_URL="/jwks", **options).test_client().get("/jwks")
        assert [key["kid"] for key in answer.json["keys"]] == kids
    assert make_app().test_client().get("/.well-known/jwks.json").status_code == 404
    for url in ("jwks.json", "https://example.com/jwks", 5):
        with pytest.raises(RuntimeError, match="JWT_JWKS_URL must be a path"):
            make_app(JWKS_URL=url)


def flask_keys(fallbacks: Any, **options: Any) -> Flask:
    app = guarded_app(**{"SECRET_KEY": None, **options})
    app.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=fallbacks)
    return app


def test_flask_s_fallbacks_check_beside_flask_s_secret_key_and_beside_no_other() -> None:
    app, new, old = flask_keys([OLD]), sign(HEADER, claims(), NEW), sign(HEADER, claims(), OLD)
    assert jwt.decode(made(app), NEW, ["HS256"])["sub"] == "alice"
    assert said(app, old) == said(app, new) == IN
    assert said(app, token()) == OUT
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert (said(app, old), said(app, new)) == (OUT, IN)
    app.config.update(SECRET_KEY_FALLBACKS=[OLD], JWT_SECRET_KEY=SECRET)
    assert said(app, token()) == IN
    assert said(app, old) == said(app, new) == OUT
    assert said(flask_keys([OLD], KEY_RING=RING[:1]), old) == OUT
    assert said(flask_keys([OLD], ALGORITHM="RS256", PUBLIC_KEY=public(RSA)), old) == NOT_ALLOWED


def test_fallbacks_that_are_one_text_are_not_a_key_for_each_of_its_characters() -> None:
    assert said(flask_keys(OLD), sign(HEADER, claims(), OLD[0])) != IN


ESCAPED = pytest.param(f"{SECRET}\udcff")


@pytest.mark.parametrize("key", [[SECRET], f"-----BEGIN {SECRET}", f'{{"kty":{SECRET}', ESCAPED])
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_no_key_is_shown_by_what_complains_about_it(algorithm: str, key: Any) -> None:
    with pytest.raises(RuntimeError, match=OF_NO_USE) as caught:
        pair_app(algorithm, key, key, SECRET_KEY=key)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_no_key_is_shown_by_what_holds_it() -> None:
    app = guarded_app(KEY_RING=[{"secret_key": SECRET}, *RING])
    held = [*app.extensions.values(), made(app)]
    assert not any(key in f"{thing} {thing!r}" for thing in held for key in (SECRET, NEW, OLD))
