"""Scopes and permissions: asked for by guards, written into tokens, kept by refreshes."""

from typing import Any

import pytest
from browsers import ALWAYS
from flask import Flask, jsonify, request
from support import bearer, make_app

from jwt_extended.flask import (
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt_identity,
    get_jwt_scopes,
    jwt_required,
    login_user,
    refresh_tokens,
    set_access_cookies,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import InsufficientScopeError, JWTExtendedException


def said(app: Flask, path: str, token: str) -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(token))
    return answer.status_code, answer.json


def guarded(app: Flask, **asked: Any) -> Flask:
    """Add a view that returns the scopes of the token."""
    app.add_url_rule("/view", "view", jwt_required(**asked)(lambda: jsonify(get_jwt_scopes())))
    return app


def made(app: Flask, scopes: Any = None, **claims: Any) -> str:
    with app.app_context():
        return create_access_token("alice", scopes=scopes, additional_claims=claims)


# Guards.


@pytest.mark.parametrize(
    ("asked", "granted", "refused"),
    [
        ({"scopes": "read:orders"}, "read:orders write:orders", "read:order"),
        ({"scopes": "read write"}, "write read", "read"),
        ({"scopes": ["read", "write"]}, "write read", "write"),
        ({"scopes": iter(["read"])}, "read", ""),
        ({"any_scopes": ["read", "write"]}, "write", "admin"),
        ({"scopes": "read", "any_scopes": "a b"}, "read b", "read"),
    ],
)
def test_a_guard_asks_for_scopes(asked: dict[str, Any], granted: str, refused: str) -> None:
    app = guarded(make_app(), **asked)
    assert said(app, "/view", made(app, granted)) == (200, granted.split())
    assert said(app, "/view", made(app, refused))[0] == 403
    assert said(app, "/view", made(app))[0] == 403


@pytest.mark.parametrize(
    ("asked", "granted", "refused"),
    [
        ({"claim_has": {"permissions": "refund:orders"}}, ["refund:orders", "x"], ["refund"]),
        ({"claim_has": {"permissions": ["a", "b"]}}, ["b", "a"], ["a"]),
        ({"claim_has_any": {"permissions": ["a", "b"]}}, ["b"], ["c"]),
    ],
)
def test_a_guard_asks_for_permissions(
    asked: dict[str, Any], granted: list[str], refused: list[str]
) -> None:
    app = guarded(make_app(), **asked)
    assert said(app, "/view", made(app, permissions=granted))[0] == 200
    status, answer = said(app, "/view", made(app, permissions=refused))
    assert status == 403
    assert answer["msg"].startswith("The token's claim permissions does not include ")


def test_a_role_with_a_space_is_one_role() -> None:
    for role in ["shop admin", ["shop admin"]]:
        app = guarded(make_app(), claim_has={"role": "shop admin"})
        assert said(app, "/view", made(app, role=role))[0] == 200
        app = guarded(make_app(), claim_has={"role": "admin"})
        assert said(app, "/view", made(app, role=role))[0] == 403


def test_a_claim_may_be_a_path() -> None:
    app = guarded(make_app(), claim_has={"realm_access.roles": "auditor"})
    assert said(app, "/view", made(app, realm_access={"roles": ["auditor"]}))[0] == 200
    assert said(app, "/view", made(app, realm_access={"roles": ["admin"]}))[0] == 403


def test_a_view_may_ask_inside() -> None:
    app = make_app()

    @app.get("/view")
    def view() -> Any:
        verify_jwt_in_request(scopes=["write"])
        return jsonify(get_jwt_identity())

    assert said(app, "/view", made(app, "write")) == (200, "alice")
    assert said(app, "/view", made(app, "read")) == (
        403,
        {"msg": "The token needs the scope write"},
    )


def test_an_optional_token_needs_the_scope_if_it_is_there() -> None:
    app = guarded(make_app(), optional=True, scopes="read")
    assert app.test_client().get("/view").json == []
    assert said(app, "/view", made(app, "write"))[0] == 403


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"scopes": ""}, ValueError, "scopes must name a scope"),
        ({"scopes": []}, ValueError, "scopes must name a scope"),
        ({"any_scopes": [" "]}, ValueError, "any_scopes must name a scope"),
        ({"scopes": 7}, TypeError, "scopes must be a string or an iterable of strings, not a int"),
        ({"scopes": {"read": True}}, TypeError, "not a dict"),
        ({"scopes": ["read", None]}, TypeError, "scopes must contain strings, not a NoneType"),
        ({"claim_has": {}}, ValueError, "claim_has must name a claim"),
        ({"claim_has": {"roles": []}}, ValueError, r"claim_has\['roles'\] must not be empty"),
        ({"claim_has": ["roles"]}, TypeError, "claim_has must be a dict of claims"),
        ({"claim_has": {"roles": 5}}, TypeError, r"claim_has\['roles'\] must be a string"),
        ({"claim_has_any": {5: "a"}}, TypeError, "claim_has_any must be a dict of claims"),
    ],
)
def test_a_mistake_shows_when_the_view_is_decorated(
    asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        jwt_required(**asked)


# Refusals.


def test_a_refusal_carries_the_challenge_if_challenges_are_on() -> None:
    app = guarded(make_app(WWW_AUTHENTICATE=True), scopes="read write")
    answer = app.test_client().get("/view", headers=bearer(made(app, "read")))
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", '
        'error_description="The token needs the scope read write", scope="read write"'
    )
    off = guarded(make_app(), scopes="read")
    answer = off.test_client().get("/view", headers=bearer(made(off)))
    assert "WWW-Authenticate" not in answer.headers


def test_a_loader_answers_instead() -> None:
    app = guarded(make_app(), scopes="read")
    manager = app.extensions["flask-jwt-extended"]

    @manager.insufficient_scope_loader
    def refused(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> Any:
        return jsonify(alg=jwt_header["alg"], user=jwt_data["sub"]), 418

    assert said(app, "/view", made(app)) == (418, {"alg": "HS256", "user": "alice"})


def test_the_exception_says_what_is_missing() -> None:
    app = make_app()
    for asked, scope in [({"scopes": "b a"}, "b a"), ({"claim_has": {"roles": "x"}}, None)]:
        with (
            app.test_request_context(headers=bearer(made(app))),
            pytest.raises(InsufficientScopeError) as raised,
        ):
            verify_jwt_in_request(**asked)
        assert isinstance(raised.value, JWTExtendedException)
        assert (raised.value.scope, raised.value.jwt_data["sub"]) == (scope, "alice")


# Tokens.


def test_tokens_state_scopes_as_one_string() -> None:
    app = make_app()
    with app.app_context():
        for token in (
            create_access_token("alice", scopes="a b"),
            create_refresh_token("alice", scopes=["a", "b"]),
            *login_user("alice", scopes=["a b"]),
        ):
            assert decode_token(token)["scope"] == "a b"
        assert decode_token(create_access_token("alice", scopes=[]))["scope"] == ""
        assert "scope" not in decode_token(create_access_token("alice"))


def test_scopes_are_not_given_twice() -> None:
    with make_app().app_context(), pytest.raises(ValueError, match="leave one out"):
        create_access_token("alice", scopes="a", additional_claims={"scope": "b"})


def test_scopes_win_over_the_claims_loader() -> None:
    app = make_app(
        setup=lambda jwt: jwt.additional_claims_loader(lambda _: {"scope": "b", "role": "x"})
    )
    with app.app_context():
        data = decode_token(create_access_token("alice", scopes="a"))
    assert (data["scope"], data["role"]) == ("a", "x")


# Refreshes.


def refreshing(setup: Any = None, **options: Any) -> Flask:
    """Return an app that refreshes tokens: the body of the request has the arguments."""
    app = make_app(setup=setup, **options)

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify([token for token in refresh_tokens(**request.json) if token])

    return app


def refreshed(app: Flask, token: str, **arguments: Any) -> Any:
    """Return the scopes of the new tokens, or the answer."""
    answer = app.test_client().post("/refresh", headers=bearer(token), json=arguments)
    if answer.status_code != 200:
        return answer.status_code, answer.json
    with app.app_context():
        return [decode_token(token).get("scope") for token in answer.json]


def logged_in(app: Flask, **arguments: Any) -> str:
    with app.app_context():
        return login_user("alice", **arguments).refresh_token


@pytest.mark.parametrize(("store", "count"), [("memory", 2), (None, 1)])
def test_a_refresh_keeps_the_scopes(store: str | None, count: int) -> None:
    app = refreshing(STORE=store)
    assert refreshed(app, logged_in(app, scopes="a b")) == ["a b"] * count
    assert refreshed(app, logged_in(app)) == [None] * count
    kept = refreshed(app, logged_in(app, scopes="a b"), additional_claims={"role": "x"})
    assert kept == ["a b"] * count


def test_a_refresh_narrows_the_access_token_alone() -> None:
    app = refreshing(STORE="memory")
    assert refreshed(app, logged_in(app, scopes="a b"), scopes="b") == ["b", "a b"]
    assert refreshed(app, logged_in(app, scopes="a b"), scopes=[]) == ["", "a b"]


def test_a_refresh_never_widens() -> None:
    app = refreshing(STORE="memory")
    token = logged_in(app, scopes="a")
    assert refreshed(app, token, scopes="a c") == (403, {"msg": "The token needs the scope c"})
    assert refreshed(app, token, additional_claims={"scope": "a c"}) == ["a", "a"]
    assert refreshed(app, logged_in(app), additional_claims={"scope": "c"}) == ["", ""]


def test_the_claims_loader_takes_scopes_away() -> None:
    scopes = ["a b"]
    app = refreshing(
        lambda jwt: jwt.additional_claims_loader(lambda _: {"scope": scopes[-1]}), STORE="memory"
    )
    token = logged_in(app)
    scopes.append("b c")
    assert refreshed(app, token) == ["b", "a b"]


def test_a_renewed_cookie_keeps_its_scopes() -> None:
    app = make_app(
        TOKEN_LOCATION=["cookies"],
        STORE="memory",
        RENEW_ACCESS_COOKIE_WITHIN=ALWAYS,
        COOKIE_CSRF_PROTECT=False,
    )

    @app.post("/login")
    def login() -> Any:
        answer = jsonify(ok=True)
        set_access_cookies(answer, login_user("alice", scopes="a b", acr="gold").access_token)
        return answer

    guarded(app, scopes="a", acr="gold")
    client = app.test_client()
    client.post("/login")
    before = client.get_cookie("access_token_cookie").value
    assert client.get("/view").json == ["a", "b"]
    assert client.get_cookie("access_token_cookie").value != before
    assert client.get("/view").json == ["a", "b"]
