"""Several keys: which ones verify, which ones are published, and that none is shown.

``JWT_KEY_RING`` holds several keys, ``JWT_JWKS_URL`` publishes the public ones, and Flask's
``SECRET_KEY_FALLBACKS`` work together with its ``SECRET_KEY``.
"""

from typing import Any

import jwt
import pytest
from flask import Flask
from key_pairs import (
    IN,
    NEW,
    NOT_ALLOWED,
    OLD,
    OUT,
    P521,
    PAIRS,
    RING,
    RSA,
    UNKNOWN_KEY,
    UNKNOWN_TO_PYJWT,
    UNUSABLE,
    kid,
    made,
    pair_app,
    private,
    public,
    said,
)
from support import HEADER, SECRET, bearer, claims, guarded_app, make_app, sign, token


def test_the_first_key_of_a_ring_signs_and_all_verify() -> None:
    app, old = guarded_app(KEY_RING=RING), {**HEADER, "kid": "old"}
    value = made(app)
    assert jwt.decode(value, NEW, ["HS256"])["sub"] == "alice"
    assert kid(value) == "new"
    assert said(app, value) == said(app, sign(old, claims(), OLD)) == IN
    assert said(app, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})) == IN
    assert said(app, sign(HEADER, claims(), OLD)) == IN  # it names no key
    assert said(app, sign(old, claims(), NEW)) == OUT
    assert said(app, token()) == OUT  # JWT_SECRET_KEY is not part of the ring


@pytest.mark.parametrize("name", ["other", "", "new\0", "../new", "rsa"])
def test_a_kid_without_a_key_of_the_algorithm_is_rejected(name: str) -> None:
    for secret in (NEW, OLD, public(RSA), ""):
        forged = sign({**HEADER, "kid": name}, claims(), secret)
        assert said(guarded_app(KEY_RING=RING), forged) == UNKNOWN_KEY


def test_rotating_keys_logs_nobody_out() -> None:
    ring = [{"secret_key": OLD, "kid": "old"}]
    app = guarded_app(KEY_RING=ring)
    before = made(app)
    ring.insert(0, {"secret_key": NEW, "kid": "new"})  # in place, which must take effect
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


def test_a_ring_that_begins_with_a_public_key_cannot_sign() -> None:
    app = guarded_app(KEY_RING=[RING[2], RING[0]])
    assert said(app, sign(HEADER, claims(), NEW)) == IN
    with pytest.raises(RuntimeError, match="begin it with a secret_key or a private_key"):
        made(app)


@pytest.mark.parametrize(
    ("ring", "message"),
    [
        (SECRET, "must be a list of dicts"),
        ({"secret_key": SECRET}, "must be a list of dicts"),
        ([], "at least one key"),
        ([SECRET], "must be a dict with one of secret_key, private_key, public_key"),
        ([RING[0], {"secret": SECRET}], r"JWT_KEY_RING\[1\] has the unknown field 'secret'"),
        ([{"kid": "x"}], "must have exactly one of"),
        ([{"secret_key": SECRET, "public_key": SECRET}], "must have exactly one of"),
        ([{"private_key": private(RSA)}], 'for HS256 cannot be a private_key; add its "algorithm"'),
        ([{"secret_key": SECRET, "algorithm": "RS256"}], "for RS256 cannot be a secret_key$"),
        ([{"secret_key": SECRET, "algorithm": "none"}], "algorithm can only be one of HS256, "),
        (
            [{"secret_key": ""}],
            rf"secret_key of JWT_KEY_RING\[0\] {UNUSABLE}the secret is empty",
        ),
        (
            [RING[0], {"public_key": "old.pem", "algorithm": "ES256"}],
            r"\[1\] .* content of its file",
        ),
        ([{"secret_key": None}], "must be a string, bytes, or a key"),
        ([{"secret_key": public(RSA)}], "must never key an HMAC"),
        (
            [{"private_key": public(RSA), "algorithm": "RS256"}],
            "needs the private half to sign; a public key can only check$",
        ),
        ([{"private_key": P521, "algorithm": "RS256"}], "needs an RSA key"),
        ([{"secret_key": SECRET, "kid": "a"}, {"secret_key": OLD, "kid": "a"}], "share the kid"),
        ([{"secret_key": SECRET, "kid": "\n"}], "printable ASCII"),
        ([{"secret_key": SECRET, "kid": 5}], "kid"),
        ([{"secret_key": SECRET, "algorithm": []}], "algorithm"),
    ],
)
def test_a_mistake_in_a_ring_raises_and_shows_no_key(ring: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message) as caught:
        make_app(KEY_RING=ring)
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert not any(key[30:56] in shown for key in (SECRET, public(RSA), private(RSA)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"SECRET_KEY": SECRET}, 'JWT_SECRET_KEY would be ignored .* as {"secret_key": ...}'),
        ({"PRIVATE_KEY": private(RSA)}, "JWT_PRIVATE_KEY would be ignored"),
        ({"PUBLIC_KEY": public(RSA)}, "JWT_PUBLIC_KEY would be ignored"),
        ({"DECODE_ALGORITHMS": ["HS256"]}, "JWT_DECODE_ALGORITHMS would be ignored"),
    ],
)
def test_options_that_a_ring_would_override_are_rejected(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuntimeError, match=said):
        make_app(KEY_RING=RING, **options)


def test_moving_a_secret_into_a_ring_logs_nobody_out() -> None:
    before = made(guarded_app(SECRET_KEY=OLD))
    app = guarded_app(
        KEY_RING=[{"private_key": RSA, "algorithm": "RS256"}, {"secret_key": OLD}],
    )
    assert said(app, before) == said(app, made(app)) == IN


# Published keys, and Flask's own options.


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("checking", [public, private])
def test_only_the_public_key_is_published(algorithm: str, checking: Any) -> None:
    app = pair_app(algorithm, None, checking(PAIRS[algorithm]), JWKS_URL="/.well-known/jwks.json")
    answer = app.test_client().get("/.well-known/jwks.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/jwk-set+json")
    (jwk,) = answer.json["keys"]
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")
    assert not jwk.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
    if algorithm not in UNKNOWN_TO_PYJWT:
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


def test_secret_key_fallbacks_only_belong_to_secret_key() -> None:
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


def test_a_string_of_fallbacks_is_not_a_key_per_character() -> None:
    assert said(flask_keys(OLD), sign(HEADER, claims(), OLD[0])) != IN


#: Values that are not a key for any algorithm.
NO_KEYS = [[SECRET], f"-----BEGIN {SECRET}", f'{{"kty":{SECRET}', f"{SECRET}\udcff"]


@pytest.mark.parametrize("key", NO_KEYS)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_errors_about_a_key_do_not_show_it(algorithm: str, key: Any) -> None:
    with pytest.raises(RuntimeError, match=UNUSABLE) as caught:
        pair_app(algorithm, key, key, SECRET_KEY=key)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("key", NO_KEYS)
def test_errors_about_a_loaders_key_do_not_show_it(key: Any) -> None:
    def setup(manager: Any) -> None:
        manager.encode_key_loader(lambda _: key)
        manager.decode_key_loader(lambda *_: key)

    app = guarded_app(setup=setup)
    answer = app.test_client().get("/access", headers=bearer(token()))
    assert answer.status_code == 500
    assert SECRET not in answer.text
    app.testing = True
    for use in (lambda: made(app), lambda: said(app, token())):
        with pytest.raises(jwt.InvalidKeyError) as caught:
            use()
        assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_objects_that_hold_keys_do_not_show_them() -> None:
    app = guarded_app(KEY_RING=[{"secret_key": SECRET}, *RING])
    held = [*app.extensions.values(), made(app)]
    assert not any(key in f"{thing} {thing!r}" for thing in held for key in (SECRET, NEW, OLD))
