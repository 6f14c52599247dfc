"""The names of Flask-JWT-Extended 3 work, and each warns and names its replacement."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import support
from flask import Flask
from flask.views import MethodView
from support import bearer, guarded_app, make_app
from three_x import ACCESS, EXPIRED, FRESH, REFRESH, ask, guarded, quietly

import jwt_extended.flask as ours
from jwt_extended.flask import JWTManager
from jwt_extended.flask._manager import Manager

WRONG_TYPE = (422, {"msg": "Only non-refresh tokens are allowed"})
NOT_REFRESH = (422, {"msg": "Only refresh tokens are allowed"})
STALE = (401, {"msg": "Fresh token required"})
MISSING = (401, {"msg": "Missing Authorization Header"})


@contextmanager
def warned_here(message: str) -> Iterator[None]:
    """Check that there is one warning, with this message, which points into this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    said = [(warning.category, str(warning.message), warning.filename) for warning in caught]
    assert said == [(DeprecationWarning, message, __file__)]


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

#: For each argument, the answers to no token and to an access, a fresh and a refresh token.
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
def test_a_decorator_of_3_x_guards_and_warns(name: str) -> None:
    decorator, argument = getattr(ours, name), DECORATORS[name]
    new = f"name; use @jwt_required({argument}=True)" if argument else "form; use @jwt_required()"
    with warned_here(f"@{name} is the 3.x {new}"):

        @decorator
        def view() -> str:
            """The view's documentation."""
            return "seen"

    assert (view.__name__, view.__doc__) == ("view", "The view's documentation.")
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
def test_a_function_of_3_x_verifies_and_warns(name: str) -> None:
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
def test_a_getter_of_3_x_warns_and_is_empty_outside_a_guard(name: str) -> None:
    with (
        make_app().test_request_context(headers=bearer(ACCESS)),
        warned_here(f"{name}() is the 3.x name; use {GETTERS[name]}()"),
    ):
        assert getattr(ours, name)() == {}


@pytest.mark.parametrize("name", ["get_raw_jwt", "get_raw_jwt_header"])
def test_a_getter_of_3_x_is_empty_outside_an_app(name: str) -> None:
    assert quietly(getattr(ours, name)) == {}


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_of_3_x_returns_its_callback_and_warns(name: str) -> None:
    manager = JWTManager()

    def callback(_: Any = None) -> None: ...

    with warned_here(f"{name} is the 3.x name; use {LOADERS[name]}"):
        assert getattr(manager, name)(callback) is callback


#: Options and loaders, which warn when they are read.
READ_LATER: list[Callable[[], Any]] = [
    lambda: make_app(BLACKLIST_ENABLED=True),
    lambda: make_app(BLACKLIST_TOKEN_CHECKS=["access"]),
    lambda: make_app(USER_CLAIMS="user_claims"),
    lambda: make_app(CLAIMS_IN_REFRESH_TOKEN=True),
    lambda: JWTManager().expired_token_loader(lambda: ({}, 418)),
]


def with_user_claims() -> str:
    return ours.create_access_token("alice", user_claims={"role": "admin"})


@pytest.mark.parametrize("use", [*READ_LATER, with_user_claims])
def test_options_and_arguments_of_3_x_warn(use: Callable[[], Any]) -> None:
    with make_app().app_context(), pytest.warns(DeprecationWarning, match=r"3\.x"):
        use()


@pytest.mark.parametrize("use", [*READ_LATER, with_user_claims])
def test_the_warning_points_at_the_app(use: Callable[[], Any]) -> None:
    with make_app().app_context(), pytest.warns(DeprecationWarning, match=r"3\.x") as caught:
        use()
    # `support` creates the app.
    assert [warning.filename for warning in caught] in ([__file__], [support.__file__])


# Without the interface of 3.x.


@pytest.fixture
def app_of_4() -> Flask:
    """An app whose manager knows nothing of 3.x."""
    app = guarded_app()
    app.extensions["flask-jwt-extended"] = Manager()
    return app


def test_the_face_works_without_the_interface_of_3_x(app_of_4: Flask) -> None:
    with app_of_4.app_context():
        text = ours.create_access_token("alice")
    assert app_of_4.test_client().get("/access", headers=bearer(text)).json["identity"] == "alice"


def test_without_it_functions_need_a_guard(app_of_4: Flask) -> None:
    with app_of_4.test_request_context(), pytest.raises(RuntimeError, match="jwt_required"):
        ours.get_jwt()


def test_without_it_optional_guards_reject_bad_headers(app_of_4: Flask) -> None:
    answer = app_of_4.test_client().get("/optional", headers={"Authorization": "Bearer"})
    assert answer.status_code == 422


def test_without_it_answers_get_header_and_claims() -> None:
    manager = Manager()
    manager.expired_token_loader(lambda header, data: (header, data))
    assert manager._expired_token_callback({"alg": "x"}, {"sub": "y"}) == (
        {"alg": "x"},
        {"sub": "y"},
    )
