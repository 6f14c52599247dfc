"""Which loader answers which exception, also where the first handler that matches answers.

A Flask-RESTX API takes the first handler whose class matches, and Flask the most specific one.
"""

from collections.abc import Callable, Iterator
from typing import Any

import flask_jwt_extended as upstream
import flask_restx
import jwt.exceptions
import pytest
from flask import Flask, Response
from support import make_app

import jwt_extended.flask as ours
from jwt_extended.flask import exceptions
from jwt_extended.flask._errors import HANDLED

CONTENTS = ({"alg": "HS256"}, {"sub": "alice", "type": "access"})

#: The loader of each exception, apart from those that `invalid_token_loader` answers.
LOADER_OF = {
    "NoAuthorizationError": "unauthorized",
    "CSRFError": "unauthorized",
    "ExpiredSignatureError": "expired_token",
    "FreshTokenRequired": "needs_fresh_token",
    "InsufficientLoginError": "insufficient_login",
    "InsufficientScopeError": "insufficient_scope",
    "RevokedTokenError": "revoked_token",
    "ReplayedTokenError": "replayed_token",
    "UserLookupError": "user_lookup_error",
    "UserClaimsVerificationError": "token_verification_failed",
}
LOADERS = sorted({*LOADER_OF.values(), "invalid_token"})
#: Exceptions without a loader: bases, a failing store, and an issuer that is down.
NO_LOADER = {"JWTExtendedException", "_WithToken", "StoreUnavailableError", "KeysUnavailableError"}


def all_below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for below in kind.__subclasses__():
        yield below
        yield from all_below(below)


#: Every exception that has a loader. Other tests may define subclasses.
KINDS = sorted(
    {
        kind
        for base in HANDLED
        for kind in (base, *all_below(base))
        if kind.__module__ in ("jwt.exceptions", "jwt_extended._common.exceptions")
        and kind.__name__ not in NO_LOADER
    },
    key=lambda kind: kind.__name__,
)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
each_order = pytest.mark.parametrize("order", ["loaders first", "handlers first"])
each_target = pytest.mark.parametrize("target", ["api", "namespace", "app"])


def an_error(kind: type[Exception]) -> Exception:
    if kind is exceptions.RevokedTokenError:
        return kind(*CONTENTS)
    if issubclass(kind, exceptions.RevokedTokenError | exceptions.FreshTokenRequired):
        return kind("said", *CONTENTS)
    if issubclass(kind, exceptions.UserLookupError | exceptions.UserClaimsVerificationError):
        return kind("said", *CONTENTS)
    if issubclass(kind, exceptions.InsufficientScopeError | exceptions.InsufficientLoginError):
        return kind("said", *CONTENTS)
    return kind("said")


def answer_of(loader: str) -> Callable[..., Any]:
    return lambda *_: ({"loader": loader}, 418)


def api_app(
    target: str, order: str, kind: type[Exception], loaders: dict[str, Callable[..., Any]]
) -> Flask:
    """Return an app with an API whose view raises, and which has the handlers of the manager."""
    app = make_app()
    manager = app.extensions["flask-jwt-extended"]
    api = flask_restx.Api(app)

    def register() -> None:
        if target != "app":
            scope = api if target == "api" else api.namespace("more")
            manager._set_error_handler_callbacks(scope)

    def get(_: Any) -> None:
        raise an_error(kind)

    api.add_resource(type("Thing", (flask_restx.Resource,), {"get": get}), "/thing")
    if order == "handlers first":
        register()
    for name, loader in loaders.items():
        getattr(manager, f"{name}_loader")(loader)
    if order == "loaders first":
        register()
    return app


def ask(app: Flask) -> tuple[int, Any]:
    answer = app.test_client().get("/thing")
    said = answer.json
    # Flask-RESTX adds this member to what a loader returns.
    said.pop("message", None)
    return answer.status_code, said


def test_every_exception_is_in_the_list() -> None:
    names = {kind.__name__ for kind in KINDS}
    assert set(LOADER_OF) < names
    assert {"DecodeError", "InvalidSignatureError", "InvalidSubjectError"} < names


@each_kind
@each_order
@each_target
@pytest.mark.parametrize("alone", [True, False], ids=["one loader", "all loaders"])
def test_an_exception_goes_to_its_loader(
    target: str, order: str, kind: type[Exception], alone: bool
) -> None:
    own = LOADER_OF.get(kind.__name__, "invalid_token")
    loaders = {name: answer_of(name) for name in ([own] if alone else LOADERS)}
    assert ask(api_app(target, order, kind, loaders)) == (418, {"loader": own})


@each_kind
@each_order
@each_target
def test_without_loaders_the_api_answers_as_the_app_does(
    target: str, order: str, kind: type[Exception]
) -> None:
    def view() -> None:
        raise an_error(kind)

    plain = make_app()
    plain.add_url_rule("/thing", "thing", view)
    expected = ask(plain)
    assert expected[0] in (400, 401, 403, 422)
    assert ask(api_app(target, order, kind, {})) == expected


@each_kind
def test_other_loaders_do_not_answer(kind: type[Exception]) -> None:
    own = LOADER_OF.get(kind.__name__, "invalid_token")
    # A replayed token is a revoked one for an app that only has that loader.
    others = set(LOADERS) - {own, "revoked_token" if own == "replayed_token" else own}
    loaders = {name: answer_of(name) for name in others}
    assert ask(api_app("api", "handlers first", kind, loaders))[0] in (400, 401, 403, 422)


@each_target
def test_a_loader_may_return_a_whole_response(target: str) -> None:
    def teapot(_: str) -> Response:
        return Response('{"made": "whole"}', 418, {"X-Own": "yes"}, mimetype="application/json")

    kind = exceptions.NoAuthorizationError
    app = api_app(target, "handlers first", kind, {"unauthorized": teapot})
    assert ask(app) == (418, {"made": "whole"})
    assert app.test_client().get("/thing").headers["X-Own"] == "yes"


@each_target
@pytest.mark.parametrize("headers", [(), ({"X-Own": "yes"},)])
@pytest.mark.parametrize("loaded", [True, False])
def test_a_challenge_reaches_the_client_through_an_api(
    target: str, headers: tuple[Any, ...], loaded: bool
) -> None:
    loaders = {"unauthorized": lambda _: ({"msg": "no"}, 401, *headers)} if loaded else {}
    app = api_app(target, "handlers first", exceptions.NoAuthorizationError, loaders)
    app.config["JWT_WWW_AUTHENTICATE"] = True

    @ours.jwt_required()
    def get(_: Any) -> None: ...

    app.view_functions["thing"].view_class.get = get  # type: ignore[attr-defined]
    answer = app.test_client().get("/thing")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ("X-Own" in answer.headers) == (loaded and bool(headers))


@pytest.mark.parametrize("package", [ours, upstream], ids=["ours", "upstream"])
def test_an_expired_token_is_expired_before_it_is_invalid(package: Any) -> None:
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes"
    manager, api = package.JWTManager(app), flask_restx.Api(app)
    manager._set_error_handler_callbacks(api)
    manager.expired_token_loader(answer_of("expired_token"))
    manager.invalid_token_loader(answer_of("invalid_token"))

    def get(_: Any) -> None:
        error = jwt.exceptions.ExpiredSignatureError("said")
        error.jwt_header, error.jwt_data = CONTENTS  # type: ignore[attr-defined]
        raise error

    api.add_resource(type("Thing", (flask_restx.Resource,), {"get": get}), "/thing")
    assert ask(app) == (418, {"loader": "expired_token"})
