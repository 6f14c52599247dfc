"""Loaders, user claims and options of Flask-JWT-Extended 3 work as they did in 3.x."""

from typing import Any

import jwt
import pytest
from support import HEADER, bearer, make_app, token
from three_x import ACCESS, EXPIRED, REFRESH, ask, guarded, made

import jwt_extended.flask as ours
from jwt_extended.flask import JWTManager


def test_user_claims_are_nested() -> None:
    def setup(manager: JWTManager) -> None:
        manager.user_identity_loader(lambda user: user["name"])
        manager.user_claims_loader(lambda user: {"role": user["role"]})
        manager.additional_claims_loader(lambda user: {"beside": user["name"]})

    app, user = guarded(ours.jwt_required, setup), {"name": "alice", "role": "admin"}
    claims = made(app, "access", user)
    assert (claims["sub"], claims["beside"]) == ("alice", "alice")
    assert claims["user_claims"] == {"role": "admin"}
    assert "role" not in claims
    seen = {"claims": {"role": "admin"}, "identity": "alice", "raw": claims}
    assert ask(app, token(**claims)) == (200, seen)


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("option", [None, False, True])
def test_refresh_tokens_have_user_claims_only_by_option(kind: str, option: bool | None) -> None:
    options = {} if option is None else {"CLAIMS_IN_REFRESH_TOKEN": option}
    app = guarded(ours.jwt_required, lambda m: m.user_claims_loader(lambda _: {"a": 1}), **options)
    claims = made(app, kind, "alice")
    assert claims.get("user_claims") == ({"a": 1} if kind == "access" or option else None)


def test_the_arguments_of_3_x_win_over_the_loader() -> None:
    app = guarded(ours.jwt_required, lambda m: m.user_claims_loader(lambda _: {"a": 1}))
    assert made(app, "access", "alice", user_claims={"b": 2})["user_claims"] == {"b": 2}
    assert "user_claims" not in made(app, "access", "alice", user_claims={})
    with app.app_context():
        text = ours.create_access_token("alice", headers={"kid": "a key"})
    assert jwt.get_unverified_header(text)["kid"] == "a key"


def test_a_refresh_token_gets_the_callers_user_claims() -> None:
    claims = made(make_app(), "refresh", "alice", user_claims={"a": 1})
    assert claims["user_claims"] == {"a": 1}


def test_options_name_the_user_claims_and_identity_claim() -> None:
    options = {"USER_CLAIMS": "about", "IDENTITY_CLAIM": "identity"}
    app = guarded(ours.jwt_required, lambda m: m.user_claims_loader(lambda _: {"a": 1}), **options)
    claims = made(app, "access", "alice")
    assert (claims["identity"], claims["about"]) == ("alice", {"a": 1})
    assert ask(app, token(**claims, sub=None)) == (
        200,
        {"identity": "alice", "claims": {"a": 1}, "raw": claims},
    )


@pytest.mark.parametrize(
    ("options", "checked"),
    [
        ({}, ["access", "refresh"]),
        ({"BLACKLIST_ENABLED": True}, ["access", "refresh"]),
        ({"BLACKLIST_ENABLED": False}, []),
        ({"BLACKLIST_TOKEN_CHECKS": ["access"]}, ["access"]),
        ({"BLACKLIST_TOKEN_CHECKS": ["refresh"]}, ["refresh"]),
        ({"BLACKLIST_TOKEN_CHECKS": []}, []),
    ],
)
def test_options_select_the_tokens_checked_by_the_blacklist(
    options: dict[str, Any], checked: list[str]
) -> None:
    seen: list[str] = []

    def is_revoked(data: dict[str, Any]) -> bool:
        seen.append(data["type"])
        return True

    for kind in ("access", "refresh"):
        guard = ours.jwt_required(refresh=kind == "refresh")
        app = guarded(guard, lambda m: m.token_in_blacklist_loader(is_revoked), **options)
        assert ask(app, token(type=kind))[0] == (401 if kind in checked else 200)
    assert seen == checked


@pytest.mark.parametrize("kind", ["app", "refresh_token", "", None, "Refresh"])
@pytest.mark.parametrize(("checks", "status"), [(["access"], 401), (["refresh"], 200)])
def test_a_token_of_another_type_is_checked_as_an_access_token(
    kind: str | None, checks: list[str], status: int
) -> None:
    app = guarded(
        ours.jwt_required,
        lambda m: m.token_in_blacklist_loader(lambda _: True),
        BLACKLIST_TOKEN_CHECKS=checks,
    )
    assert ask(app, token(type=kind))[0] == status


def test_users_are_found_by_their_identity() -> None:
    users = {"alice": "Alice"}

    def setup(manager: JWTManager) -> None:
        manager.user_loader_callback_loader(users.get)
        manager.user_loader_error_loader(lambda identity: ({"nobody is": identity}, 404))

    app = guarded(ours.jwt_required, setup)
    assert ask(app, ACCESS)[0] == 200
    assert ask(app, token(sub="bob")) == (404, {"nobody is": "bob"})
    with app.test_request_context(headers=bearer(ACCESS)):
        ours.verify_jwt_in_request()
        assert ours.current_user == "Alice"


def test_user_claims_are_verified() -> None:
    def setup(manager: JWTManager) -> None:
        manager.claims_verification_loader(lambda claims: claims.get("role") == "admin")
        manager.claims_verification_failed_loader(lambda: ({"no": "admin"}, 403))

    app = guarded(ours.jwt_required, setup)
    assert ask(app, token(user_claims={"role": "admin"}))[0] == 200
    assert ask(app, token(user_claims={"role": "user"})) == (403, {"no": "admin"})
    assert ask(app, ACCESS) == (403, {"no": "admin"})


def test_user_claims_of_a_refresh_token_are_not_verified() -> None:
    def setup(manager: JWTManager) -> None:
        manager.claims_verification_loader(lambda claims: claims.get("role") == "admin")

    assert ask(guarded(ours.jwt_refresh_token_required, setup), REFRESH)[0] == 200


@pytest.mark.parametrize(
    ("loader", "text", "decorator"),
    [
        ("expired_token_loader", EXPIRED, ours.jwt_required()),
        ("needs_fresh_token_loader", ACCESS, ours.jwt_required(fresh=True)),
        ("revoked_token_loader", ACCESS, ours.jwt_required()),
    ],
)
@pytest.mark.parametrize(
    ("callback", "said"),
    [
        (lambda: ({}, 418), {}),
        (lambda data: ({"sub": data["sub"]}, 418), {"sub": "alice"}),
        (lambda header, data: ({"sub": data["sub"], **header}, 418), {**HEADER, "sub": "alice"}),
        (lambda *both: ({"count": len(both)}, 418), {"count": 2}),
    ],
    ids=["none", "contents", "header and contents", "any"],
)
def test_answer_loaders_adapt_to_the_callbacks_arguments(
    loader: str, text: str, decorator: Any, callback: Any, said: dict[str, Any]
) -> None:
    def setup(manager: JWTManager) -> None:
        if loader == "revoked_token_loader":
            manager.token_in_blacklist_loader(lambda _: True)
        getattr(manager, loader)(callback)

    assert ask(guarded(decorator, setup), text) == (418, said)


def test_async_callbacks_of_3_x_are_awaited() -> None:
    async def is_revoked(data: dict[str, Any]) -> bool:
        return data["jti"] == "revoked"

    async def answer() -> tuple[dict[str, str], int]:
        return {"was": "revoked"}, 418

    def setup(manager: JWTManager) -> None:
        manager.token_in_blacklist_loader(is_revoked)
        manager.revoked_token_loader(answer)

    app = guarded(ours.jwt_required, setup)
    assert ask(app, ACCESS)[0] == 200
    assert ask(app, token(jti="revoked")) == (418, {"was": "revoked"})
