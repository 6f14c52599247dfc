"""Sessions: which tokens belong to a login on one device, and how they are revoked.

Every test that revokes tokens also checks those that must remain valid: of other sessions and
other users.
"""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from logins import REVOKED, an_app, login, logout, opens, refreshed
from support import bearer

from jwt_extended.flask import (
    TokenPair,
    create_access_token,
    create_refresh_token,
    decode_token,
    end_all_sessions,
    end_session_by_id,
    get_jwt_session,
    login_user,
    logout_user,
    revoke_token,
    verify_jwt_in_request,
)


def test_all_tokens_of_a_login_share_its_session() -> None:
    app = an_app()
    pair, other = login(app), login(app)
    values = (*pair, refreshed(app, pair), other.access_token)
    with app.app_context():
        access, refresh, new, foreign = map(decode_token, values)
    assert access["sid"] == refresh["sid"] == new["sid"] != foreign["sid"]
    assert [data["type"] for data in (access, refresh, new)] == ["access", "refresh", "access"]
    assert [data["fresh"] for data in (access, refresh, new)] == [True, False, False]
    assert logout(app, "token", pair.refresh_token) == {"session": access["sid"]}


def test_a_token_belongs_to_no_session_by_default() -> None:
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
def test_each_way_of_logging_out_ends_exactly_its_tokens(
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


def test_a_revoked_refresh_token_cannot_refresh() -> None:
    app = an_app()
    pair = login(app)
    logout(app, "session", pair.access_token)
    answer = app.test_client().post("/renew", headers=bearer(pair.refresh_token))
    assert (answer.status_code, answer.json) == REVOKED


def test_logging_out_without_a_session_revokes_one_token() -> None:
    app = an_app()
    with app.app_context():
        alone, other = create_access_token("alice"), create_access_token("alice")
    logout(app, "session", alone)
    assert opens(app, alone, other) == [False, True]
    logout(app, "everywhere", other)
    assert opens(app, other) == [False]


def test_tokens_can_be_revoked_outside_a_request() -> None:
    app = an_app()
    alice, bob, carol = (login(app, user) for user in ("alice", "bob", "carol"))
    with app.app_context():
        revoke_token(decode_token(alice.access_token))
        end_session_by_id(decode_token(bob.refresh_token)["sid"])
        end_all_sessions("carol")
        assert decode_token(alice.access_token)["sub"] == "alice"  # which does not query the store
        for revoke in (revoke_token, logout_user, end_all_sessions):
            with pytest.raises(RuntimeError, match=r"jwt_required|outside of request context"):
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
        uuid.UUID(int=1),
        Decimal("5"),
        date(2026, 1, 1),
    ],
)
def test_every_identity_that_can_have_tokens_can_be_logged_out(identity: Any) -> None:
    app = an_app(VERIFY_SUB=False)

    def pair_of(whose: Any) -> TokenPair:
        with app.app_context():
            return login_user(whose)

    pair, other = pair_of(identity), pair_of("other")
    logout(app, "everywhere", pair_of(identity).access_token)
    assert opens(app, *pair, *other) == [False, False, True, True]
    again = pair_of(identity)
    with app.app_context():
        if isinstance(identity, dict):
            # The order of its members in the token is not known here.
            with pytest.raises(TypeError, match="cannot identify a user by a dict"):
                end_all_sessions(identity)
            return
        end_all_sessions(identity)
    assert opens(app, *again, *other) == [False, False, True, True]


def test_a_login_right_after_ending_all_sessions_is_valid() -> None:
    app = an_app()
    before = login(app)
    with app.app_context():
        end_all_sessions("alice")
        pair = login_user("alice")
    assert opens(app, *before, *pair) == [False, False, True, True]


@pytest.mark.parametrize(
    ("use", "kind", "said"),
    [
        (lambda: create_access_token("a", session=3), TypeError, "session must be a string"),
        (lambda: create_access_token("a", session=""), ValueError, "all users would share it"),
        (lambda: end_session_by_id(""), ValueError, "all users would share it"),
        (lambda: end_session_by_id({}), TypeError, "session must be a string"),
        (lambda: revoke_token("a.b.c"), TypeError, "such as decode_token"),
        (lambda: end_all_sessions(""), ValueError, "the identity is empty"),
    ],
)
def test_invalid_sessions_tokens_and_users_are_rejected(
    use: Any, kind: type[Exception], said: str
) -> None:
    with an_app().app_context(), pytest.raises(kind, match=said):
        use()


@pytest.mark.parametrize("function", [end_all_sessions, revoke_token])
def test_without_a_token_there_is_nobody_to_log_out(function: Any) -> None:
    with an_app().test_request_context():
        verify_jwt_in_request(optional=True)
        with pytest.raises(ValueError, match="the request has no token"):
            function()


@pytest.mark.parametrize("use", [lambda: end_all_sessions("a"), lambda: end_session_by_id("b")])
def test_sessions_need_a_manager(use: Any) -> None:
    with (
        Flask("an_app").app_context(),
        pytest.raises(RuntimeError, match="initialize a JWTManager"),
    ):
        use()


def test_the_identity_claim_may_have_another_name() -> None:
    app = an_app(IDENTITY_CLAIM="user")
    pair, bob = login(app), login(app, "bob")
    logout(app, "everywhere", pair.access_token)
    assert opens(app, *pair, *bob) == [False, False, True, True]


@pytest.mark.parametrize("data", [{}, {"jti": None}, {"jti": 5}])
def test_claims_without_a_jti_cannot_be_revoked(data: dict[str, Any]) -> None:
    with an_app().app_context(), pytest.raises(ValueError, match="no jti"):
        revoke_token(data)


def test_a_pair_does_not_show_its_tokens_in_a_log() -> None:
    pair = login(an_app())
    assert not any(value in f"{pair} {pair!r}" for value in pair)
