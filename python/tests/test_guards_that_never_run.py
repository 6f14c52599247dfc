"""``JWT_PROTECT_BY_DEFAULT`` counts a guard as a view's own only if it certainly runs.

Each view here bears a guard or an exemption that the framework does not call, or may not call. So
the view requires an access token.
"""

from collections.abc import Callable
from typing import Any

import flask_restful
import flask_restx
import pytest
from flask import Flask, request
from flask.views import MethodView, View
from support import bearer, make_app, token

from jwt_extended.flask import jwt_exempt, jwt_required

ACCESS, REFRESH = token(), token(type="refresh")
PROTECTED, FOR_REFRESHING, OPEN = (401, 200, 422), (401, 422, 200), (200, 200, 200)
#: What `@jwt_required(refresh=True)` in vain leaves: only the access token passes.
MARKS = [jwt_required(refresh=True), jwt_required(optional=True), jwt_exempt]
METHODS = ("GET", "HEAD", "POST")

each_mark = pytest.mark.parametrize("mark", MARKS, ids=["refresh", "optional", "exempt"])


def statuses(
    view: Any, method: str = "GET", add: Callable[[Flask, Any], object] | None = None
) -> Any:
    """Return the statuses without a token, with an access token and with a refresh token."""
    app = make_app(PROTECT_BY_DEFAULT=True)
    if add is None:
        app.add_url_rule("/view", "view", view, methods=METHODS)
    else:
        add(app, view)
    sent = ({}, bearer(ACCESS), bearer(REFRESH))
    answers = (app.test_client().open("/view", method=method, headers=one) for one in sent)
    return tuple(answer.status_code for answer in answers)


def seen(*_: Any, **__: Any) -> dict[str, bool]:
    return {"seen": True}


def as_view(base: type[View], **members: Any) -> Any:
    members.setdefault("methods", list(METHODS))
    return type("Made", (base,), members).as_view("view")


@each_mark
@pytest.mark.parametrize("method", METHODS)
def test_method_decorators_of_a_plain_view_do_not_count(mark: Any, method: str) -> None:
    view = as_view(MethodView, method_decorators=[mark], get=seen, post=seen)
    assert statuses(view, method) == PROTECTED


@each_mark
@pytest.mark.parametrize("base", [View, MethodView, flask_restful.Resource, flask_restx.Resource])
def test_methods_of_a_class_that_dispatches_do_not_count(base: Any, mark: Any) -> None:
    @mark
    def get(self: Any) -> Any:
        return seen()

    assert statuses(as_view(base, dispatch_request=seen, get=get)) == PROTECTED


@each_mark
def test_a_class_that_calls_the_frameworks_dispatch_is_protected(mark: Any) -> None:
    def dispatch_request(self: Any) -> Any:
        return MethodView.dispatch_request(self) if request.args.get("usual") else seen()

    view = as_view(MethodView, dispatch_request=dispatch_request, get=mark(lambda self: seen()))
    assert statuses(view) == PROTECTED


@each_mark
@pytest.mark.parametrize("base", [flask_restful.Resource, flask_restx.Resource])
def test_decorators_of_a_class_that_dispatches_do_not_count(base: Any, mark: Any) -> None:
    view = as_view(base, dispatch_request=seen, method_decorators=[mark])
    assert statuses(view) == PROTECTED


@each_mark
def test_the_guard_of_another_method_does_not_count(mark: Any) -> None:
    view = as_view(MethodView, get=mark(lambda self: seen()), post=lambda self: seen())
    assert statuses(view, "POST") == PROTECTED


@each_mark
def test_the_decorators_of_another_method_do_not_count(mark: Any) -> None:
    members = {"method_decorators": {"get": [mark]}, "get": seen, "post": seen}
    made = type("Made", (flask_restful.Resource,), members)
    add = lambda app, view: flask_restful.Api(app).add_resource(view, "/view")  # noqa: E731
    assert statuses(made, "POST", add) == PROTECTED


@each_mark
def test_a_dict_of_decorators_does_not_count_in_restx(mark: Any) -> None:
    # Flask-RESTX would apply its keys, and fails.
    view = as_view(flask_restx.Resource, method_decorators={"get": [mark]}, get=seen)
    assert statuses(view)[0] == 401


def test_an_instance_does_not_get_the_mark_of_a_base_class() -> None:
    public = jwt_exempt(type("Public", (), {"__call__": seen}))
    admin = type("Admin", (public,), {})
    assert statuses(public()) == OPEN
    assert statuses(admin()) == PROTECTED


@pytest.mark.parametrize("base", [View, MethodView, flask_restful.Resource, flask_restx.Resource])
def test_a_guard_on_dispatch_request_counts(base: Any) -> None:
    guarded = jwt_required(refresh=True)(lambda self: seen())
    assert statuses(as_view(base, dispatch_request=guarded)) == FOR_REFRESHING


@pytest.mark.parametrize("module", [flask_restful, flask_restx])
def test_method_decorators_of_a_resource_count(module: Any) -> None:
    members = {"method_decorators": [jwt_required(refresh=True)], "get": seen}
    made = type("Made", (module.Resource,), members)
    add = lambda app, view: module.Api(app).add_resource(view, "/view")  # noqa: E731
    assert statuses(made, "GET", add) == statuses(made, "HEAD", add) == FOR_REFRESHING


def test_a_guarded_bound_method_counts() -> None:
    made = type("Made", (), {"get": jwt_required(refresh=True)(lambda self: seen())})
    assert statuses(made().get) == FOR_REFRESHING
