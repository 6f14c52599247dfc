"""What applications rely on without its being an option: upstream's behaviours, by their numbers.

What has a number or the fixture `package` runs on Flask-JWT-Extended as well, so that it is true of
both. The tests named `better` are about what upstream gets plainly wrong.
"""

import time
from datetime import timedelta
from types import ModuleType
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from flask import Flask, Response, g
from flask_jwt_extended import exceptions
from support import SECRET, bearer, guarded_app, make_app, token

import jwt_extended.flask as ours
from jwt_extended.flask.exceptions import StoreUnavailableError

NOW = int(time.time())
GOOD, REFRESH, EXPIRED = token(), token(type="refresh"), token(exp=NOW - 5)
OTHER_SECRET, CSRF = "another secret of at least thirty-two bytes", "the csrf value"
EXPECTED = "Expected 'Authorization: Bearer <JWT>'"
BAD_BARE = "422 Bad Authorization header. Expected 'Authorization: <JWT>'"
NO_TYPE = f"401 Missing 'Bearer' type in 'Authorization' header. {EXPECTED}"
BAD_HEADER = f"422 Bad Authorization header. {EXPECTED}"
NO_COOKIE = 'Missing Authorization Header; Missing cookie "access_token_cookie"'
NO_CSRF, WRONG_CSRF = "401 Missing CSRF token", "401 CSRF double submit tokens do not match"
NO_KEY = '401 Missing "access_token" key in json data.'
NOT_JSON = "401 Invalid content-type. Must be application/json."
STALE, IS_REFRESH = "401 Fresh token required", "422 Only non-refresh tokens are allowed"
BARE, HEADERS = {"HEADER_TYPE": ""}, {"TOKEN_LOCATION": ["headers", "cookies"]}
COOKIES, JSON = {"TOKEN_LOCATION": ["cookies"]}, {"TOKEN_LOCATION": ["json"]}
SWAPPED, QUERY = {"TOKEN_LOCATION": ["cookies", "headers"]}, {"TOKEN_LOCATION": "query_string"}
FORM = {**COOKIES, "CSRF_CHECK_FORM": True}
IN_JSON = f'{{"access_token": "{GOOD}"}}'
LOADERS = ("decode_key", "token_in_blocklist", "token_verification", "user_lookup")


def head(value: str, text: str | None = None, **rest: Any) -> dict[str, Any]:
    """A request with an Authorization header, and a token in a cookie."""
    cookies = {} if text is None else {"Cookie": f"access_token_cookie={text}"}
    return {"headers": {"Authorization": value, **cookies}, **rest}


def sent(path: str = "/access", **changes: Any) -> dict[str, Any]:
    """A request with a token of changed claims."""
    return head(f"Bearer {token(**changes)}", path=path)


def posted(text: str, csrf: str | None = None, form: str | None = None) -> dict[str, Any]:
    """A request with a token in a cookie, and CSRF values in header and form."""
    asked = head("", text, method="POST", data=form and {"csrf_token": form})
    asked["headers"] |= {} if csrf is None else {"X-CSRF-TOKEN": csrf}
    return asked


def body(data: str, kind: str = "application/json") -> dict[str, Any]:
    return {"method": "POST", "data": data, "content_type": kind}


#: Under which options which request is refused how, or is admitted by a token from where.
ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "02 spaces and commas": ({}, head(f" ,Bearer  {GOOD} ,"), "headers"),
    "02 another type before": ({}, head(f"Basic x,,Bearer {GOOD},, "), "headers"),
    "02 two Bearers": ({}, head(f"Bearer {GOOD}, Bearer {GOOD}"), NO_TYPE),
    "02 Bearer alone": ({}, head("Bearer"), BAD_HEADER),
    "02 three parts": ({}, head(f"Bearer {GOOD} more"), BAD_HEADER),
    "02 empty": ({}, head(" , "), "401 Missing Authorization Header"),
    "02 no type": (BARE, head(f" {GOOD},"), "headers"),
    "02 no type, two parts": (BARE, head(f"Bearer {GOOD}"), BAD_BARE),
    "03 falls through": (HEADERS, head("Basic x", GOOD), "cookies"),
    "03 bad token": (HEADERS, head("Bearer bad", GOOD), "422 Not enough segments"),
    "03 refresh": (HEADERS, head(f"Bearer {REFRESH}", GOOD), IS_REFRESH),
    "03 Bearer alone": (HEADERS, head("Bearer", GOOD), BAD_HEADER),
    "03 none": (HEADERS, head(""), f"401 Missing JWT in headers or cookies ({NO_COOKIE})"),
    "04 no CSRF": (SWAPPED, head(f"Bearer {GOOD}", GOOD, method="POST"), NO_CSRF),
    "04 no cookie": (SWAPPED, head(f"Bearer {GOOD}", method="POST"), "headers"),
    "04 form": (FORM, posted(GOOD, form=CSRF), "cookies"),
    "04 empty header, form": (FORM, posted(GOOD, "", CSRF), "cookies"),
    "04 wrong header, form": (FORM, posted(GOOD, "another", CSRF), WRONG_CSRF),
    "04 form unread": (COOKIES, posted(GOOD, form=CSRF), NO_CSRF),
    "05 expired, wrong CSRF": (COOKIES, posted(EXPIRED, "another"), WRONG_CSRF),
    "05 expired, no sub": ({}, sent(exp=NOW - 5, sub=None), "422 Missing claim: sub"),
    "07 query": (QUERY, {"path": f"/access?jwt={GOOD}"}, "query_string"),
    "08 JSON": (JSON, body(IN_JSON, "application/json; charset=utf-8"), "json"),
    "08 +json": (JSON, body(IN_JSON, "application/vnd.api+json"), "json"),
    "08 text": (JSON, body(IN_JSON, "text/plain"), NOT_JSON),
    "08 null": (JSON, body("null"), NO_KEY),
    "08 invalid": (JSON, body("{"), NO_KEY),
    "12 aud unasked": ({}, sent(aud="them"), "headers"),
    "12 aud": ({"DECODE_AUDIENCE": ["us", "we"]}, sent(aud=["we", "them"]), "headers"),
    "12 wrong aud": ({"DECODE_AUDIENCE": "us"}, sent(aud="them"), "422 Audience doesn't match"),
    "12 iss": ({"DECODE_ISSUER": ["us", "we"]}, sent(iss="we"), "headers"),
    "12 wrong iss": ({"DECODE_ISSUER": ["us", "we"]}, sent(iss="them"), "422 Invalid issuer"),
    "12 leeway": ({"DECODE_LEEWAY": timedelta(minutes=1)}, sent(exp=NOW - 5), "headers"),
    "12 exp as a text": ({}, sent(exp=str(NOW + 900)), "headers"),
    "12 null jti": ({}, sent(jti=...), "422 JWT ID must be a string"),
    "13 refresh": ({}, sent("/refresh-fresh", type="refresh"), STALE),
    "13 fresh refresh": ({}, sent("/refresh-fresh", type="refresh", fresh=True), "headers"),
    "13 app": ({}, sent(type="app"), "headers"),
    "13 app for refresh": ({}, sent("/refresh", type="app"), "422 Only refresh tokens are allowed"),
}

#: The same for what upstream answers with 500.
BETTER: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "JSON list": (JSON, body('["access_token"]'), NO_KEY),
    "JSON string": (JSON, body('"access_token"'), NO_KEY),
    "CSRF header not ASCII": (COOKIES, posted(GOOD, "é"), WRONG_CSRF),
    "CSRF field not ASCII": (FORM, posted(GOOD, form="☃"), WRONG_CSRF),
    **{f"fresh {fresh!r}": ({}, sent("/fresh", fresh=fresh), STALE) for fresh in ("yes", [1], ...)},
    "set": ({"TOKEN_LOCATION": {"cookies", "headers"}}, *ANSWERS["03 none"][1:]),
}

#: What is wrong with a token where an app catches the exception itself.
OWN_HANDLERS: dict[type[Exception], dict[str, Any]] = {
    exceptions.WrongTokenError: {"type": "refresh"},
    exceptions.JWTDecodeError: {"sub": None},
    exceptions.UserClaimsVerificationError: {},
    jwt.ExpiredSignatureError: {"exp": NOW - 5},
    jwt.ImmatureSignatureError: {"nbf": NOW + 900},
    jwt.exceptions.InvalidSubjectError: {"sub": 5},
    jwt.exceptions.InvalidJTIError: {"jti": 5},
}


@pytest.fixture(params=[ours, upstream], ids=["ours", "upstream"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def ask(app: Flask, path: str = "/access", **rest: Any) -> str:
    """Return status and message of a refusal, or where the token was."""
    answer = app.test_client(use_cookies=False).open(path, **rest)
    said = answer.json
    return said["location"] if answer.status_code == 200 else f"{answer.status_code} {said['msg']}"


def recording(called: list[Any], answers: dict[str, Any]) -> Any:
    """Return a setup whose loaders note that they are called, and with what."""

    def setup(manager: Any) -> None:
        for name, answer in answers.items():

            def callback(*args: Any, name: str = name, answer: Any = answer) -> Any:
                called.append((name, *args))
                if isinstance(answer, Exception):
                    raise answer
                return answer

            getattr(manager, f"{name}_loader")(callback)

    return setup


@pytest.mark.parametrize("case", ANSWERS)
def test_a_request_is_answered_as_upstream_answers_it(package: ModuleType, case: str) -> None:
    options, request, answer = ANSWERS[case]
    assert ask(guarded_app(package, **options), **request) == answer


@pytest.mark.parametrize("case", BETTER)
def test_better_a_request_is_refused_and_no_failure(case: str) -> None:
    options, request, answer = BETTER[case]
    assert ask(guarded_app(**options), **request) == answer


@pytest.mark.parametrize("user", [None, 0, ""])
def test_01_users_are_looked_up_unasked_and_only_none_is_nobody(
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


def test_01_without_a_lookup_current_user_is_false_and_has_nothing(package: ModuleType) -> None:
    with make_app(package).test_request_context(**head(f"Bearer {GOOD}")):
        package.verify_jwt_in_request()
        assert bool(package.current_user) is False
        with pytest.raises(RuntimeError, match=r"You must provide a `@jwt.user_lookup_loader`"):
            _ = package.current_user.name


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), (bearer("x"), 422), (bearer(GOOD), 200)]
)
def test_06_options_runs_the_view_without_a_token_and_head_is_guarded(
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
def test_09_and_15_what_takes_a_token_verifies_it(package: ModuleType, call: str) -> None:
    arguments = [Response()] if call.startswith("set") else []
    with make_app(package).test_request_context():
        assert getattr(package, call)(*arguments, GOOD) in ("a jti", CSRF, None)
        with pytest.raises(jwt.ExpiredSignatureError):
            getattr(package, call)(*arguments, EXPIRED)


def test_10_encode_callbacks_run_in_order_each_with_the_raw_identity(package: ModuleType) -> None:
    called: list[Any] = []
    claims, headers = {"role": "admin"}, {"kid": "a key"}
    answers = {"additional_headers": headers, "additional_claims": claims}
    answers |= {"user_identity": "alice", "encode_key": OTHER_SECRET}
    user = object()
    with make_app(package, recording(called, answers)).app_context():
        made = jwt.decode_complete(package.create_access_token(user), OTHER_SECRET, ["HS256"])
    assert called == [(name, user) for name in answers]
    assert made["header"] == {"alg": "HS256", "typ": "JWT"} | headers
    assert made["payload"].items() >= {"sub": "alice", **claims}.items()
    with make_app(package, recording([], answers)).app_context():
        given = package.create_access_token(user, False, None, {"role": "user"}, {"kid": "given"})
    assert jwt.get_unverified_header(given)["kid"] == "given"
    assert jwt.decode(given, OTHER_SECRET, ["HS256"])["role"] == "user"


@pytest.mark.parametrize("changes", [{"alg": "HS384"}, {"typ": None}])
def test_11_the_header_alg_chooses_the_algorithm_and_typ_can_be_taken_away(
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
def test_callbacks_run_in_order_and_none_after_a_refusal(
    package: ModuleType, path: str, fresh: bool, calls: int
) -> None:
    called: list[Any] = []
    answers = dict(zip(LOADERS, (SECRET, False, True, "a user"), strict=True))
    ask(guarded_app(package, recording(called, answers)), **sent(path, fresh=fresh))
    assert [name for name, *_ in called] == list(LOADERS[:calls])
    assert all(data["sub"] == "alice" and head["alg"] == "HS256" for _, head, data in called)


@pytest.mark.parametrize("loader", [*LOADERS, "unauthorized"])
@pytest.mark.parametrize("error", [ValueError("mine"), KeyError("flask-jwt-extended")])
def test_a_callback_that_raises_is_the_app_s_own_error(
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
def test_an_app_s_own_handler_and_except_clause_see_the_exception(
    package: ModuleType, kind: type[Exception]
) -> None:
    request = sent(**OWN_HANDLERS[kind])
    if package is ours:
        kind = getattr(ours.exceptions, kind.__name__, kind)
    app = guarded_app(package, lambda jwt: jwt.token_verification_loader(lambda _, __: False))
    app.register_error_handler(kind, lambda error: ({"msg": type(error).__name__}, 418))
    assert ask(app, **request) == f"418 {kind.__name__}"
    with app.test_request_context(headers=request["headers"]), pytest.raises(kind):
        package.verify_jwt_in_request()


def test_an_app_s_own_handler_of_a_base_class_leaves_upstream_s_handlers_alone(
    package: ModuleType,
) -> None:
    app = guarded_app(package)
    for base in (jwt.InvalidTokenError, Exception):
        app.register_error_handler(base, lambda _: ({"msg": "mine"}, 418))
    assert ask(app, **sent(sub=5)) == "418 mine"
    assert ask(app, **head("Bearer bad")) == "422 Not enough segments"
    assert ask(app) == "401 Missing Authorization Header"


def test_better_an_async_blocklist_revokes_what_it_says_it_does() -> None:
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


def test_better_a_callback_that_only_returns_a_coroutine_admits_nobody() -> None:
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


def test_better_a_set_of_locations_has_one_order() -> None:
    class Unordered(set[str]):
        def __iter__(self) -> Any:
            return iter(["cookies", "headers"])

    app = make_app()
    app.add_url_rule("/", view_func=ours.jwt_required(locations=Unordered())(lambda: "seen"))
    assert ask(app, "/") == ANSWERS["03 none"][2]


def test_time_is_pythons_so_that_tests_can_turn_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app, now = guarded_app(), time.time()
    with app.app_context():
        value = ours.create_access_token("alice")
    for later, expected in [(0, 200), (3600, 401), (60, 200)]:
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert app.test_client().get("/access", headers=bearer(value)).status_code == expected


def test_a_store_forgets_what_no_token_can_need_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    app = make_app(STORE="memory:1", ACCESS_TOKEN_EXPIRES=60, REFRESH_TOKEN_EXPIRES=60)
    with app.app_context():
        ours.revoke_session("a session")
        with pytest.raises(StoreUnavailableError):
            ours.revoke_session("another")
        monkeypatch.setattr(time, "time", lambda: now + 61)
        ours.revoke_session("another")
