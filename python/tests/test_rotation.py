"""Sessions in a store: rotation of refresh tokens, detection of theft, lists and limits.

Each test runs with each store.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, jsonify
from rotations import (
    LATER,
    REPLAYED,
    REVOKED,
    Clock,
    ask,
    login,
    opens,
    refreshed,
    sessions_app,
)
from support import bearer

from jwt_extended.flask import (
    Session,
    create_access_token,
    create_refresh_token,
    decode_token,
    end_session,
    end_session_by_id,
    get_jwt_identity,
    get_jwt_session,
    get_sessions,
    jwt_required,
    refresh_tokens,
    revoke_token,
    verify_jwt_in_request,
)


def said_by(app: Flask, *tokens: str) -> list[dict[str, Any]]:
    with app.app_context():
        return [decode_token(token) for token in tokens]


def listed(app: Flask, user: str = "alice") -> list[Session]:
    with app.app_context():
        return get_sessions(user)


def test_a_refresh_returns_the_next_pair_of_the_session(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store)
    pair = login(app)
    clock.advance(1000)
    new = refreshed(app, pair.refresh_token)
    was, access, refresh = said_by(app, pair.refresh_token, *new)
    assert was["sid"] == access["sid"] == refresh["sid"]
    assert (access["type"], access["fresh"], refresh["type"]) == ("access", False, "refresh")
    assert refresh["jti"] != was["jti"]
    # A page that has read the value keeps working. The access token has a separate value.
    assert refresh["csrf"] == was["csrf"] != access["csrf"]
    assert refresh["iat"] == refresh["nbf"] == was["iat"] + 1000
    assert refresh["exp"] == was["exp"], "a refresh does not extend the session"
    clock.advance(1000)
    assert opens(app, *refreshed(app, new.refresh_token)) == [True, True]


def test_concurrent_refreshes_get_the_same_refresh_token(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store)
    pair = login(app)
    first = refreshed(app, pair.refresh_token)
    clock.advance(10)
    second = refreshed(app, pair.refresh_token)
    assert first.refresh_token == second.refresh_token
    assert first.access_token != second.access_token
    assert opens(app, *first, *second) == [True] * 4


def test_a_replay_ends_the_session_and_is_logged(
    store: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    app = sessions_app(STORE=store)
    stolen, phone, bob = login(app), login(app), login(app, "bob")
    thiefs = refreshed(app, stolen.refresh_token)
    clock.advance(LATER)
    with caplog.at_level(logging.WARNING):
        assert ask(app, "/next", stolen.refresh_token) == REPLAYED
    assert opens(app, *stolen, *thiefs) == [False] * 4
    assert opens(app, *phone, *bob) == [True] * 4
    (record,) = caplog.records
    (token,) = said_by(app, stolen.refresh_token)
    assert (record.levelname, record.session, record.subject, record.jti) == (  # type: ignore[attr-defined]
        *("WARNING", token["sid"]),
        *("alice", token["jti"]),
    )
    # Only the first replay is logged.
    assert ask(app, "/next", stolen.refresh_token) == REVOKED
    assert len(caplog.records) == 1


def test_without_grace_the_second_use_is_a_replay(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store, REFRESH_GRACE=0)
    pair = login(app)
    refreshed(app, pair.refresh_token)
    clock.advance(0.001)
    assert ask(app, "/next", pair.refresh_token) == REPLAYED


def test_64_threads_that_refresh_one_token_get_one_successor(store: str) -> None:
    app = sessions_app(STORE=store, REFRESH_GRACE=300)
    pair, threads = login(app), 64
    together = Barrier(threads)

    def refresh(_: int) -> str:
        together.wait()
        return refreshed(app, pair.refresh_token).refresh_token

    with ThreadPoolExecutor(threads) as pool:
        successors = set(pool.map(refresh, range(threads)))
    assert len(successors) == 1
    assert opens(app, *successors) == [True]


def test_no_token_outlives_the_end_of_its_session(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store, SESSION_EXPIRES=timedelta(minutes=20))
    pair = login(app)
    begun, end = said_by(app, *pair)
    assert (begun["exp"] - begun["iat"], end["exp"] - end["iat"]) == (900, 1200)
    clock.advance(600)
    pair = refreshed(app, pair.refresh_token)
    assert [data["exp"] for data in said_by(app, *pair)] == [end["exp"]] * 2
    clock.advance(601)
    assert ask(app, "/next", pair.refresh_token) == (401, {"msg": "Token has expired"})
    assert listed(app) == []


def test_an_unused_session_ends_unless_it_is_refreshed(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store, SESSION_IDLE_EXPIRES=600)
    pair = login(app)
    for _ in range(3):
        clock.advance(590)
        pair = refreshed(app, pair.refresh_token)
        assert opens(app, *pair) == [True, True]
    clock.advance(601)
    assert listed(app) == []
    assert ask(app, "/next", pair.refresh_token)[0] == 401


def test_sessions_are_listed_the_latest_first_with_labels(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store)
    # By the clock of the test, which only moves by steps.
    start = datetime.fromtimestamp(time.time(), timezone.utc)
    phone = login(app, label="Phone")
    clock.advance(10)
    laptop = login(app, label=" a\nlaptop ")
    login(app, "bob")
    clock.advance(10)
    phone = refreshed(app, phone.refresh_token)
    names = [data["sid"] for data in said_by(app, laptop.access_token, phone.access_token)]
    seen = [[names[0], "alaptop", False], [names[1], "Phone", True]]
    assert ask(app, "/sessions", phone.access_token, "GET") == (200, seen)
    latest, first = listed(app)
    assert (latest.current, first.current) == (False, False), "there is no current session"
    second = timedelta(seconds=1)
    assert abs(first.opened - start) < second
    assert abs(first.last_used - start - 20 * second) < second
    assert latest.last_used - latest.opened < second
    assert latest.ends is not None
    assert abs(latest.ends - latest.opened - timedelta(days=30)) < second
    assert listed(app, "carol") == []
    clock.advance(30)
    with app.test_request_context(headers=bearer(phone.access_token)):
        verify_jwt_in_request()
        asks = get_sessions()[1]
    # The time of its last refresh would tell a thief how long the grace lasts.
    assert asks.current
    assert abs(asks.last_used - start - 50 * second) < second


def test_sessions_can_be_ended_one_by_one_or_all_others(store: str) -> None:
    app = sessions_app(STORE=store)
    one, two, three, bob = (login(app, user) for user in ("alice", "alice", "alice", "bob"))
    name, bobs = (data["sid"] for data in said_by(app, one.access_token, bob.access_token))
    path = "/sessions/{}".format
    assert ask(app, path(bobs), two.access_token, "DELETE") == (200, False), "of another user"
    assert ask(app, path(name), two.access_token, "DELETE") == (200, True)
    assert ask(app, path(name), two.access_token, "DELETE") == (200, False), "it has ended"
    assert opens(app, *one, *two, *bob) == [False, False, True, True, True, True]
    with app.app_context():
        alone, refresh_alone = create_access_token("alice"), create_refresh_token("alice")
    for by in (two.refresh_token, two.access_token):
        other = login(app)
        status, ended = ask(app, "/sessions/others", by)
        assert (status, ended) == (200, 2 if by == two.refresh_token else 1)
        assert opens(app, *two, *three, *other, *bob) == [*[True] * 2, *[False] * 4, *[True] * 2]
    assert opens(app, alone, refresh_alone) == [False, False]
    with app.app_context():
        assert end_session(bobs, identity="alice") is False
        assert end_session(bobs, identity="bob") is True
    assert ask(app, "/logout", two.refresh_token)[0] == 200
    assert opens(app, *two, *bob) == [False] * 4


def test_a_changed_password_ends_all_sessions_and_logs_in(store: str) -> None:
    app = sessions_app(STORE=store)
    before, bob = [login(app) for _ in range(3)], login(app, "bob")
    status, after = ask(app, "/password", before[1].access_token)
    assert status == 200
    assert opens(app, *(token for pair in before for token in pair)) == [False] * 6
    assert opens(app, *after.values(), *bob) == [True] * 4
    (access,) = said_by(app, after["access_token"])
    assert access["fresh"] is True
    assert [session.id for session in listed(app)] == [access["sid"]]


def test_a_login_beyond_the_limit_ends_the_oldest_session(store: str, clock: Clock) -> None:
    app = sessions_app(STORE=store, MAX_SESSIONS=2)
    pairs = []
    for user in ("alice", "alice", "bob", "alice"):
        pairs.append(login(app, user))
        clock.advance(1)
    assert opens(app, *(pair.access_token for pair in pairs)) == [False, True, True, True]


def test_one_token_of_a_session_can_be_revoked_alone(store: str) -> None:
    app = sessions_app(STORE=store)
    pair, bob = login(app), login(app, "bob")
    access, bobs = said_by(app, pair.access_token, bob.access_token)
    with app.app_context():
        revoke_token(access)
        end_session_by_id(bobs["sid"])
    assert opens(app, *pair, *bob) == [False, True, False, False]
    new = refreshed(app, pair.refresh_token)
    with app.app_context():
        revoke_token(decode_token(new.refresh_token))
    assert opens(app, *new) == [True, False]
    assert ask(app, "/next", new.refresh_token) == REVOKED


def test_tokens_of_upstreams_functions_do_not_rotate(store: str) -> None:
    app = sessions_app(STORE=store)

    @app.post("/renew")
    @jwt_required(refresh=True)
    def renew() -> Any:
        return jsonify(create_access_token(get_jwt_identity(), session=get_jwt_session()))

    with app.app_context():
        alone = create_refresh_token("alice")
        unknown = create_access_token("alice", session="0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e")
    for _ in range(2):
        status, said = ask(app, "/next", alone)
        assert (status, said["refresh_token"]) == (200, None), "it remains valid"
        assert opens(app, said["access_token"]) == [True]
    # Its session was never opened here.
    assert opens(app, unknown) == [False]
    pair = login(app)
    for _ in range(2):
        status, renewed = ask(app, "/renew", pair.refresh_token)
        assert status == 200
        assert opens(app, renewed) == [True]
    assert refreshed(app, pair.refresh_token)
    assert ask(app, "/logout", pair.access_token)[0] == 200
    assert opens(app, renewed) == [False]
    with app.app_context():
        revoke_token(decode_token(alone))
    assert ask(app, "/next", alone) == REVOKED


def test_a_refresh_checks_for_revocation_if_the_guard_did_not(store: str) -> None:
    app = sessions_app(STORE=store)

    @app.post("/hurried")
    @jwt_required(refresh=True, skip_revocation_check=True)
    def hurried() -> Any:
        return jsonify(refresh_tokens()._asdict())

    with app.app_context():
        alone = create_refresh_token("alice")
        revoke_token(decode_token(alone))
    pair = login(app)
    assert ask(app, "/logout", pair.access_token)[0] == 200
    assert [ask(app, "/hurried", token) for token in (alone, pair.refresh_token)] == [REVOKED] * 2
