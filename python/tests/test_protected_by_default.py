"""Views that are protected by default: ``JWT_PROTECT_BY_DEFAULT``.

A view may only be open if ``@jwt_exempt`` or its own guard is on that view, its class or its
blueprint. Nothing else about the app may change.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import flask_restful
import pytest
from flask import Blueprint, Flask, abort
from flask.views import MethodView, View
from support import bearer, make_app, token
from werkzeug.exceptions import NotFound

from jwt_extended.flask import (
    JWTManager,
    get_jwt_identity,
    jwks,
    jwt_exempt,
    jwt_required,
    verify_jwt_in_request,
)

ACCESS, REFRESH = token(), token(type="refresh")
MISSING = {"msg": "Missing Authorization Header"}


def an_app(**options: Any) -> Flask:
    return make_app(**{"PROTECT_BY_DEFAULT": True, **options})


def view() -> Any:
    return {"seen": True}


def a_view() -> Callable[[], Any]:
    """Return a new view without any decorators."""
    return lambda: view()


def status(app: Flask, path: str, value: str | None = None, method: str = "GET") -> int:
    headers = bearer(value) if value else {}
    with app.test_client().open(path, method=method, headers=headers) as answer:
        return answer.status_code


def statuses(app: Flask, path: str, method: str = "GET") -> tuple[int, int, int]:
    """Return the statuses without a token, with an access token and with a refresh token."""
    without, access, refresh = (
        status(app, path, value, method) for value in (None, ACCESS, REFRESH)
    )
    return without, access, refresh


PROTECTED, OPEN = (401, 200, 422), (200, 200, 200)
FOR_REFRESHING = (401, 422, 200)
#: A guard with an optional token still rejects a wrong one.
OPTIONAL = (200, 200, 422)


# Functions.


@pytest.mark.parametrize(
    ("decorate", "expected"),
    [
        (lambda fn: fn, PROTECTED),
        (jwt_exempt, OPEN),
        (jwt_required(), PROTECTED),
        (jwt_required(refresh=True), FOR_REFRESHING),
        (jwt_required(optional=True), OPTIONAL),
        (jwt_required(verify_type=False), (401, 200, 200)),
        (jwt_required(fresh=True), (401, 401, 422)),
        (lambda fn: jwt_exempt(jwt_required()(fn)), PROTECTED),
        (lambda fn: jwt_required(refresh=True)(jwt_exempt(fn)), FOR_REFRESHING),
        (lambda fn: wraps(fn)(lambda: fn()), PROTECTED),
        (lambda fn: wraps(fn)(partial(jwt_exempt(fn))), OPEN),
        (lambda fn: jwt_exempt(partial(fn)), OPEN),
        (lambda fn: partial(fn), PROTECTED),
    ],
)
@pytest.mark.parametrize("place", ["app", "blueprint", "nested blueprint"])
def test_a_view_is_protected_unless_it_is_marked(
    decorate: Any, expected: tuple[int, int, int], place: str
) -> None:
    app, inner, outer = an_app(), Blueprint("inner", "inner"), Blueprint("outer", "outer")
    target = app if place == "app" else inner
    target.add_url_rule("/view", "view", decorate(a_view()), methods=["GET", "POST"])
    if place == "nested blueprint":
        outer.register_blueprint(inner)
    app.register_blueprint(outer if place == "nested blueprint" else inner)
    for method in ("GET", "HEAD", "POST"):
        assert statuses(app, "/view", method) == expected
    assert statuses(app, "/view", "OPTIONS") == OPEN


def test_a_guard_on_an_unregistered_wrapper_does_not_count() -> None:
    app, inner = an_app(), a_view()
    jwt_exempt(jwt_required(optional=True)(inner))
    app.add_url_rule("/view", "view", inner)
    assert statuses(app, "/view") == PROTECTED


@pytest.mark.parametrize(
    "value", [None, "garbage", token(exp=1), token()[:-4] + "AAAA", REFRESH, token(nbf=2**40)]
)
def test_a_rejection_looks_as_it_does_under_jwt_required(value: str | None) -> None:
    app, reached = an_app(WWW_AUTHENTICATE=True), []
    app.add_url_rule("/default", "default", lambda: reached.append(1) or "in")
    app.add_url_rule("/guarded", "guarded", jwt_required()(a_view()))
    headers = bearer(value) if value else {}
    default, guarded = (
        app.test_client().get(path, headers=headers) for path in ("/default", "/guarded")
    )
    assert (default.status_code, default.json) == (guarded.status_code, guarded.json)
    assert default.headers.to_wsgi_list() == guarded.headers.to_wsgi_list()
    assert default.status_code in (401, 422)
    assert not reached


def test_a_protected_view_knows_the_identity() -> None:
    app = an_app()
    app.add_url_rule("/view", "view", lambda: get_jwt_identity())
    app.add_url_rule("/open", "open", jwt_exempt(lambda: get_jwt_identity()))
    assert app.test_client().get("/view", headers=bearer(ACCESS)).text == "alice"
    assert statuses(app, "/open") == (500, 500, 500)


def test_a_guard_inside_an_exempt_view_works_alone() -> None:
    def inside() -> Any:
        verify_jwt_in_request(refresh=True)
        return view()

    app = an_app()
    app.add_url_rule("/view", "view", jwt_exempt(inside))
    assert statuses(app, "/view") == FOR_REFRESHING


def test_without_the_option_nothing_is_protected() -> None:
    app = an_app(PROTECT_BY_DEFAULT=False)
    app.add_url_rule("/view", "view", a_view())
    assert statuses(app, "/view") == OPEN


def test_the_option_is_read_at_the_first_request() -> None:
    late, later = an_app(PROTECT_BY_DEFAULT=False), an_app()
    for app in (late, later):
        app.add_url_rule("/view", "view", a_view())
    late.config["JWT_PROTECT_BY_DEFAULT"] = True
    assert statuses(late, "/view") == statuses(later, "/view") == PROTECTED
    later.config["JWT_PROTECT_BY_DEFAULT"] = False
    assert statuses(later, "/view") == PROTECTED


# Missing pages, static files and blueprints.


def test_missing_pages_answer_404_by_the_apps_handler() -> None:
    app = an_app()
    app.register_error_handler(NotFound, lambda _: ("nobody here", 404))
    app.add_url_rule("/view/", "view", a_view())
    app.add_url_rule("/absent", "absent", jwt_exempt(lambda: abort(404)))
    assert statuses(app, "/nothing") == (404, 404, 404)
    assert statuses(app, "/view/", "POST") == (405, 405, 405)
    assert statuses(app, "/view") == (308, 308, 308)
    assert statuses(app, "/absent") == (404, 404, 404)
    assert app.test_client().get("/nothing").text == "nobody here"


def test_static_files_are_protected_unless_they_are_exempt(tmp_path: Any) -> None:
    (tmp_path / "page.txt").write_text("hello")
    app = Flask("an_app", static_folder=tmp_path, static_url_path="/static")
    app.config.update(an_app().config)
    JWTManager(app)
    files = Blueprint("files", "files", static_folder=tmp_path, static_url_path="/files")
    app.register_blueprint(files)
    for path in ("/static/page.txt", "/files/page.txt", "/static/absent.txt"):
        assert status(app, path) == 401
    assert status(app, "/static/page.txt", ACCESS) == status(app, "/files/page.txt", ACCESS) == 200
    jwt_exempt(app.view_functions["static"])
    assert (status(app, "/static/page.txt"), status(app, "/static/absent.txt")) == (200, 404)
    assert status(app, "/files/page.txt") == 401


@pytest.mark.parametrize("name", ["login", None, 5])
def test_only_a_view_can_be_exempt(name: Any) -> None:
    with pytest.raises(TypeError, match="jwt_exempt takes a view, a view class or a blueprint"):
        jwt_exempt(name)


def test_published_keys_are_open() -> None:
    assert statuses(an_app(JWKS_URL="/jwks"), "/jwks") == OPEN
    app = an_app()
    app.add_url_rule("/keys", "keys", jwt_exempt(jwks))
    assert statuses(app, "/keys") == OPEN


def test_an_exempt_blueprint_opens_only_its_own_views() -> None:
    app = an_app()
    outer, inner, beside = (Blueprint(name, name) for name in ("outer", "inner", "beside"))
    for blueprint in (outer, inner, beside):
        blueprint.add_url_rule("/view", "view", a_view())
        blueprint.add_url_rule("/guarded", "guarded", jwt_required()(a_view()))
    jwt_exempt(inner)
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    app.register_blueprint(outer, url_prefix="/again", name="again")
    app.register_blueprint(beside, url_prefix="/beside", name="inner")
    for path in ("/outer/inner/view", "/again/inner/view"):
        assert statuses(app, path) == OPEN
    for path in ("/outer/view", "/again/view", "/beside/view", "/outer/inner/guarded"):
        assert statuses(app, path) == PROTECTED
    jwt_exempt(outer)
    assert statuses(app, "/outer/view") == statuses(app, "/outer/inner/view") == OPEN
    assert statuses(app, "/beside/view") == PROTECTED


def test_an_endpoint_of_the_app_may_have_a_dot() -> None:
    app = an_app()
    app.add_url_rule("/view", "v1.view", a_view())
    assert statuses(app, "/view") == PROTECTED


# Classes.


class Mixed(MethodView):
    def get(self) -> Any:
        return view()

    @jwt_exempt
    def post(self) -> Any:
        return view()

    @jwt_required(refresh=True)
    def put(self) -> Any:
        return view()

    @jwt_required(optional=True)
    def patch(self) -> Any:
        return view()


class Overridden(Mixed):
    @jwt_exempt
    def get(self) -> Any:
        return view()

    def post(self) -> Any:
        return view()


class Resource(flask_restful.Resource, Mixed):  # type: ignore[misc]
    pass


@pytest.mark.parametrize("base", [Mixed, Resource])
def test_each_method_of_a_class_is_marked_or_protected(base: Any) -> None:
    app = an_app()
    if issubclass(base, flask_restful.Resource):
        flask_restful.Api(app).add_resource(base, "/view")
    else:
        app.add_url_rule("/view", view_func=base.as_view("view"))
    expected = {"GET": PROTECTED, "HEAD": PROTECTED, "POST": OPEN, "PUT": FOR_REFRESHING}
    for method, answers in {**expected, "PATCH": OPTIONAL, "OPTIONS": OPEN}.items():
        assert statuses(app, "/view", method) == answers
    assert statuses(app, "/view", "DELETE") == (405, 405, 405)
    refused = app.test_client().get("/view")
    assert (refused.status_code, refused.json) == (401, MISSING)


def test_an_overridden_method_needs_its_own_mark() -> None:
    app = an_app()
    app.add_url_rule("/view", view_func=Overridden.as_view("view"))
    assert statuses(app, "/view") == statuses(app, "/view", "HEAD") == OPEN
    assert statuses(app, "/view", "POST") == PROTECTED
    assert statuses(app, "/view", "PUT") == FOR_REFRESHING


@pytest.mark.parametrize(
    ("decorators", "expected"),
    [
        ([], PROTECTED),
        ([jwt_exempt], OPEN),
        ([jwt_required(refresh=True)], FOR_REFRESHING),
        ([jwt_required(optional=True)], OPTIONAL),
    ],
)
@pytest.mark.parametrize("base", [View, MethodView, flask_restful.Resource])
def test_the_decorators_of_a_class_count_for_its_view(
    base: Any, decorators: list[Any], expected: tuple[int, int, int]
) -> None:
    name = "dispatch_request" if base is View else "get"
    made = type("Made", (base,), {"decorators": decorators, name: lambda self: view()})
    app = an_app()
    app.add_url_rule("/view", view_func=made.as_view("view"))
    assert statuses(app, "/view") == expected


@pytest.mark.parametrize("base", [View, MethodView])
def test_an_exempt_class_is_open(base: Any) -> None:
    name = "dispatch_request" if base is View else "get"
    app = an_app()
    for path, exempt in (("/open", jwt_exempt), ("/closed", lambda made: made)):
        made = exempt(type("Made", (base,), {name: lambda self: view()}))
        app.add_url_rule(path, view_func=made.as_view(path))
    assert (statuses(app, "/open"), statuses(app, "/closed")) == (OPEN, PROTECTED)


def test_a_subclass_of_an_exempt_class_is_protected() -> None:
    app = an_app()
    public = jwt_exempt(type("Public", (MethodView,), {"get": lambda self: view()}))
    admin = type("Admin", (public,), {"get": lambda self: view()})
    app.add_url_rule("/view", view_func=admin.as_view("view"))
    assert statuses(app, "/view") == PROTECTED


@pytest.mark.parametrize(
    ("decorate", "expected"),
    [
        (jwt_exempt, OPEN),
        (jwt_required(refresh=True), FOR_REFRESHING),
        (jwt_required(optional=True), OPTIONAL),
    ],
)
def test_dispatch_request_can_be_marked(decorate: Any, expected: tuple[int, int, int]) -> None:
    made = type("Made", (View,), {"dispatch_request": decorate(lambda self: view())})
    app = an_app()
    app.add_url_rule("/view", view_func=made.as_view("view"))
    assert statuses(app, "/view") == expected


@pytest.mark.parametrize(
    "decorators", [[jwt_required(refresh=True)], {"get": [jwt_required(refresh=True)]}]
)
def test_method_decorators_of_flask_restful_count_as_protection(decorators: Any) -> None:
    members = {"method_decorators": decorators, "get": lambda self: view()}
    app = an_app()
    made = type("Made", (flask_restful.Resource,), members)
    flask_restful.Api(app).add_resource(made, "/view")
    assert statuses(app, "/view") == FOR_REFRESHING
