"""The interface of Flask-JWT-Extended 3 works as it did, and each name warns of the new one."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jwt
import pytest
from flask import Flask, jsonify
from flask.views import MethodView
from support import HEADER, SECRET, bearer, make_app, token

import jwt_extended.flask as ours
from jwt_extended.flask import JWTManager

ACCESS, FRESH = token(), token(fresh=True)
REFRESH = token(type="refresh")
EXPIRED = token(exp=1)
WRONG_TYPE = (422, {"msg": "Only non-refresh tokens are allowed"})
NOT_REFRESH = (422, {"msg": "Only refresh tokens are allowed"})
STALE = (401, {"msg": "Fresh token required"})
MISSING = (401, {"msg": "Missing Authorization Header"})


@contextmanager
def warned_here(message: str) -> Iterator[None]:
    """One warning, with this sentence, that points into this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    said = [(warning.category, str(warning.message), warning.filename) for warning in caught]
    assert said == [(DeprecationWarning, message, __file__)]


def quietly(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call what warns where the warning is not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return function(*arguments, **named)


def guarded(decorator: Callable[..., Any], setup: Any = None, **options: Any) -> Flask:
    """Return an app with one guarded view, which says what it sees in the words of 3.x."""
    app = quietly(make_app, setup=lambda manager: setup and setup(manager), **options)

    def view() -> Any:
        identity, claims = ours.get_jwt_identity(), quietly(ours.get_jwt_claims)
        return jsonify(identity=identity, raw=quietly(ours.get_raw_jwt), claims=claims)

    app.add_url_rule("/", view_func=quietly(decorator, view))
    return app


def ask(app: Flask, text: str | None = None) -> tuple[int, Any]:
    headers = {} if text is None else bearer(text)
    answer = app.test_client(use_cookies=False).get("/", headers=headers)
    return answer.status_code, answer.json


def made(app: Flask, kind: str, *arguments: Any, **named: Any) -> dict[str, Any]:
    """Return the claims of a token that this app makes."""
    with app.app_context():
        text = quietly(getattr(ours, f"create_{kind}_token"), *arguments, **named)
    return jwt.decode(text, SECRET, ["HS256"])


#: The decorators and functions of 3.x, and the argument of `jwt_required` that replaces each.
DECORATORS = {
    "jwt_required": "",
    "jwt_optional": "optional",
    "fresh_jwt_required": "fresh",
    "jwt_refresh_token_required": "refresh",
}
VERIFIERS = {
    "verify_jwt_in_request_optional": "optional",
    "verify_fresh_jwt_in_request": "fresh",
    "verify_jwt_refresh_token_in_request": "refresh",
}

#: What each argument makes of no token, and of an access, a fresh and a refresh token.
ANSWERS: dict[str, list[Any]] = {
    "": [MISSING, 200, 200, WRONG_TYPE],
    "optional": [200, 200, 200, WRONG_TYPE],
    "fresh": [MISSING, STALE, 200, WRONG_TYPE],
    "refresh": [MISSING, NOT_REFRESH, NOT_REFRESH, 200],
}

LOADERS = {
    "user_claims_loader": "additional_claims_loader",
    "user_loader_callback_loader": "user_lookup_loader",
    "user_loader_error_loader": "user_lookup_error_loader",
    "token_in_blacklist_loader": "token_in_blocklist_loader",
    "claims_verification_loader": "token_verification_loader",
    "claims_verification_failed_loader": "token_verification_failed_loader",
}

GETTERS = {
    "get_raw_jwt": "get_jwt",
    "get_raw_jwt_header": "get_jwt_header",
    "get_jwt_claims": "get_jwt",
}


@pytest.mark.parametrize("name", DECORATORS)
def test_a_decorator_without_parentheses_guards_and_names_the_new_way(name: str) -> None:
    decorator, argument = getattr(ours, name), DECORATORS[name]
    new = f"name; use @jwt_required({argument}=True)" if argument else "form; use @jwt_required()"
    with warned_here(f"@{name} is the 3.x {new}"):

        @decorator
        def view() -> str:
            """What it is for."""
            return "seen"

    assert (view.__name__, view.__doc__) == ("view", "What it is for.")
    app = guarded(decorator)
    for text, answer in zip((None, ACCESS, FRESH, REFRESH), ANSWERS[argument], strict=True):
        found = ask(app, text)
        assert (found[0] if answer == 200 else found) == answer
    assert ask(app, EXPIRED) == (401, {"msg": "Token has expired"})


@pytest.mark.parametrize("asked", [{}, {"optional": True}, {"fresh": True}, {"refresh": True}])
def test_jwt_required_with_parentheses_does_not_warn(asked: dict[str, bool]) -> None:
    assert ours.jwt_required(**asked)(lambda: "seen")


@pytest.mark.parametrize("name", DECORATORS)
def test_a_decorator_guards_an_async_method_of_a_class(name: str) -> None:
    async def get(_: Any) -> str:
        return "seen"

    view = type("View", (MethodView,), {"get": quietly(getattr(ours, name), get)})
    app = make_app()
    app.add_url_rule("/", view_func=view.as_view("view"))
    text = REFRESH if "refresh" in name else FRESH
    assert app.test_client().get("/", headers=bearer(text)).text == "seen"
    assert app.test_client().get("/", headers=bearer("x")).status_code == 422


@pytest.mark.parametrize("name", VERIFIERS)
def test_a_function_verifies_as_its_decorator_does_and_names_the_new_way(name: str) -> None:
    argument = VERIFIERS[name]
    message = f"{name}() is the 3.x name; use verify_jwt_in_request({argument}=True)"
    app = make_app()
    for text, answer in zip((None, ACCESS, FRESH, REFRESH), ANSWERS[argument], strict=True):
        with app.test_request_context(headers=bearer(text) if text else {}), warned_here(message):
            if answer == 200:
                getattr(ours, name)()
                assert ours.get_jwt_identity() == ("alice" if text else None)
            else:
                with pytest.raises(ours.exceptions.JWTExtendedException) as info:
                    getattr(ours, name)()
                assert str(info.value) == answer[1]["msg"]


@pytest.mark.parametrize("name", GETTERS)
def test_a_getter_gives_nothing_outside_of_a_guarded_view_and_names_the_new_way(name: str) -> None:
    with (
        make_app().test_request_context(headers=bearer(ACCESS)),
        warned_here(f"{name}() is the 3.x name; use {GETTERS[name]}()"),
    ):
        assert getattr(ours, name)() == {}


@pytest.mark.parametrize("name", ["get_raw_jwt", "get_raw_jwt_header"])
def test_a_getter_gives_nothing_outside_of_an_app_either(name: str) -> None:
    assert quietly(getattr(ours, name)) == {}


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_returns_its_callback_and_names_the_new_way(name: str) -> None:
    manager = JWTManager()

    def callback(_: Any = None) -> None: ...

    with warned_here(f"{name} is the 3.x name; use {LOADERS[name]}"):
        assert getattr(manager, name)(callback) is callback


def test_user_claims_are_nested_and_made_from_the_raw_identity() -> None:
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
def test_refresh_tokens_have_user_claims_only_if_claims_in_refresh_token_says_so(
    kind: str, option: bool | None
) -> None:
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


def test_a_refresh_token_has_the_user_claims_that_the_caller_gives_it() -> None:
    claims = made(make_app(), "refresh", "alice", user_claims={"a": 1})
    assert claims["user_claims"] == {"a": 1}


def test_user_claims_and_identity_claim_name_the_claims() -> None:
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
def test_the_blacklist_is_asked_about_the_tokens_that_the_options_say(
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


def test_user_claims_are_verified_and_refused_without_arguments() -> None:
    def setup(manager: JWTManager) -> None:
        manager.claims_verification_loader(lambda claims: claims.get("role") == "admin")
        manager.claims_verification_failed_loader(lambda: ({"no": "admin"}, 403))

    app = guarded(ours.jwt_required, setup)
    assert ask(app, token(user_claims={"role": "admin"}))[0] == 200
    assert ask(app, token(user_claims={"role": "user"})) == (403, {"no": "admin"})
    assert ask(app, ACCESS) == (403, {"no": "admin"})


def test_the_user_claims_of_a_refresh_token_are_not_verified() -> None:
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
def test_a_loader_of_answers_takes_as_many_arguments_as_its_callback(
    loader: str, text: str, decorator: Any, callback: Any, said: dict[str, Any]
) -> None:
    def setup(manager: JWTManager) -> None:
        if loader == "revoked_token_loader":
            manager.token_in_blacklist_loader(lambda _: True)
        getattr(manager, loader)(callback)

    assert ask(guarded(decorator, setup), text) == (418, said)


def test_async_callbacks_of_3_x_are_waited_for() -> None:
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


@pytest.mark.parametrize(
    "use",
    [
        lambda: make_app(BLACKLIST_ENABLED=True),
        lambda: make_app(BLACKLIST_TOKEN_CHECKS=["access"]),
        lambda: make_app(USER_CLAIMS="user_claims"),
        lambda: make_app(CLAIMS_IN_REFRESH_TOKEN=True),
        lambda: JWTManager().expired_token_loader(lambda: ({}, 418)),
        lambda: ours.create_access_token("alice", user_claims={"role": "admin"}),
    ],
)
def test_options_and_arguments_of_3_x_warn_too(use: Callable[[], Any]) -> None:
    with make_app().app_context(), pytest.warns(DeprecationWarning, match=r"3\.x"):
        use()
