"""Behaviours of upstream that apps rely on and that are not options, by their numbers.

Tests with a number or with the fixture `package` also run on Flask-JWT-Extended, so they hold for
both packages. Tests named `better` cover mistakes of upstream.
"""

import time
from types import ModuleType
from typing import Any

import jwt
import pytest
from flask import Response, g
from flask_jwt_extended import exceptions
from support import OTHER, SECRET, ask, bearer, guarded_app, head, make_app, sent, token

import jwt_extended.flask as ours

GOOD, EXPIRED, CSRF = token(), token(exp=1), "the csrf value"
LOADERS = ("decode_key", "token_in_blocklist", "token_verification", "user_lookup")

#: The claims that raise an exception, which the app handles itself.
OWN_HANDLERS: dict[type[Exception], dict[str, Any]] = {
    exceptions.WrongTokenError: {"type": "refresh"},
    exceptions.JWTDecodeError: {"sub": None},
    exceptions.UserClaimsVerificationError: {},
    jwt.ExpiredSignatureError: {"exp": 1},
    jwt.ImmatureSignatureError: {"nbf": 2**40},
    jwt.exceptions.InvalidSubjectError: {"sub": 5},
    jwt.exceptions.InvalidJTIError: {"jti": 5},
}


def recording(called: list[Any], answers: dict[str, Any]) -> Any:
    """Return a setup whose loaders record their calls and arguments."""

    def setup(manager: Any) -> None:
        for name, answer in answers.items():

            def callback(*args: Any, name: str = name, answer: Any = answer) -> Any:
                called.append((name, *args))
                if isinstance(answer, Exception):
                    raise answer
                return answer

            getattr(manager, f"{name}_loader")(callback)

    return setup


@pytest.mark.parametrize("user", [None, 0, ""])
def test_01_users_are_always_looked_up_and_only_none_is_rejected(
    package: ModuleType, user: Any
) -> None:
    called: list[Any] = []
    app = guarded_app(package, recording(called, {"user_lookup": user}))
    nobody = "401 Error loading the user alice"
    assert ask(app, **sent()) == (nobody if user is None else "headers")
    assert [name for name, *_ in called] == ["user_lookup"]
    if user is not None:
        with app.test_request_context(**head(f"Bearer {GOOD}")):
            package.verify_jwt_in_request()
            assert package.get_current_user() is user
            assert package.current_user == user


def test_01_without_a_lookup_current_user_is_false(package: ModuleType) -> None:
    with make_app(package).test_request_context(**head(f"Bearer {GOOD}")):
        package.verify_jwt_in_request()
        assert bool(package.current_user) is False
        with pytest.raises(RuntimeError, match=r"You must provide a `@jwt.user_lookup_loader`"):
            _ = package.current_user.name


def test_locations_may_be_an_iterator() -> None:
    app = make_app(TOKEN_LOCATION=["headers", "cookies"])
    guard = ours.jwt_required(locations=iter(["cookies"]))
    app.add_url_rule("/access", view_func=guard(lambda: {"location": "cookies"}))
    for _ in range(2):
        assert ask(app, **head(f"Bearer {GOOD}")) == '401 Missing cookie "access_token_cookie"'
        assert ask(app, **head("", GOOD)) == "cookies"


@pytest.mark.parametrize("place", ["pockets", ["headers"]])
def test_a_place_that_does_not_exist_raises(place: Any) -> None:
    with (
        make_app().test_request_context(**head(f"Bearer {GOOD}")),
        pytest.raises(RuntimeError, match="is not a valid location"),
    ):
        ours.verify_jwt_in_request(locations=[place])


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), (bearer("x"), 422), (bearer(GOOD), 200)]
)
def test_06_options_passes_without_a_token(
    package: ModuleType, headers: dict[str, str], status: int
) -> None:
    app = guarded_app(package)
    app.testing = True
    with pytest.raises(RuntimeError, match=r"You must call `@jwt_required\(\)`"):
        app.test_client().options("/access", headers=headers)
    with app.test_request_context(method="OPTIONS", headers=headers):
        assert package.verify_jwt_in_request() is None
        assert not [name for name in g if "jwt" in name]
        assert package.get_jwt_request_location() is None  # 07: it never raises
    assert app.test_client().head("/access", headers=headers).status_code == status


@pytest.mark.parametrize(
    "call", ["get_jti", "get_csrf_token", "set_access_cookies", "set_refresh_cookies"]
)
def test_09_15_functions_that_take_a_token_verify_it(package: ModuleType, call: str) -> None:
    arguments = [Response()] if call.startswith("set") else []
    with make_app(package).test_request_context():
        assert getattr(package, call)(*arguments, GOOD) in ("a jti", CSRF, None)
        with pytest.raises(jwt.ExpiredSignatureError):
            getattr(package, call)(*arguments, EXPIRED)


def test_10_encode_callbacks_run_in_order(package: ModuleType) -> None:
    called: list[Any] = []
    claims, headers = {"role": "admin"}, {"kid": "a key"}
    answers = {"additional_headers": headers, "additional_claims": claims}
    answers |= {"user_identity": "alice", "encode_key": OTHER}
    user = object()
    with make_app(package, recording(called, answers)).app_context():
        made = jwt.decode_complete(package.create_access_token(user), OTHER, ["HS256"])
    assert called == [(name, user) for name in answers]
    assert made["header"] == {"alg": "HS256", "typ": "JWT"} | headers
    assert made["payload"].items() >= {"sub": "alice", **claims}.items()
    with make_app(package, recording([], answers)).app_context():
        given = package.create_access_token(user, False, None, {"role": "user"}, {"kid": "given"})
    assert jwt.get_unverified_header(given)["kid"] == "given"
    assert jwt.decode(given, OTHER, ["HS256"])["role"] == "user"


@pytest.mark.parametrize("changes", [{"alg": "HS384"}, {"typ": None}])
def test_11_headers_can_change_alg_and_remove_typ(
    package: ModuleType, changes: dict[str, Any]
) -> None:
    header = {"alg": "HS256", "typ": "JWT"} | changes
    with make_app(package).app_context():
        made = package.create_access_token("alice", additional_headers=changes)
    signed = jwt.decode_complete(made, SECRET, [header["alg"]])
    assert signed["header"] == {name: value for name, value in header.items() if value}


@pytest.mark.parametrize("user", ["a user", None])
def test_14_a_guard_leaves_four_things_on_g(package: ModuleType, user: str | None) -> None:
    lookup = {"user_lookup": user} if user else {}
    app = make_app(package, recording([], lookup))
    with app.test_request_context(**head(f"Bearer {GOOD}")):
        package.verify_jwt_in_request()
        assert g._jwt_extended_jwt is package.get_jwt()
        assert g._jwt_extended_jwt_header is package.get_jwt_header()
        assert g._jwt_extended_jwt_location == "headers"
        assert g._jwt_extended_jwt_user == ({"loaded_user": user} if user else None)
    with app.test_request_context():
        assert package.verify_jwt_in_request(optional=True) is None
        assert (g._jwt_extended_jwt, g._jwt_extended_jwt_header) == ({}, {})
        assert g._jwt_extended_jwt_user == {"loaded_user": None}
        assert g._jwt_extended_jwt_location is None


@pytest.mark.parametrize(
    ("path", "fresh", "calls"), [("/fresh", True, 4), ("/fresh", False, 1), ("/refresh", True, 1)]
)
def test_callbacks_run_in_order_until_one_rejects(
    package: ModuleType, path: str, fresh: bool, calls: int
) -> None:
    called: list[Any] = []
    answers = dict(zip(LOADERS, (SECRET, False, True, "a user"), strict=True))
    ask(guarded_app(package, recording(called, answers)), **sent(path, fresh=fresh))
    assert [name for name, *_ in called] == list(LOADERS[:calls])
    assert all(data["sub"] == "alice" and head["alg"] == "HS256" for _, head, data in called)


@pytest.mark.parametrize("loader", [*LOADERS, "unauthorized"])
@pytest.mark.parametrize("error", [ValueError("mine"), KeyError("flask-jwt-extended")])
def test_an_exception_of_a_callback_reaches_the_app(
    package: ModuleType, loader: str, error: Exception
) -> None:
    app = guarded_app(package, recording([], {loader: error}))
    app.logger.disabled = True
    request = {"path": "/access"} if loader == "unauthorized" else sent()
    assert app.test_client().open(**request).status_code == 500
    app.testing = True
    with pytest.raises(type(error)) as info:
        app.test_client().open(**request)
    assert info.value is error


@pytest.mark.parametrize("kind", OWN_HANDLERS, ids=lambda kind: kind.__name__)
def test_an_apps_handlers_see_the_exception(package: ModuleType, kind: type[Exception]) -> None:
    request = sent(**OWN_HANDLERS[kind])
    if package is ours:
        kind = getattr(ours.exceptions, kind.__name__, kind)
    app = guarded_app(package, lambda jwt: jwt.token_verification_loader(lambda _, __: False))
    app.register_error_handler(kind, lambda error: ({"msg": type(error).__name__}, 418))
    assert ask(app, **request) == f"418 {kind.__name__}"
    with app.test_request_context(headers=request["headers"]), pytest.raises(kind):
        package.verify_jwt_in_request()


def test_a_handler_of_a_base_class_replaces_no_specific_handler(
    package: ModuleType,
) -> None:
    app = guarded_app(package)
    for base in (jwt.InvalidTokenError, Exception):
        app.register_error_handler(base, lambda _: ({"msg": "mine"}, 418))
    assert ask(app, **sent(sub=5)) == "418 mine"
    assert ask(app, **head("Bearer bad")) == "422 Not enough segments"
    assert ask(app) == "401 Missing Authorization Header"


def test_better_an_async_blocklist_is_awaited() -> None:
    async def is_revoked(_: Any, data: dict[str, Any]) -> bool:
        return data["jti"] == "revoked"

    app = guarded_app(setup=lambda manager: manager.token_in_blocklist_loader(is_revoked))
    assert ask(app, **sent()) == "headers"
    assert ask(app, **sent(jti="revoked")) == "401 Token has been revoked"


def test_better_max_age_0_is_0() -> None:
    response = Response()
    with make_app(SESSION_COOKIE=False).test_request_context():
        ours.set_access_cookies(response, GOOD, max_age=0)
    assert all("Max-Age=0;" in line for line in response.headers.getlist("Set-Cookie"))


def test_better_coroutine_returning_callback_is_awaited() -> None:
    async def verify(_: Any, __: Any) -> bool:
        return False

    made = []

    def call(*args: Any) -> Any:
        made.append(verify(*args))
        return made[-1]

    app = guarded_app(setup=lambda manager: manager.token_verification_loader(call))
    app.logger.disabled = True
    answer = app.test_client().get("/access", headers=bearer(GOOD))
    made[-1].close()
    assert answer.status_code in (400, 500)


def test_the_engine_reads_pythons_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    app, now = guarded_app(), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    with app.app_context():
        value = ours.create_access_token("alice")
    for later, expected in [(0, 200), (3600, 401), (60, 200)]:
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert app.test_client().get("/access", headers=bearer(value)).status_code == expected
