"""``async def`` views and callbacks, as Flask runs them with its ``async`` extra.

Upstream does not await the coroutine of an async callback, and it counts as true: an async
blocklist revokes every token, and an async verification accepts every token.
"""

import asyncio
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import pytest
from flask import Flask, jsonify
from support import HEADER, SECRET, bearer, claims, guarded_app, make_app, sign, token

from jwt_extended.flask import (
    create_access_token,
    current_user,
    get_jwt_identity,
    get_jwt_session,
    jwt_exempt,
    jwt_required,
    login_user,
    logout_user,
    verify_jwt_in_request,
)


def answering(answer: Any) -> Callable[..., Any]:
    """Return an async callback that yields to the event loop before it returns."""

    async def callback(*asked: Any) -> Any:
        await asyncio.sleep(0)
        return answer(*asked) if callable(answer) else answer

    return callback


def with_loader(name: str, callback: Any, **options: Any) -> Flask:
    return guarded_app(setup=lambda manager: getattr(manager, name)(callback), **options)


def said(app: Flask, value: str | None = None, path: str = "/access") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value) if value else {})
    return answer.status_code, answer.get_json(silent=True)


def made(app: Flask) -> str:
    with app.app_context():
        return create_access_token("alice")


# Views.


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"none": 401, "access": 200, "refresh": 422}),
        ({"optional": True}, {"none": 200, "access": 200, "refresh": 422}),
        ({"refresh": True}, {"none": 401, "access": 422, "refresh": 200}),
        ({"fresh": True}, {"none": 401, "access": 401, "refresh": 422}),
    ],
)
def test_async_views_are_guarded(asked: dict[str, bool], expected: dict[str, int]) -> None:
    app, reached = make_app(), []

    @app.get("/view")
    @jwt_required(**asked)
    async def view() -> Any:
        await asyncio.sleep(0)
        reached.append(get_jwt_identity())
        return jsonify(get_jwt_identity())

    values = {"none": None, "access": token(), "refresh": token(type="refresh")}
    assert {name: said(app, value, "/view")[0] for name, value in values.items()} == expected
    admitted = [name for name, status in expected.items() if status == 200]
    assert reached == [None if name == "none" else "alice" for name in admitted]


def test_async_views_can_verify_tokens_and_use_sessions() -> None:
    app = make_app(STORE="memory")

    @app.get("/login")
    async def login() -> Any:
        return jsonify(login_user("alice")._asdict())

    @app.get("/logout")
    async def logout() -> Any:
        verify_jwt_in_request(verify_type=False)
        await asyncio.sleep(0)
        logout_user()
        return jsonify(get_jwt_session())

    _, pair = said(app, None, "/login")
    assert said(app, None, "/logout")[0] == 401
    assert said(app, pair["access_token"], "/logout")[0] == 200
    for value in pair.values():
        assert said(app, value, "/logout") == (401, {"msg": "Token has been revoked"})


def test_async_views_can_be_protected_by_default() -> None:
    app = make_app(PROTECT_BY_DEFAULT=True)
    for path, decorate in (("/view", lambda fn: fn), ("/open", jwt_exempt)):
        app.add_url_rule(path, path, decorate(answering("seen")))
    assert (said(app, None, "/view")[0], said(app, token(), "/view")[0]) == (401, 200)
    assert said(app, None, "/open")[0] == 200


# Callbacks that decide about tokens.


@pytest.mark.parametrize("value", [token(), token(jti="another"), token(fresh=True)])
@pytest.mark.parametrize("path", ["/access", "/optional", "/any"])
def test_an_async_blocklist_rejects_only_its_tokens(value: str, path: str) -> None:
    app = with_loader("token_in_blocklist_loader", answering(lambda _, data: data["jti"] == "bad"))
    assert said(app, value, path)[0] == 200
    assert said(app, token(jti="bad"), path) == (401, {"msg": "Token has been revoked"})


def test_an_async_verification_can_reject_a_token() -> None:
    verify = answering(lambda _, data: data["sub"] == "alice")
    app = with_loader("token_verification_loader", verify)
    assert said(app, token())[0] == 200
    assert said(app, token(sub="bob")) == (400, {"msg": "User claims verification failed"})


def test_an_async_user_lookup_finds_the_user() -> None:
    find = answering(lambda _, data: {"alice": "Alice"}.get(data["sub"]))
    app = with_loader("user_lookup_loader", find)

    @app.get("/me")
    @jwt_required()
    def me() -> Any:
        return jsonify(str(current_user))

    assert said(app, token(), "/me") == (200, "Alice")
    assert said(app, token(sub="bob"), "/me") == (401, {"msg": "Error loading the user bob"})


def test_async_key_loaders_choose_the_keys() -> None:
    other = "another secret of at least thirty-two bytes, for one tenant"

    def setup(manager: Any) -> None:
        manager.encode_key_loader(answering(lambda _: other))
        manager.decode_key_loader(
            answering(lambda header, data: other if data["sub"] == "alice" else SECRET)
        )

    app = guarded_app(setup=setup)
    assert said(app, made(app))[0] == said(app, token(sub="bob"))[0] == 200
    assert said(app, token()) == (422, {"msg": "Signature verification failed"})
    assert said(app, sign(HEADER, claims(sub="bob"), other))[0] == 422


def test_async_callbacks_provide_the_contents_of_tokens() -> None:
    def setup(manager: Any) -> None:
        manager.user_identity_loader(answering(str.upper))
        manager.additional_claims_loader(answering(lambda identity: {"name": identity}))
        manager.additional_headers_loader(answering(lambda identity: {"for": identity}))

    app = guarded_app(setup=setup)
    _, seen = said(app, made(app))
    assert (seen["identity"], seen["jwt"]["name"]) == ("ALICE", "alice")
    assert seen["header"]["for"] == "alice"


def test_an_exception_of_an_async_callback_reaches_the_app() -> None:
    app = with_loader("token_in_blocklist_loader", answering(lambda *_: {}["database"]))
    assert said(app, token())[0] == 500
    app.testing = True
    with pytest.raises(KeyError, match="database"):
        said(app, token())


# Callbacks that return responses.


@pytest.mark.parametrize(
    ("loader", "value", "path", "needs"),
    [
        ("unauthorized_loader", None, "/access", {}),
        ("invalid_token_loader", "garbage", "/access", {}),
        ("expired_token_loader", token(exp=1), "/access", {}),
        ("needs_fresh_token_loader", token(), "/fresh", {}),
        ("revoked_token_loader", token(), "/any", {"token_in_blocklist_loader": True}),
        ("user_lookup_error_loader", token(), "/any", {"user_lookup_loader": None}),
        ("token_verification_failed_loader", token(), "/any", {"token_verification_loader": False}),
    ],
)
def test_async_loaders_answer(
    loader: str, value: str | None, path: str, needs: dict[str, Any]
) -> None:
    given: list[tuple[Any, ...]] = []

    def answer_with(*asked: Any) -> Any:
        given.append(asked)
        return {"by": loader}, 418

    def setup(manager: Any) -> None:
        getattr(manager, loader)(answering(answer_with))
        for name, answer in needs.items():
            getattr(manager, name)(answering(answer))

    assert said(guarded_app(setup=setup), value, path) == (418, {"by": loader})
    ((*asked,),) = given
    if loader in ("unauthorized_loader", "invalid_token_loader"):
        (sentence,) = asked
        assert isinstance(sentence, str)
    else:
        header, data = asked
        assert (header, data["sub"]) == (HEADER, "alice")


@pytest.mark.parametrize(
    ("loader", "value", "path"),
    [
        ("expired_token_loader", token(exp=1), "/access"),
        ("needs_fresh_token_loader", token(), "/fresh"),
    ],
)
def test_async_loaders_of_3_x_take_fewer_arguments(loader: str, value: str, path: str) -> None:
    async def callback() -> Any:
        return {"by": loader}, 418

    with pytest.warns(DeprecationWarning, match="header and claims"):
        app = with_loader(loader, callback)
    assert said(app, value, path) == (418, {"by": loader})


def test_a_loader_returns_its_async_callback() -> None:
    callback = answering(False)
    given: list[Any] = []
    make_app(setup=lambda manager: given.append(manager.token_in_blocklist_loader(callback)))
    assert given == [callback]


# Callbacks that do not look async.


class Callback:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def __call__(self, *_: Any) -> Any:
        return self.answer


def decorated(answer: Any) -> Callable[..., Any]:
    """Return an async function behind a synchronous decorator."""
    callback = answering(answer)
    return wraps(callback)(lambda *asked: callback(*asked))


@pytest.mark.parametrize(
    ("loader", "refusing"),
    [
        ("token_in_blocklist_loader", True),
        ("token_verification_loader", False),
        ("user_lookup_loader", None),
    ],
)
@pytest.mark.parametrize(
    "hidden",
    [
        lambda answer: partial(answering(answer)),
        pytest.param(Callback, id="object"),
        pytest.param(decorated, id="decorated"),
    ],
)
def test_a_coroutine_never_counts_as_true(loader: str, refusing: Any, hidden: Any) -> None:
    assert said(with_loader(loader, hidden(refusing)), token())[0] in (400, 401)


def test_async_callbacks_run_before_an_async_view() -> None:
    app = with_loader("token_in_blocklist_loader", answering(lambda _, data: data["jti"] == "bad"))
    app.add_url_rule("/view", "view", jwt_required()(answering("seen")))
    assert said(app, token(), "/view")[0] == 200
    assert said(app, token(jti="bad"), "/view")[0] == 401


@pytest.mark.parametrize(
    ("loader", "answer"),
    [("additional_claims_loader", {"role": "x"}), ("token_in_blocklist_loader", False)],
)
def test_async_callbacks_work_inside_of_async_views(loader: str, answer: Any) -> None:
    app = with_loader(loader, answering(answer))

    @app.get("/view")
    async def view() -> Any:
        verify_jwt_in_request()
        return jsonify(create_access_token("alice"))

    assert said(app, token(), "/view")[0] == 200
