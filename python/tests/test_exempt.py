"""``JWT_EXEMPT``: the views of extensions that ``JWT_PROTECT_BY_DEFAULT`` leaves open."""

from collections.abc import Callable
from typing import Any

import flask_restful
import flask_restx
import flask_smorest
import pytest
from flask import Blueprint, Flask
from support import SECRET, bearer, make_app, token

from jwt_extended.flask import JWTManager, jwt_required


def an_app(exempt: Any, *, factory: bool = False) -> Flask:
    """Return an app; a factory connects the manager before it sets the option."""
    app = Flask("an_app")
    app.config.update(API_TITLE="Things", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    app.config.update(JWT_SECRET_KEY=SECRET, JWT_PROTECT_BY_DEFAULT=True)
    if not factory:
        app.config["JWT_EXEMPT"] = exempt
    JWTManager(app)
    app.config["JWT_EXEMPT"] = exempt
    return app


def status(app: Flask, path: str, **headers: str) -> int:
    with app.test_client().get(path, headers=headers) as answer:
        return answer.status_code


def statuses(app: Flask, *paths: str) -> list[int]:
    return [status(app, path) for path in paths]


def with_views(app: Flask, *rules: str) -> Flask:
    for rule in rules:
        app.add_url_rule(rule, f"view of {rule}", lambda **_: "seen", methods=["GET", "POST"])
    return app


@pytest.mark.parametrize("factory", [False, True])
@pytest.mark.parametrize("entry", ["/docs", "/docs/"])
def test_a_path_opens_itself_and_what_is_below(entry: str, factory: bool) -> None:
    rules = ("/docs", "/docs/a", "/docs/<page>/b", "/docsy", "/doc", "/", "/a/docs")
    app = with_views(an_app([entry], factory=factory), *rules)
    assert statuses(app, "/docs", "/docs/a", "/docs/x/b") == [200, 200, 200]
    assert statuses(app, "/docsy", "/doc", "/", "/a/docs") == [401, 401, 401, 401]
    assert app.test_client().post("/docs").status_code == 200


@pytest.mark.parametrize("rule", ["/<path:page>", "/<page>", "/<a>/<b>", "/<path:a>/b"])
def test_a_view_for_any_path_stays_protected(rule: str) -> None:
    app = with_views(an_app(["/docs"]), rule)
    for path in ("/docs", "/docs/b", "/docs/../secret", "/docs/%2e%2e/secret", "/DOCS"):
        assert status(app, path) in (401, 404)


def test_other_spellings_of_an_exempt_path_open_nothing_else() -> None:
    app = with_views(an_app(["/docs"]), "/docs/a", "/secret", "/secret/<path:page>")
    paths = ("/docs/../secret", "/docs/..%2fsecret", "//secret", "/secret/docs/a", "/secret//docs")
    for path in paths:
        assert status(app, path) in (308, 401, 404)


def test_a_name_opens_an_endpoint_or_a_blueprint(tmp_path: Any) -> None:
    (tmp_path / "page.txt").write_text("hello")
    app = an_app(["ui", "outer.inner", "one"])
    ui = Blueprint("ui", "ui", static_folder=tmp_path, static_url_path="/ui")
    inner, outer = Blueprint("inner", "inner"), Blueprint("outer", "outer")
    for blueprint in (ui, inner, outer):
        blueprint.add_url_rule(f"/{blueprint.name}", "view", lambda: "seen")
    outer.register_blueprint(inner)
    app.register_blueprint(ui)
    app.register_blueprint(outer)
    app.add_url_rule("/one", "one", lambda: "seen")
    app.add_url_rule("/two", "two", lambda: "seen")
    assert statuses(app, "/ui", "/ui/page.txt", "/inner", "/one") == [200] * 4
    assert statuses(app, "/outer", "/two") == [401, 401]


def test_an_exempt_view_keeps_its_own_guard() -> None:
    app = an_app(["/docs", "api"])
    app.add_url_rule("/docs", "api", jwt_required(refresh=True)(lambda: "seen"))
    assert status(app, "/docs") == 401
    assert status(app, "/docs", **bearer(token(type="refresh"))) == 200


def smorest(app: Flask) -> list[str]:
    app.config.update(OPENAPI_URL_PREFIX="/docs", OPENAPI_SWAGGER_UI_PATH="/ui")
    app.config["OPENAPI_SWAGGER_UI_URL"] = "https://example.com/"
    flask_smorest.Api(app)
    return ["/docs/openapi.json", "/docs/ui"]


def restx(app: Flask) -> list[str]:
    flask_restx.Api(app, doc="/docs/")
    return ["/docs/", "/swagger.json", "/swaggerui/swagger-ui.css"]


def restx_on_a_blueprint(app: Flask) -> list[str]:
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    flask_restx.Api(blueprint, doc="/docs/")
    app.register_blueprint(blueprint)
    return ["/api/docs/", "/api/swagger.json", "/swaggerui/swagger-ui.css"]


@pytest.mark.parametrize("factory", [False, True])
@pytest.mark.parametrize(
    ("extension", "exempt"),
    [
        (smorest, ["/docs"]),
        (smorest, ["api-docs"]),
        (restx, ["/docs", "/swagger.json", "/swaggerui"]),
        (restx, ["doc", "specs", "restx_doc"]),
        (restx_on_a_blueprint, ["/api/docs", "/api/swagger.json", "/swaggerui"]),
        (restx_on_a_blueprint, ["api.doc", "api.specs", "restx_doc"]),
    ],
)
def test_the_pages_of_an_extension_can_be_opened(
    extension: Callable[[Flask], list[str]], exempt: list[str], factory: bool
) -> None:
    app, closed = an_app(exempt, factory=factory), an_app(None, factory=factory)
    for one, expected in ((app, 200), (closed, 401)):
        paths = extension(one)
        with_views(one, "/thing")
        assert {status(one, path) for path in paths} == {expected}
        assert status(one, "/thing") == 401


def test_resources_of_an_api_stay_protected() -> None:
    app = an_app(["/docs"])
    api = flask_restful.Api(app)
    for path in ("/docs", "/thing"):
        made = type(f"Made{path[1:]}", (flask_restful.Resource,), {"get": lambda self: "seen"})
        api.add_resource(made, path)
    assert statuses(app, "/docs", "/thing") == [200, 401]


@pytest.mark.parametrize("exempt", [None, [], (), set()])
def test_without_entries_everything_is_protected(exempt: Any) -> None:
    assert statuses(with_views(an_app(exempt), "/", "/docs"), "/", "/docs") == [401, 401]


def test_one_entry_may_be_a_string() -> None:
    assert statuses(with_views(an_app("/docs"), "/docs", "/d"), "/docs", "/d") == [200, 401]


@pytest.mark.parametrize("entry", ["/", "", "//"])
def test_an_entry_that_would_open_everything_is_refused(entry: str) -> None:
    with pytest.raises(RuntimeError, match="JWT_EXEMPT must not contain"):
        make_app(EXEMPT=[entry])


@pytest.mark.parametrize("value", [5, [5], [None], [jwt_required], jwt_required])
def test_an_entry_must_be_a_string(value: Any) -> None:
    with pytest.raises(RuntimeError, match="JWT_EXEMPT must be a list of paths"):
        make_app(EXEMPT=value)


def test_a_mistake_that_is_made_later_opens_nothing() -> None:
    app = with_views(an_app(None), "/view")
    app.config["JWT_EXEMPT"] = ["/"]
    app.testing = True
    with pytest.raises(RuntimeError, match="JWT_EXEMPT"):
        app.test_client().get("/view")
