"""``JWT_KEY_RING`` with times: keys replace each other without a restart, and are published."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt as pyjwt
import pytest
from flask import Flask
from key_pairs import IN, NEW, OLD, P521, PAIRS, UNKNOWN_KEY, kid, made, private, public, said
from support import guarded_app, make_app

from jwt_extended.flask import create_access_token

NOW = int(time.time())
HOUR = 3600


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock at `NOW`, and set it to so many seconds from there."""

    def stop(ahead: float) -> None:
        monkeypatch.setattr(time, "time", lambda: NOW + ahead)

    stop(0)
    return stop


def ring(old: Any = None, new: Any = None) -> list[dict[str, Any]]:
    return [
        {"kid": "old", "secret_key": OLD, **(old or {})},
        {"kid": "new", "secret_key": NEW, **(new or {})},
    ]


def hours(count: float) -> datetime:
    return datetime.fromtimestamp(NOW, timezone.utc) + timedelta(hours=count)


@pytest.mark.parametrize("moment", [NOW + HOUR, hours(1)], ids=["seconds", "datetime"])
def test_a_key_signs_from_its_time_on(moment: Any, at: Callable[[float], None]) -> None:
    app = guarded_app(KEY_RING=ring(new={"not_before": moment}))
    before = made(app)
    at(HOUR + 5)
    after = made(app)
    assert (kid(before), kid(after)) == ("old", "new")
    assert said(app, after) == IN


def test_a_key_is_accepted_before_it_signs() -> None:
    app = guarded_app(KEY_RING=ring(new={"not_before": NOW + HOUR}))
    early = made(guarded_app(KEY_RING=[{"kid": "new", "secret_key": NEW}]))
    assert said(app, early) == IN


def test_a_retired_key_stays_until_its_tokens_have_expired(at: Callable[[float], None]) -> None:
    options = {"ACCESS_TOKEN_EXPIRES": 60, "REFRESH_TOKEN_EXPIRES": timedelta(hours=2)}
    app = guarded_app(KEY_RING=ring(old={"retire_at": NOW + HOUR}), **options)
    endless = guarded_app(
        KEY_RING=ring(old={"retire_at": NOW + HOUR}), **options, LONGEST_LIFETIME=False
    )
    with app.app_context():
        old = create_access_token("alice", expires_delta=timedelta(days=1))
    assert kid(old) == "old"
    at(2.9 * HOUR)
    assert kid(made(app)) == "new"
    assert said(app, old) == IN
    at(3.1 * HOUR)
    assert said(app, old) == UNKNOWN_KEY
    assert said(endless, old) == IN


def test_without_times_the_first_key_signs() -> None:
    assert kid(made(guarded_app(KEY_RING=ring()))) == "old"


def test_a_first_key_that_cannot_sign_yet_needs_another() -> None:
    app = make_app(KEY_RING=[{"secret_key": NEW, "kid": "new", "not_before": NOW + HOUR}])
    with pytest.raises(RuntimeError, match="no key of JWT_KEY_RING signs now"):
        made(app)


def test_a_key_of_another_algorithm_may_follow(at: Callable[[float], None]) -> None:
    app = guarded_app(
        KEY_RING=[
            {"kid": "old", "secret_key": OLD},
            {
                "kid": "pair",
                "private_key": private(PAIRS["ES256"]),
                "algorithm": "ES256",
                "not_before": NOW + HOUR,
            },
        ]
    )
    at(HOUR + 5)
    value = made(app)
    assert pyjwt.get_unverified_header(value) == {"alg": "ES256", "kid": "pair", "typ": "JWT"}
    assert said(app, value) == IN


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"not_before": datetime(2030, 1, 1)}, "not_before of JWT_KEY_RING[0] must be a datetime"),
        ({"retire_at": "2030"}, "retire_at of JWT_KEY_RING[0] must be a datetime with a timezone"),
        ({"retire_at": True}, "retire_at of JWT_KEY_RING[0] must be"),
        ({"not_before": -1}, "not_before of JWT_KEY_RING[0] must be"),
        ({"not_before": 5, "retire_at": 5}, "retire_at must be later than not_before"),
        ({"not_befor": 5}, "the unknown field 'not_befor'"),
    ],
)
def test_a_mistake_names_the_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        make_app(KEY_RING=ring(old=fields))
    assert message in str(raised.value)


def test_a_public_key_has_no_times() -> None:
    entry = {"public_key": public(P521), "algorithm": "ES512", "retire_at": NOW}
    with pytest.raises(RuntimeError, match="a public_key never signs; leave out not_before and"):
        make_app(KEY_RING=[*ring(), entry])


# The published set.


def publishing(**options: Any) -> Flask:
    keys = [
        {"kid": name, "private_key": private(PAIRS[algorithm]), "algorithm": algorithm, **times}
        for name, algorithm, times in [
            ("next", "ES256", {"not_before": NOW + HOUR}),
            ("now", "ES384", {}),
            ("gone", "ES256K", {"retire_at": NOW - HOUR}),
        ]
    ]
    return make_app(KEY_RING=keys, JWKS_URL="/jwks.json", **options)


def test_keys_of_all_states_are_published(at: Callable[[float], None]) -> None:
    client = publishing(ACCESS_TOKEN_EXPIRES=60, REFRESH_TOKEN_EXPIRES=2 * HOUR).test_client()
    kids = [key["kid"] for key in client.get("/jwks.json").json["keys"]]
    assert sorted(kids) == ["gone", "next", "now"]
    at(2 * HOUR)
    kids = [key["kid"] for key in client.get("/jwks.json").json["keys"]]
    assert sorted(kids) == ["next", "now"]


@pytest.mark.parametrize(
    ("max_age", "seconds"), [(None, 300), (timedelta(minutes=1), 60), (30, 30), ("2m", 120)]
)
def test_clients_may_keep_the_set(max_age: Any, seconds: int) -> None:
    answer = publishing(JWKS_MAX_AGE=max_age).test_client().get("/jwks.json")
    assert answer.headers["Cache-Control"] == f"public, max-age={seconds}"
    assert answer.mimetype == "application/jwk-set+json"


def test_an_unchanged_set_is_not_sent_again() -> None:
    client = publishing().test_client()
    first = client.get("/jwks.json")
    tag = first.headers["ETag"]
    again = client.get("/jwks.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    other = client.get("/jwks.json", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_a_set_is_not_kept_for_days() -> None:
    with pytest.raises(RuntimeError, match="JWT_JWKS_MAX_AGE must be at most a day"):
        publishing(JWKS_MAX_AGE=timedelta(days=2))
