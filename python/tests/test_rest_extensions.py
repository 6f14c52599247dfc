"""Flask-RESTful, Flask-RESTX and flask-smorest, without any option set for them.

The first two answer an app's exceptions, and do not know those of this package. Rejections must be
answered as in any other app, and the extension must answer everything else.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import flask_restful
import flask_restx
import flask_smorest
import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from support import make_app
from werkzeug.test import TestResponse

from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt_identity,
    jwt_required,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import JWTExtendedException, NoAuthorizationError


class Rejection(NamedTuple):
    """The answer, the loader that gives it, the request's token, and the guard's arguments."""

    status: int
    msg: str
    loader: str
    brings: str = "good"
    asked: Mapping[str, Any] = {}


NO_TOKEN = Rejection(401, "Missing Authorization Header", "unauthorized", "nothing")
MALFORMED = Rejection(422, "Not enough segments", "invalid_token", "malformed")
EXPIRED = Rejection(401, "Token has expired", "expired_token", "expired")
BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"
REJECTIONS = [
    NO_TOKEN,
    MALFORMED,
    EXPIRED,
    Rejection(401, "Missing CSRF token", "unauthorized", "cookie", {"locations": "cookies"}),
    Rejection(422, BAD_HEADER, "invalid_token", "two words"),
    Rejection(422, "Only non-refresh tokens are allowed", "invalid_token", "refresh"),
    Rejection(422, "Only refresh tokens are allowed", "invalid_token", asked={"refresh": True}),
    Rejection(401, "Fresh token required", "needs_fresh_token", asked={"fresh": True}),
    Rejection(401, "Token has been revoked", "revoked_token", "revoked"),
    Rejection(401, "Error loading the user nobody", "user_lookup_error", "nobody"),
    Rejection(400, "User claims verification failed", "token_verification_failed", "suspect"),
]
MODULES = {"restful": flask_restful, "restx": flask_restx, "smorest": flask_smorest}
#: An extension, and where its views are. Those of flask-smorest are always on a blueprint.
PLACES = [(name, place) for name in ("restful", "restx") for place in ("app", "blueprint")]
PLACES.append(("smorest", "blueprint"))
#: The places where a guard can be.
GUARDS = ["decorator", "decorators of the class", "inside the view", "before_request"]

each_rejection = pytest.mark.parametrize(
    "rejection", REJECTIONS, ids=lambda rejection: rejection.msg
)
each_place = pytest.mark.parametrize(("extension", "place"), PLACES)
each_extension = pytest.mark.parametrize("extension", MODULES)
each_order = pytest.mark.parametrize("order", ["manager first", "api first"])


class Made:
    """An app of an extension, with one view at ``/thing``."""

    def __init__(
        self,
        view: Any,
        extension: str,
        order: str = "manager first",
        place: str = "app",
        prepare: Callable[[Any], None] = lambda scaffold: None,
        **options: Any,
    ) -> None:
        self.app = Flask("things")
        self.app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes"
        self.app.config.update(API_TITLE="Things", API_VERSION="1", OPENAPI_VERSION="3.0.3")
        self.app.add_url_rule("/plain", view_func=lambda: "plain")
        self.client = self.app.test_client(use_cookies=False)
        if order == "manager first":
            self._add_manager()
        scaffold: Any = self.app if place == "app" else Blueprint("things", __name__)
        if extension == "smorest":
            scaffold = flask_smorest.Blueprint("things", __name__)
            scaffold.route("/thing")(view)
            self.api = flask_smorest.Api(self.app)
        else:
            self.api = MODULES[extension].Api(scaffold, **options)
            self.api.add_resource(view, "/thing")
        if place == "blueprint":
            prepare(scaffold)
        if scaffold is not self.app:
            (self.api if extension == "smorest" else self.app).register_blueprint(scaffold)
        if order == "api first":
            self._add_manager()
        if place == "app":
            prepare(self.app)

    def _add_manager(self) -> None:
        self.jwt = JWTManager(self.app)
        self.jwt.token_in_blocklist_loader(lambda _, claims: claims["jti"] == "revoked")
        self.jwt.token_verification_loader(lambda _, claims: "suspect" not in claims)
        self.jwt.user_lookup_loader(lambda _, claims: {"alice": "Alice"}.get(claims["sub"]))
        with self.app.app_context():
            self.tokens = {
                "good": create_access_token("alice"),
                "refresh": create_refresh_token("alice"),
                "expired": create_access_token("alice", expires_delta=timedelta(seconds=-1)),
                "revoked": create_access_token("alice", additional_claims={"jti": "revoked"}),
                "suspect": create_access_token("alice", additional_claims={"suspect": True}),
                "nobody": create_access_token("nobody"),
                "malformed": "x",
                "two words": "x y",
            }

    def ask(self, brings: str) -> tuple[int, Any]:
        headers = {}
        if brings == "cookie":
            headers["Cookie"] = f"access_token_cookie={self.tokens['good']}"
        elif brings != "nothing":
            headers["Authorization"] = f"Bearer {self.tokens[brings]}"
        return said(self.client.post("/thing", headers=headers))


def view_of(extension: str, **methods: Callable[..., Any]) -> Any:
    return type("Thing", (getattr(MODULES[extension], "Resource", MethodView),), methods)


def guarded(extension: str, by: str = "decorator", **asked: Any) -> Any:
    """Return a view for POST with a guard in one of the places of `GUARDS`, except the last."""

    def post(self: MethodView) -> dict[str, Any]:
        if by == "inside the view":
            verify_jwt_in_request(**asked)
        return {"identity": get_jwt_identity()}

    view = view_of(extension, post=jwt_required(**asked)(post) if by == "decorator" else post)
    if by == "decorators of the class":
        name = "decorators" if extension == "smorest" else "method_decorators"
        setattr(view, name, [jwt_required(**asked)])
    return view


@each_rejection
@pytest.mark.parametrize("by", GUARDS)
@each_order
@each_place
def test_a_rejection_is_answered_as_without_the_extension(
    extension: str, place: str, order: str, by: str, rejection: Rejection
) -> None:
    def prepare(scaffold: Any) -> None:
        if by == "before_request":
            scaffold.before_request(lambda: verify_jwt_in_request(**rejection.asked) and None)

    made = Made(guarded(extension, by, **rejection.asked), extension, order, place, prepare)
    assert made.ask(rejection.brings) == (rejection.status, {"msg": rejection.msg})


@each_rejection
@each_order
@each_extension
def test_the_apps_loaders_answer(extension: str, order: str, rejection: Rejection) -> None:
    made = Made(guarded(extension, **rejection.asked), extension, order)
    set_loader = getattr(made.jwt, f"{rejection.loader}_loader")
    set_loader(lambda *_: ({"sorry": rejection.msg}, 418))
    assert made.ask(rejection.brings) == (418, {"sorry": rejection.msg})


@each_order
@each_place
def test_the_apps_error_handlers_answer(extension: str, place: str, order: str) -> None:
    def prepare(scaffold: Any) -> None:
        scaffold.register_error_handler(NoAuthorizationError, sorry)

    made = Made(guarded(extension), extension, order, place, prepare)
    assert made.ask("nothing") == (418, {"sorry": NO_TOKEN.msg})
    assert made.ask("expired") == (401, {"msg": EXPIRED.msg})


@pytest.mark.parametrize("kind", [NoAuthorizationError, JWTExtendedException])
@pytest.mark.parametrize("where", ["api", "namespace"])
@pytest.mark.parametrize("place", ["app", "blueprint"])
@each_order
def test_the_error_handlers_of_a_restx_api_answer(
    order: str, place: str, where: str, kind: type[Exception]
) -> None:
    made = Made(guarded("restx"), "restx", order, place)
    scope = made.api if where == "api" else made.api.namespace("more")
    scope.errorhandler(kind)(sorry)
    # Flask-RESTX adds the second member.
    assert made.ask("nothing") == (418, {"sorry": NO_TOKEN.msg, "message": NO_TOKEN.msg})
    assert made.ask("expired") == (401, {"msg": EXPIRED.msg})


@pytest.mark.parametrize("by_default", [False, True])
@pytest.mark.parametrize("place", ["app", "blueprint"])
@each_order
def test_a_catch_all_handler_of_a_restx_api_answers(
    order: str, place: str, by_default: bool
) -> None:
    made = Made(guarded("restx"), "restx", order, place)
    tell = made.api.errorhandler if by_default else made.api.errorhandler(Exception)
    tell(sorry)
    expired = "Signature has expired"  # PyJWT's message, which upstream uses too
    assert made.ask("nothing") == (418, {"sorry": NO_TOKEN.msg, "message": NO_TOKEN.msg})
    assert made.ask("expired") == (418, {"sorry": expired, "message": expired})
    assert made.ask("good") == (200, {"identity": "alice"})


@pytest.mark.parametrize("place", ["app", "blueprint"])
@each_order
def test_the_errors_of_a_restful_api_answer(order: str, place: str) -> None:
    errors = {"NoAuthorizationError": {"message": "Who are you?", "status": 418}}
    made = Made(guarded("restful"), "restful", order, place, errors=errors)
    assert made.ask("nothing") == (418, errors["NoAuthorizationError"])
    assert made.ask("expired") == (401, {"msg": EXPIRED.msg})


@pytest.mark.parametrize("extension", ["restful", "restx"])
def test_handlers_of_another_api_do_not_answer(extension: str) -> None:
    made = Made(guarded(extension), extension)
    other = Blueprint("other", __name__, url_prefix="/other")
    if extension == "restful":
        flask_restful.Api(other, errors={"NoAuthorizationError": {"status": 418}})
    else:
        flask_restx.Api(other).errorhandler(NoAuthorizationError)(sorry)
    made.app.register_blueprint(other)
    assert made.ask("nothing") == (401, {"msg": NO_TOKEN.msg})


@pytest.mark.parametrize("rejection", [MALFORMED, EXPIRED], ids=["malformed", "expired"])
@each_order
@each_place
def test_a_token_decoded_inside_a_view_is_rejected_as_well(
    extension: str, place: str, order: str, rejection: Rejection
) -> None:
    def post(_: MethodView) -> dict[str, Any]:
        return decode_token(made.tokens[rejection.brings])

    made = Made(view_of(extension, post=post), extension, order, place)
    assert made.ask("nothing") == (rejection.status, {"msg": rejection.msg})


@pytest.mark.parametrize("extension", ["restful", "restx"])
def test_an_exception_that_the_app_raises_is_answered(extension: str) -> None:
    @jwt_required()
    def post(_: MethodView) -> None:
        raise NoAuthorizationError("Admins only")

    made = Made(view_of(extension, post=post), extension)
    assert made.ask("good") == (401, {"msg": "Admins only"})


def not_found(extension: str) -> None:
    MODULES[extension].abort(404, message="no such thing")


def unforeseen(extension: str) -> None:
    raise ValueError(extension)


@pytest.mark.parametrize(
    ("asked", "fail", "status"),
    [
        ("POST /thing", not_found, 404),
        ("POST /thing", unforeseen, 500),
        ("PUT /thing", unforeseen, 405),
        ("POST /nothing", unforeseen, 404),
    ],
)
@each_order
@each_place
def test_all_other_errors_stay_with_the_extension(
    extension: str, place: str, order: str, asked: str, fail: Callable[[str], None], status: int
) -> None:
    view = view_of(extension, post=lambda _: fail(extension), get=lambda _: verify_jwt_in_request())
    made, without = (Made(view, extension, has, place) for has in (order, "no manager"))
    method, path = asked.split()
    # As without this package, also after a rejection was answered.
    for _ in range(2):
        answer, expected = (one.client.open(path, method=method) for one in (made, without))
        assert answer.status_code == status
        assert (answer.status, answer.text) == (expected.status, expected.text)
        assert list(answer.headers) == list(expected.headers)
        assert made.client.get("/thing").status_code == 401


@each_order
@each_place
def test_valid_tokens_pass_and_open_views_stay_open(extension: str, place: str, order: str) -> None:
    made = Made(guarded(extension), extension, order, place)
    for _ in range(2):
        assert made.ask("good") == (200, {"identity": "alice"})
        assert made.client.get("/plain").text == "plain"
        assert made.ask("nothing") == (401, {"msg": NO_TOKEN.msg})


def sorry(error: Exception) -> tuple[dict[str, str], int]:
    return {"sorry": str(error)}, 418


def said(answer: TestResponse) -> tuple[int, Any]:
    return answer.status_code, answer.get_json()


class OwnWay(flask_restful.Api):
    """An API with its own `handle_error`, like those of apps written for upstream."""

    def handle_error(self, e: Exception) -> Any:
        return {"own": type(e).__name__}, 418


def test_an_api_with_its_own_handle_error_keeps_it() -> None:
    app = make_app()
    api = OwnWay(app)

    class Guarded(flask_restful.Resource):
        @jwt_required()
        def get(self) -> None: ...

    api.add_resource(Guarded, "/guarded")
    answer = app.test_client().get("/guarded")
    assert (answer.status_code, answer.json) == (418, {"own": "NoAuthorizationError"})
