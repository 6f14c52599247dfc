"""The app that is handed in: a proxy, the product of a factory, or a subclass.

The manager keeps the app itself, and never so that the app can only be freed by the garbage
collector.
"""

import gc
import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any

import flask_restful
import flask_restx
import pytest
from flask import Blueprint, Flask, current_app
from support import SECRET, bearer, token
from werkzeug.local import LocalProxy

from jwt_extended.flask import JWTManager, jwt_required

MISSING = {"msg": "Missing Authorization Header"}
EXTENSIONS = {"none": None, "restful": flask_restful, "restx": flask_restx}

each_extension = pytest.mark.parametrize("extension", EXTENSIONS)


class Keeper:
    """An extension that keeps the app as it was given, as many do."""

    def __init__(self, app: Any) -> None:
        self.app = app


def with_proxy(app: Flask) -> None:
    with app.app_context():
        JWTManager().init_app(current_app)


def with_proxy_in_constructor(app: Flask) -> None:
    with app.app_context():
        JWTManager(current_app)


def with_proxy_of_a_proxy(app: Flask) -> None:
    with app.app_context():
        JWTManager().init_app(LocalProxy(lambda: current_app))


def with_the_app_of_an_extension(app: Flask) -> None:
    with app.app_context():
        JWTManager().init_app(Keeper(current_app).app)


def with_the_app_of_a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("blueprint", "blueprint")
    blueprint.record(lambda state: JWTManager().init_app(state.app))
    app.register_blueprint(blueprint)


WAYS: list[Callable[[Flask], object]] = [
    JWTManager,
    with_proxy,
    with_proxy_in_constructor,
    with_proxy_of_a_proxy,
    with_the_app_of_an_extension,
    with_the_app_of_a_blueprint,
]


def an_app(
    extension: str = "none",
    connect: Callable[[Flask], object] = JWTManager,
    kind: type[Flask] = Flask,
) -> Flask:
    """Return an app with one guarded view at ``/thing``, as a factory would."""
    app = kind("an_app")
    app.config["JWT_SECRET_KEY"] = SECRET
    connect(app)
    module = EXTENSIONS[extension]
    if module is None:
        app.add_url_rule("/thing", "thing", jwt_required()(lambda: {"seen": True}))
    else:
        members = {"get": jwt_required()(lambda self: {"seen": True})}
        module.Api(app).add_resource(type("Thing", (module.Resource,), members), "/thing")
    return app


def answers(app: Flask) -> list[tuple[int, Any]]:
    """Return the answers without a token and with one."""
    client = app.test_client()
    found = (client.get("/thing", headers=headers) for headers in ({}, bearer(token())))
    return [(answer.status_code, answer.json) for answer in found]


@pytest.mark.parametrize("connect", WAYS)
@each_extension
def test_an_app_behind_a_proxy_is_guarded(
    extension: str, connect: Callable[[Flask], object]
) -> None:
    app = an_app(extension, connect)
    for _ in range(2):
        assert answers(app) == [(401, MISSING), (200, {"seen": True})]


@each_extension
def test_a_factory_makes_apps_that_are_independent(extension: str) -> None:
    manager = JWTManager()
    apps = [an_app(extension, manager.init_app) for _ in range(3)]
    apps[1].config["JWT_ERROR_MESSAGE_KEY"] = "error"
    said = [answers(app)[0] for app in apps]
    assert said == [(401, MISSING), (401, {"error": MISSING["msg"]}), (401, MISSING)]


class Recorder(Flask):
    """An app that overrides the handler of all exceptions."""

    def handle_user_exception(self, e: Exception) -> Any:
        vars(self).setdefault("seen", []).append(type(e).__name__)
        return super().handle_user_exception(e)


@pytest.mark.parametrize("connect", WAYS)
@each_extension
def test_an_overridden_error_handler_sees_a_rejection(
    extension: str, connect: Callable[[Flask], object]
) -> None:
    app = an_app(extension, connect, Recorder)
    assert answers(app)[0] == (401, MISSING)
    assert vars(app)["seen"] == ["NoAuthorizationError"]


def test_a_method_that_the_app_replaced_is_kept() -> None:
    app, seen = an_app(), []

    def dispatch(self: Flask) -> Any:
        seen.append(self)
        return Flask.full_dispatch_request(self)

    app.full_dispatch_request = MethodType(dispatch, app)  # type: ignore[method-assign]
    JWTManager(app)
    for _ in range(2):
        assert answers(app)[0] == (401, MISSING)
    assert seen == [app] * 4


@pytest.mark.parametrize("connect", WAYS)
@pytest.mark.parametrize("used", [False, True])
def test_an_app_is_freed_with_its_last_reference(
    connect: Callable[[Flask], object], used: bool
) -> None:
    gc.collect()
    gc.disable()
    try:
        app = an_app(connect=connect)
        if used:
            answers(app)
        freed = weakref.ref(app)
        del app
        assert freed() is None
    finally:
        gc.enable()
