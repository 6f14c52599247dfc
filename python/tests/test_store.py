"""The store of ``JWT_STORE``: how long it keeps records, and which tokens it rejects."""

import time
from datetime import timedelta
from typing import Any

import pytest
from logins import REVOKE, REVOKED, an_app, login, logout, opens, said
from support import HEADER, bearer, claims, make_app, sign, token

from jwt_extended.flask import (
    create_access_token,
    create_refresh_token,
    decode_token,
    end_session_by_id,
    login_user,
    revoke_token,
)
from jwt_extended.flask.exceptions import StoreUnavailableError


@pytest.mark.parametrize("how", REVOKE)
def test_revoking_without_a_store_says_what_to_set(how: str) -> None:
    app = an_app(STORE=None)
    pair = login(app)
    assert opens(app, *pair, token(jti=None)) == [True] * 3
    app.testing = True
    with pytest.raises(RuntimeError, match="set JWT_STORE"):
        logout(app, how, pair.access_token)


@pytest.mark.parametrize("store", ["memory", "memory:1", "memory:100000"])
def test_a_store_in_memory_can_have_a_capacity(store: str) -> None:
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
            "postgresql://localhost/app?sslmod=require",
            "redis://localhost?ssl_cert_reqs=none",
            "rediss://localhost?ssl_cert_reqs=none",
            "redis+sentinel://localhost",
            "sqlite:///:memory:",
            "sqlite:app.db?mode=ro",
            "sqlite:app.db?cache=shared",
            "sqlite://me:secret@host/app.db",
            "sqlite:a%20b.db",
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
def test_an_invalid_store_raises_at_startup(store: Any) -> None:
    with pytest.raises(RuntimeError, match=r"JWT_STORE (must|cannot be used|cannot be used)"):
        make_app(STORE=store)


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "postgresql+asyncpg", "redis", "rediss"])
@pytest.mark.parametrize("password", ["s3c#r3t", "s3c@r3t", "s3c/r3t", "s3c?r3t"])
def test_an_unencoded_password_is_named_and_not_shown(scheme: str, password: str) -> None:
    with pytest.raises(RuntimeError, match="percent-encode") as caught:
        make_app(STORE=f"{scheme}://me:{password}@localhost/0")
    assert "s3c" not in str(caught.value)
    assert "r3t" not in str(caught.value)


def test_a_full_store_answers_503_and_keeps_its_records(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(STORE="memory:1", ERROR_MESSAGE_KEY="error")
    first = login(app)
    refused = [
        app.test_client().post("/login/bob"),
        app.test_client().post("/logout/token", headers=bearer(first.access_token)),
    ]
    for answer, said_to_the_client in zip(refused, ("The session", "The revocation"), strict=True):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json["error"].startswith(f"{said_to_the_client} cannot be")
    # Only the log has the reason.
    why = "the store is full with 1 sessions and revocations; raise the number in JWT_STORE"
    assert caplog.text.count(why) == 2
    with app.app_context(), pytest.raises(StoreUnavailableError) as caught:
        revoke_token(decode_token(first.access_token))
    assert "full" in str(caught.value.__cause__)
    assert opens(app, *first) == [True, True]


@pytest.mark.parametrize("how", ["session", "everywhere"])
def test_sessions_in_a_full_store_can_be_ended(how: str) -> None:
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


def test_the_store_cannot_change_while_the_app_runs() -> None:
    app = an_app()
    app.config["JWT_STORE"] = "memory:7"
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_STORE cannot change"):
        end_session_by_id("a session")


def test_apps_do_not_share_revocations() -> None:
    app, other = an_app(), an_app()
    with app.app_context():
        alone = create_access_token("alice")
    logout(app, "everywhere", alone)
    assert [opens(each, alone) for each in (app, other)] == [[False], [True]]
    # The sessions of one app are unknown to the other.
    assert opens(other, *login(app, "bob")) == [False, False]


# Checks and rejections that a store adds.


@pytest.mark.parametrize("how", REVOKE)
@pytest.mark.parametrize("path", ["/hurried", "/hurried-inside"])
def test_a_view_can_skip_the_revocation_check(how: str, path: str) -> None:
    app = an_app()
    value = login(app).access_token
    logout(app, how, value)
    assert said(app, value, path) == (200, "alice")
    for asking in ("/access", "/optional", "/fresh", "/in-header"):
        assert said(app, value, asking) == REVOKED


def test_the_revoked_token_loader_gets_the_tokens_contents() -> None:
    def setup(manager: Any) -> None:
        manager.revoked_token_loader(lambda header, data: ({**header, "by": data["sub"]}, 418))

    app = an_app(setup)
    value = login(app).access_token
    logout(app, "session", value)
    assert said(app, value) == (418, {**HEADER, "by": "alice"})


def test_the_apps_blocklist_works_beside_the_store() -> None:
    blocked: set[str] = set()
    app = an_app(lambda jwt: jwt.token_in_blocklist_loader(lambda _, data: data["jti"] in blocked))
    first, second = login(app), login(app)
    logout(app, "token", first.access_token)
    with app.app_context():
        blocked.add(decode_token(second.access_token)["jti"])
    assert opens(app, first.access_token, *second) == [False, False, True]
    assert said(app, second.access_token, "/hurried") == (200, "alice")


@pytest.mark.parametrize("path", ["/access", "/optional", "/hurried"])
def test_a_token_that_cannot_be_revoked_is_rejected(path: str) -> None:
    app = an_app()
    assert said(app, token(), path)[0] == 200
    assert said(app, token(jti=None), path) == (422, {"msg": "Missing claim: jti"})
    assert said(app, token(jti=...), path) == (422, {"msg": "JWT ID must be a string"})


def test_a_token_cannot_outlive_its_revocation() -> None:
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


def test_the_error_for_a_long_lifetime_names_the_option() -> None:
    with an_app().app_context(), pytest.raises(ValueError, match="JWT_LONGEST_LIFETIME"):
        create_access_token("alice", expires_delta=timedelta(days=60))


@pytest.mark.parametrize(
    "exp",
    ["99999999999", 1e300, "99999999999999999999999999"],
)
def test_a_token_with_a_far_expiry_can_be_revoked(exp: Any) -> None:
    app = an_app(LONGEST_LIFETIME=False)
    value = sign(HEADER, claims(exp=exp))
    assert opens(app, value) == [True]
    logout(app, "token", value)
    assert opens(app, value) == [False]


def test_a_store_requires_tokens_to_expire() -> None:
    app, endless = an_app(), token(exp=None)
    assert said(app, endless) == (422, {"msg": "Missing claim: exp"})
    with app.app_context(), pytest.raises(ValueError, match="JWT_ACCESS_TOKEN_EXPIRES"):
        create_access_token("alice", expires_delta=False)
    app.config["JWT_TOLERATE"] = ["missing_expiry"]
    assert opens(app, endless) == [True]


@pytest.mark.parametrize("kind", ["ACCESS", "REFRESH"])
def test_a_lifetime_of_false_allows_tokens_without_expiry(kind: str) -> None:
    app = an_app(**{f"{kind}_TOKEN_EXPIRES": False})
    make = create_access_token if kind == "ACCESS" else create_refresh_token
    with app.app_context():
        endless = make("alice")
        assert "exp" not in decode_token(endless)
    assert opens(app, endless) == [True]
    logout(app, "token", endless)
    assert opens(app, endless) == [False]


def test_a_store_deletes_expired_records(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    app = make_app(STORE="memory:1", ACCESS_TOKEN_EXPIRES=60, REFRESH_TOKEN_EXPIRES=60)
    with app.app_context():
        revoke_token(claims(jti="one", exp=int(now) + 60))
        with pytest.raises(StoreUnavailableError):
            revoke_token(claims(jti="another", exp=int(now) + 60))
        with pytest.raises(StoreUnavailableError):
            login_user("alice")
        monkeypatch.setattr(time, "time", lambda: now + 61)
        login_user("alice")
