"""Several keys, what is published of them, and what is never shown.

``JWT_KEY_RING`` holds several keys, ``JWT_JWKS_URL`` publishes those that may be known, and Flask's
``SECRET_KEY_FALLBACKS`` count where its ``SECRET_KEY`` does.
"""

from typing import Any

import jwt
import pytest
from flask import Flask
from key_pairs import (
    IN,
    NEW,
    NOT_ALLOWED,
    OF_NO_USE,
    OLD,
    OUT,
    P521,
    PAIRS,
    RING,
    RSA,
    UNKNOWN_KEY,
    kid,
    made,
    pair_app,
    private,
    public,
    said,
)
from support import HEADER, SECRET, bearer, claims, guarded_app, make_app, sign, token


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
        ([SECRET], "must be a dict with one of secret_key, private_key, public_key"),
        ([RING[0], {"secret": SECRET}], r"JWT_KEY_RING\[1\] has 'secret', which is none of"),
        ([{"kid": "x"}], "must have one of"),
        ([{"secret_key": SECRET, "public_key": SECRET}], "must have one of"),
        ([{"private_key": private(RSA)}], 'for HS256 cannot be a private_key; add its "algorithm"'),
        ([{"secret_key": SECRET, "algorithm": "RS256"}], "for RS256 cannot be a secret_key$"),
        ([{"secret_key": SECRET, "algorithm": "none"}], "algorithm can only be one of HS256, "),
        (
            [{"secret_key": ""}],
            r"secret_key of JWT_KEY_RING\[0\] cannot be used: the secret is empty",
        ),
        (
            [RING[0], {"public_key": "old.pem", "algorithm": "ES256"}],
            r"\[1\] .* content of its file",
        ),
        ([{"secret_key": None}], "must be a text, bytes, or a key"),
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
def test_a_mistake_in_a_ring_is_told_when_the_app_starts_and_the_key_is_not(
    ring: Any, told: str
) -> None:
    with pytest.raises(RuntimeError, match=told) as caught:
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
def test_what_a_ring_would_make_an_app_ignore_is_refused(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuntimeError, match=said):
        make_app(KEY_RING=RING, **options)


def test_an_app_moves_its_secret_into_a_ring_without_logging_anybody_out() -> None:
    before = made(guarded_app(SECRET_KEY=OLD))
    app = guarded_app(
        KEY_RING=[{"private_key": RSA, "algorithm": "RS256"}, {"secret_key": OLD}],
    )
    assert said(app, before) == said(app, made(app)) == IN


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


#: What is no key for any algorithm.
NO_KEYS = [[SECRET], f"-----BEGIN {SECRET}", f'{{"kty":{SECRET}', f"{SECRET}\udcff"]


@pytest.mark.parametrize("key", NO_KEYS)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_no_key_is_shown_by_what_complains_about_it(algorithm: str, key: Any) -> None:
    with pytest.raises(RuntimeError, match=OF_NO_USE) as caught:
        pair_app(algorithm, key, key, SECRET_KEY=key)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("key", NO_KEYS)
def test_no_key_of_a_loader_is_shown_by_what_complains_about_it(key: Any) -> None:
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


def test_no_key_is_shown_by_what_holds_it() -> None:
    app = guarded_app(KEY_RING=[{"secret_key": SECRET}, *RING])
    held = [*app.extensions.values(), made(app)]
    assert not any(key in f"{thing} {thing!r}" for thing in held for key in (SECRET, NEW, OLD))
