"""The store: what ``JWT_STORE`` remembers and for how long, and what is refused because of it."""

import time
from datetime import timedelta
from typing import Any

import pytest
from logins import REVOKE, REVOKED, an_app, login, logout, opens, said
from support import HEADER, bearer, claims, make_app, sign, token

from jwt_extended.flask import (
    create_access_token,
    create_refresh_token,
    create_token_pair,
    decode_token,
    revoke_session,
    revoke_token,
)
from jwt_extended.flask.exceptions import StoreUnavailableError


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
        *(
            "",
            "Memory",
            "redis://",
            "redis:localhost",
            "mysql://localhost",
            "postgresql://app@localhost:port/app",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:///app.db",
            "memory:",
            "memory:0",
            "memory:-1",
            "memory: 5",
            "memory:x",
        ),
        *(5, True, False, b"memory", object()),
        f"memory:{2**64}",
    ],
)
def test_a_store_that_cannot_be_is_told_when_the_app_starts(store: Any) -> None:
    with pytest.raises(RuntimeError, match=r"JWT_STORE (must|cannot be used)"):
        make_app(STORE=store)


def test_a_full_store_says_so_and_forgets_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(STORE="memory:1", ERROR_MESSAGE_KEY="error")
    app.logger.disabled = False  # it is one for all apps of this name, and some tests silence it
    first = login(app)
    refused = [
        app.test_client().post("/login/bob"),
        app.test_client().post("/logout/token", headers=bearer(first.access_token)),
    ]
    for answer, said_to_the_client in zip(refused, ("The session", "The revocation"), strict=True):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json["error"].startswith(f"{said_to_the_client} cannot be")
    # Why is for the app's own eyes.
    why = "the store is full with 1 sessions and revocations; raise the number in JWT_STORE"
    assert caplog.text.count(why) == 2
    with app.app_context(), pytest.raises(StoreUnavailableError) as caught:
        revoke_token(decode_token(first.access_token))
    assert "full" in str(caught.value.__cause__)
    assert opens(app, *first) == [True, True]


@pytest.mark.parametrize("how", ["session", "everywhere"])
def test_in_a_full_store_sessions_can_be_ended(how: str) -> None:
    app = an_app(STORE="memory:1")
    first = login(app)
    logout(app, how, first.access_token)
    assert opens(app, *first) == [False, False]


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
    with app.app_context():
        alone = create_access_token("alice")
    logout(app, "everywhere", alone)
    assert [opens(each, alone) for each in (app, other)] == [[False], [True]]
    # And one's sessions are unknown to the other.
    assert opens(other, *login(app, "bob")) == [False, False]


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
    ["99999999999", 1e300, "99999999999999999999999999"],
)
def test_a_token_that_ends_very_late_can_be_revoked(exp: Any) -> None:
    app = an_app(LONGEST_LIFETIME=False)
    value = sign(HEADER, claims(exp=exp))
    assert opens(app, value) == [True]
    logout(app, "token", value)
    assert opens(app, value) == [False]


def test_a_token_without_an_end_is_refused_and_not_made_for_the_store_could_never_forget_it() -> (
    None
):
    app, endless = an_app(), token(exp=None)
    assert said(app, endless) == (422, {"msg": "Missing claim: exp"})
    with app.app_context(), pytest.raises(ValueError, match="JWT_ACCESS_TOKEN_EXPIRES"):
        create_access_token("alice", expires_delta=False)
    app.config["JWT_TOLERATE"] = ["missing_expiry"]
    assert opens(app, endless) == [True]


@pytest.mark.parametrize("kind", ["ACCESS", "REFRESH"])
def test_a_lifetime_of_false_says_that_tokens_without_an_end_are_wanted(kind: str) -> None:
    app = an_app(**{f"{kind}_TOKEN_EXPIRES": False})
    make = create_access_token if kind == "ACCESS" else create_refresh_token
    with app.app_context():
        endless = make("alice")
        assert "exp" not in decode_token(endless)
    assert opens(app, endless) == [True]
    logout(app, "token", endless)
    assert opens(app, endless) == [False]


def test_a_store_forgets_what_no_token_can_need_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    app = make_app(STORE="memory:1", ACCESS_TOKEN_EXPIRES=60, REFRESH_TOKEN_EXPIRES=60)
    with app.app_context():
        revoke_token(claims(jti="one", exp=int(now) + 60))
        with pytest.raises(StoreUnavailableError):
            revoke_token(claims(jti="another", exp=int(now) + 60))
        with pytest.raises(StoreUnavailableError):
            create_token_pair("alice")
        monkeypatch.setattr(time, "time", lambda: now + 61)
        create_token_pair("alice")
