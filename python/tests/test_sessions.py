"""Sessions and revocation: what ``JWT_STORE`` remembers, and who is let in afterwards.

A session is one login on one device. Every test that revokes something also looks at what must go
on: other sessions, other users, other apps.
"""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, jsonify
from support import HEADER, bearer, claims, guarded_app, make_app, sign, token

from jwt_extended.flask import (
    TokenPair,
    create_access_token,
    create_refresh_token,
    create_token_pair,
    decode_token,
    get_jwt_identity,
    get_jwt_session,
    jwt_required,
    revoke_all_tokens,
    revoke_session,
    revoke_token,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import StoreUnavailableError

REVOKE: dict[str, Callable[..., None]] = {
    "token": revoke_token,
    "session": revoke_session,
    "everywhere": revoke_all_tokens,
}
REVOKED = (401, {"msg": "Token has been revoked"})


def an_app(setup: Callable[[Any], object] | None = None, **options: Any) -> Flask:
    """Return an app with a store, where one can log in, refresh and log out in three ways."""
    app = guarded_app(setup=setup, **{"STORE": "memory", **options})

    @app.post("/login/<user>")
    def login(user: str) -> Any:
        return jsonify(create_token_pair(user)._asdict())

    @app.post("/renew")
    @jwt_required(refresh=True)
    def renew() -> Any:
        return jsonify(create_access_token(get_jwt_identity(), session=get_jwt_session()))

    @app.post("/logout/<how>")
    @jwt_required(verify_type=False)
    def logout(how: str) -> Any:
        REVOKE[how]()
        return jsonify(session=get_jwt_session())

    @app.get("/hurried")
    @jwt_required(skip_revocation_check=True)
    def hurried() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/hurried-inside")
    def hurried_inside() -> Any:
        verify_jwt_in_request(skip_revocation_check=True)
        return jsonify(get_jwt_identity())

    return app


def login(app: Flask, user: str = "alice") -> TokenPair:
    return TokenPair(**app.test_client().post(f"/login/{user}").json)


def refreshed(app: Flask, pair: TokenPair) -> str:
    answer = app.test_client().post("/renew", headers=bearer(pair.refresh_token))
    assert answer.status_code == 200
    return answer.json


def logout(app: Flask, how: str, value: str) -> Any:
    answer = app.test_client().post(f"/logout/{how}", headers=bearer(value))
    assert answer.status_code == 200
    return answer.json


def said(app: Flask, value: str, path: str = "/any") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value))
    return answer.status_code, answer.get_json(silent=True)


def opens(app: Flask, *values: str) -> list[bool]:
    answers = [said(app, value) for value in values]
    assert all(answer[0] == 200 or answer == REVOKED for answer in answers)
    return [status == 200 for status, _ in answers]


# Sessions, and what ends them.


def test_a_login_opens_a_session_that_both_tokens_and_what_is_refreshed_belong_to() -> None:
    app = an_app()
    pair, other = login(app), login(app)
    values = (*pair, refreshed(app, pair), other.access_token)
    with app.app_context():
        access, refresh, new, foreign = map(decode_token, values)
    assert access["sid"] == refresh["sid"] == new["sid"] != foreign["sid"]
    assert [data["type"] for data in (access, refresh, new)] == ["access", "refresh", "access"]
    assert [data["fresh"] for data in (access, refresh, new)] == [True, False, False]
    assert logout(app, "token", pair.refresh_token) == {"session": access["sid"]}


def test_a_token_belongs_to_no_session_unless_it_is_told_to() -> None:
    app = an_app()
    with app.app_context():
        alone = create_access_token("alice")
        assert "sid" not in decode_token(alone)
        for make in (create_access_token, create_refresh_token):
            assert decode_token(make("alice", session="a session"))["sid"] == "a session"
        with pytest.raises(RuntimeError, match="jwt_required"):
            get_jwt_session()
    assert logout(app, "token", alone) == {"session": None}


@pytest.mark.parametrize("by", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    ("how", "others_of_the_session", "another_session"),
    [("token", True, True), ("session", False, True), ("everywhere", False, False)],
)
def test_each_way_of_logging_out_ends_what_it_says_and_nothing_else(
    how: str, others_of_the_session: bool, another_session: bool, by: str
) -> None:
    app = an_app()
    pair, phone, bob = login(app), login(app), login(app, "bob")
    new = refreshed(app, pair)
    presented = getattr(pair, by)
    others = [value for value in (*pair, new) if value != presented]
    assert opens(app, *pair, new, *phone, *bob) == [True] * 7
    logout(app, how, presented)
    assert opens(app, presented) == [False]
    assert opens(app, *others) == [others_of_the_session] * 2
    assert opens(app, *phone) == [another_session] * 2
    assert opens(app, *bob) == [True, True]
    again = login(app)  # at once, in the same second
    assert opens(app, *again, refreshed(app, again)) == [True] * 3


def test_a_revoked_refresh_token_refreshes_no_more() -> None:
    app = an_app()
    pair = login(app)
    logout(app, "session", pair.access_token)
    answer = app.test_client().post("/renew", headers=bearer(pair.refresh_token))
    assert (answer.status_code, answer.json) == REVOKED


def test_without_a_session_logging_out_ends_the_one_token() -> None:
    app = an_app()
    with app.app_context():
        alone, other = create_access_token("alice"), create_access_token("alice")
    logout(app, "session", alone)
    assert opens(app, alone, other) == [False, True]
    logout(app, "everywhere", other)
    assert opens(app, other) == [False]


def test_what_is_known_by_name_can_be_revoked_outside_of_a_request() -> None:
    app = an_app()
    alice, bob, carol = (login(app, user) for user in ("alice", "bob", "carol"))
    with app.app_context():
        revoke_token(decode_token(alice.access_token))
        revoke_session(decode_token(bob.refresh_token)["sid"])
        revoke_all_tokens("carol")
        assert decode_token(alice.access_token)["sub"] == "alice"  # which does not ask the store
        for revoke in (revoke_token, revoke_session, revoke_all_tokens):
            with pytest.raises(RuntimeError, match="jwt_required"):
                revoke()
    assert opens(app, *alice, *bob, *carol) == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    "identity",
    [
        "alice",
        'é"\\\n',
        5,
        1.5,
        True,
        {"id": [1, None]},
        *(pytest.param(odd) for odd in (uuid.UUID(int=1), Decimal("5"), date(2026, 1, 1))),
    ],
)
def test_every_identity_that_can_have_tokens_can_be_logged_out(identity: Any) -> None:
    app = an_app(VERIFY_SUB=False)

    def pair_of(whose: Any) -> TokenPair:
        with app.app_context():
            return create_token_pair(whose)

    pair, other = pair_of(identity), pair_of("other")
    logout(app, "everywhere", pair_of(identity).access_token)
    assert opens(app, *pair, *other) == [False, False, True, True]
    again = pair_of(identity)
    with app.app_context():
        revoke_all_tokens(identity)
    assert opens(app, *again, *other) == [False, False, True, True]


def test_the_identity_claim_may_have_another_name() -> None:
    app = an_app(IDENTITY_CLAIM="user")
    pair, bob = login(app), login(app, "bob")
    logout(app, "everywhere", pair.access_token)
    assert opens(app, *pair, *bob) == [False, False, True, True]


# The store.


@pytest.mark.parametrize("how", REVOKE)
def test_without_a_store_nothing_can_be_revoked_and_what_to_set_is_told(how: str) -> None:
    app = an_app(STORE=None)
    pair = login(app)
    assert opens(app, *pair, token(jti=None)) == [True] * 3
    app.testing = True
    with pytest.raises(RuntimeError, match="set JWT_STORE"):
        logout(app, how, pair.access_token)


@pytest.mark.parametrize("store", ["memory", "memory:1", "memory:100000"])
def test_a_store_in_memory_may_say_how_much_it_holds(store: str) -> None:
    app = an_app(STORE=store)
    pair = login(app)
    logout(app, "session", pair.access_token)
    assert opens(app, *pair) == [False, False]


@pytest.mark.parametrize(
    "store",
    [
        *("", "Memory", "redis://localhost", "memory:0", "memory:-1", "memory: 5", "memory:x"),
        *(5, True, False, b"memory", object()),
        pytest.param(f"memory:{2**64}"),
    ],
)
def test_a_store_that_cannot_be_is_told_when_the_app_starts(store: Any) -> None:
    with pytest.raises(RuntimeError, match="JWT_STORE must be"):
        make_app(STORE=store)


@pytest.mark.parametrize("how", REVOKE)
def test_a_full_store_says_so_and_forgets_nothing(how: str) -> None:
    app = an_app(STORE="memory:1", ERROR_MESSAGE_KEY="error")
    first, second = login(app), login(app, "bob")
    logout(app, how, first.access_token)
    answer = app.test_client().post(f"/logout/{how}", headers=bearer(second.access_token))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json["error"].startswith("The token's state cannot be checked right now.")
    assert said(app, first.access_token) == (401, {"error": "Token has been revoked"})
    assert opens(app, *second) == [True, True]
    with app.app_context(), pytest.raises(StoreUnavailableError):
        revoke_session("another")


def test_the_store_outlives_a_change_of_options() -> None:
    app = an_app()
    pair = login(app)
    logout(app, "session", pair.access_token)
    for change in ({"JWT_DECODE_LEEWAY": 5}, {"JWT_REALM": "here"}):
        app.config.update(change)
        assert opens(app, *pair, *login(app)) == [False, False, True, True]
    app.config["JWT_STORE"] = None
    assert opens(app, *pair) == [True, True]
    app.config["JWT_STORE"] = "memory"
    assert opens(app, *pair) == [False, False]


def test_another_store_is_refused_while_the_app_runs_for_it_would_know_nothing() -> None:
    app = an_app()
    app.config["JWT_STORE"] = "memory:7"
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_STORE cannot change"):
        revoke_session("a session")


def test_one_app_s_revocations_are_not_another_s() -> None:
    app, other = an_app(), an_app()
    pair = login(app)
    logout(app, "everywhere", pair.access_token)
    assert opens(other, *pair) == [True, True]


# What is asked, and what is refused where there is a store.


@pytest.mark.parametrize("how", REVOKE)
@pytest.mark.parametrize("path", ["/hurried", "/hurried-inside"])
def test_a_view_may_do_without_asking(how: str, path: str) -> None:
    app = an_app()
    value = login(app).access_token
    logout(app, how, value)
    assert said(app, value, path) == (200, "alice")
    for asking in ("/access", "/optional", "/fresh", "/in-header"):
        assert said(app, value, asking) == REVOKED


def test_the_revoked_token_loader_answers_with_what_the_token_says() -> None:
    def setup(manager: Any) -> None:
        manager.revoked_token_loader(lambda header, data: ({**header, "by": data["sub"]}, 418))

    app = an_app(setup)
    value = login(app).access_token
    logout(app, "session", value)
    assert said(app, value) == (418, {**HEADER, "by": "alice"})


def test_the_app_s_own_blocklist_is_asked_beside_the_store() -> None:
    blocked: set[str] = set()
    app = an_app(lambda jwt: jwt.token_in_blocklist_loader(lambda _, data: data["jti"] in blocked))
    first, second = login(app), login(app)
    logout(app, "token", first.access_token)
    with app.app_context():
        blocked.add(decode_token(second.access_token)["jti"])
    assert opens(app, first.access_token, *second) == [False, False, True]
    assert said(app, second.access_token, "/hurried") == (200, "alice")


@pytest.mark.parametrize("path", ["/access", "/optional", "/hurried"])
def test_a_token_that_could_not_be_revoked_is_refused(path: str) -> None:
    app = an_app()
    assert said(app, token(), path)[0] == 200
    assert said(app, token(jti=None), path) == (422, {"msg": "Missing claim: jti"})
    assert said(app, token(jti=...), path) == (422, {"msg": "JWT ID must be a string"})


def test_a_token_that_outlives_its_revocation_is_refused_and_not_made() -> None:
    app, days = an_app(), timedelta(days=60)
    now = claims()["iat"]
    for long in ({"exp": now + 60 * 86_400}, {"iat": now - 60 * 86_400, "exp": now + 60}):
        assert said(app, token(**long)) == (422, {"msg": "The token lives longer than it may here"})
    for expires, why in ((days, "longer than revocations are"), (False, "never expires")):
        with app.app_context(), pytest.raises(ValueError, match=why):
            create_access_token("alice", expires_delta=expires)
    app.config["JWT_LONGEST_LIFETIME"] = days
    with app.app_context():
        value = create_access_token("alice", expires_delta=days)
    assert opens(app, value) == [True]
    with pytest.raises(RuntimeError, match="JWT_LONGEST_LIFETIME must be at least as long as"):
        make_app(STORE="memory", LONGEST_LIFETIME=60)


def test_whoever_asks_for_a_token_that_lives_too_long_is_told_which_option_to_set() -> None:
    with an_app().app_context(), pytest.raises(ValueError, match="JWT_LONGEST_LIFETIME"):
        create_access_token("alice", expires_delta=timedelta(days=60))


@pytest.mark.parametrize(
    "exp",
    [
        "99999999999",
        *(pytest.param(far) for far in (1e300, "99999999999999999999999999")),
    ],
)
def test_a_token_that_ends_very_late_can_be_revoked(exp: Any) -> None:
    app = an_app(LONGEST_LIFETIME=False)
    value = sign(HEADER, claims(exp=exp))
    assert opens(app, value) == [True]
    logout(app, "token", value)
    assert opens(app, value) == [False]


@pytest.mark.parametrize("data", [{}, {"jti": None}, {"jti": 5}])
def test_claims_without_a_name_cannot_be_revoked_by_it(data: dict[str, Any]) -> None:
    with an_app().app_context(), pytest.raises(ValueError, match="no jti"):
        revoke_token(data)


def test_a_pair_does_not_show_its_tokens_in_a_log() -> None:
    pair = login(an_app())
    assert not any(value in f"{pair} {pair!r}" for value in pair)
