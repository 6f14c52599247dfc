"""What applications rely on without its being an option: upstream's behaviours, by their numbers.

What has a number or the fixture `package` runs on Flask-JWT-Extended as well, so that it is true of
both. The tests named `better` are about what upstream gets plainly wrong.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from flask import Flask, Response, g, jsonify
from flask_restx import Api
from support import SECRET, bearer, decode, guarded_app, make_app, token

import jwt_extended.flask as ours

NOW = int(time.time())
GOOD, REFRESH, EXPIRED = token(), token(type="refresh"), token(exp=NOW - 5)
OTHER_SECRET = "another secret of at least thirty-two bytes"
TWO_BEARERS = (
    401,
    "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'",
)
BAD_HEADER = (422, "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'")
BAD_BARE = (422, "Bad Authorization header. Expected 'Authorization: <JWT>'")
NO_HEADER = (401, "Missing Authorization Header")
NO_CSRF = (401, "Missing CSRF token")
WRONG_CSRF = (401, "CSRF double submit tokens do not match")
NO_KEY = (401, 'Missing "access_token" key in json data.')
NOT_JSON = (401, "Invalid content-type. Must be application/json.")
STALE, IS_REFRESH = (401, "Fresh token required"), (422, "Only non-refresh tokens are allowed")
LOADERS = ("decode_key", "token_in_blocklist", "token_verification", "user_lookup")


def header(value: str, **rest: Any) -> dict[str, Any]:
    return {"headers": {"Authorization": value}, **rest}


def sent(path: str = "/access", **changes: Any) -> dict[str, Any]:
    return header(f"Bearer {token(**changes)}", path=path)


def cookie(text: str, csrf: str | None = None, **rest: Any) -> dict[str, Any]:
    headers = {"Cookie": f"access_token_cookie={text}", **rest.pop("headers", {})}
    return {"headers": headers if csrf is None else headers | {"X-CSRF-TOKEN": csrf}, **rest}


def body(data: str, kind: str = "application/json") -> dict[str, Any]:
    return {"method": "POST", "data": data, "content_type": kind}


def posted(text: str, csrf: str | None = None, form: str | None = None) -> dict[str, Any]:
    return cookie(text, csrf, method="POST", data=form and {"csrf_token": form})


HEADER_THEN_COOKIE = {"TOKEN_LOCATION": ["headers", "cookies"]}
COOKIE_THEN_HEADER = {"TOKEN_LOCATION": ["cookies", "headers"]}
COOKIE, JSON = {"TOKEN_LOCATION": ["cookies"]}, {"TOKEN_LOCATION": ["json"]}
FORM, BARE = {**COOKIE, "CSRF_CHECK_FORM": True}, {"HEADER_TYPE": ""}
CSRF, IN_JSON = "the csrf value", f'{{"access_token": "{GOOD}"}}'

#: Under which options which request is refused how, or is admitted by a token from where.
ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "02 spaces": ({}, header(f" Bearer  {GOOD} "), "headers"),
    "02 commas around": ({}, header(f",Bearer {GOOD},"), "headers"),
    "02 another type before": ({}, header(f"Basic x,,Bearer {GOOD},, "), "headers"),
    "02 two Bearers": ({}, header(f"Bearer {GOOD}, Bearer {GOOD}"), TWO_BEARERS),
    "02 another case": ({}, header(f"bearer {GOOD}"), TWO_BEARERS),
    "02 no space": ({}, header(f"Bearer{GOOD}"), TWO_BEARERS),
    "02 Bearer alone": ({}, header("Bearer"), BAD_HEADER),
    "02 three parts": ({}, header(f"Bearer {GOOD} more"), BAD_HEADER),
    "02 empty": ({}, header(" , "), NO_HEADER),
    "02 no type": (BARE, header(f" {GOOD},"), "headers"),
    "02 no type, two parts": (BARE, header(f"Bearer {GOOD}"), BAD_BARE),
    "03 falls through": (HEADER_THEN_COOKIE, cookie(GOOD, **header("Basic x")), "cookies"),
    "03 bad token": (
        HEADER_THEN_COOKIE,
        cookie(GOOD, **header("Bearer bad")),
        (422, "Not enough segments"),
    ),
    "03 refresh": (HEADER_THEN_COOKIE, cookie(GOOD, **header(f"Bearer {REFRESH}")), IS_REFRESH),
    "03 Bearer alone": (HEADER_THEN_COOKIE, cookie(GOOD, **header("Bearer")), BAD_HEADER),
    "04 no CSRF": (
        COOKIE_THEN_HEADER,
        cookie(GOOD, method="POST", **header(f"Bearer {GOOD}")),
        NO_CSRF,
    ),
    "04 no cookie": (COOKIE_THEN_HEADER, header(f"Bearer {GOOD}", method="POST"), "headers"),
    "04 form": (FORM, posted(GOOD, form=CSRF), "cookies"),
    "04 empty header, form": (FORM, posted(GOOD, "", CSRF), "cookies"),
    "04 wrong header, form": (FORM, posted(GOOD, "another", CSRF), WRONG_CSRF),
    "04 header, wrong form": (FORM, posted(GOOD, CSRF, "another"), "cookies"),
    "04 form unread": (COOKIE, posted(GOOD, form=CSRF), NO_CSRF),
    "05 expired": (COOKIE, posted(EXPIRED, CSRF), (401, "Token has expired")),
    "05 expired, wrong CSRF": (COOKIE, posted(EXPIRED, "another"), WRONG_CSRF),
    "05 expired, no sub": ({}, sent(exp=NOW - 5, sub=None), (422, "Missing claim: sub")),
    "07 query": (
        {"TOKEN_LOCATION": "query_string"},
        {"path": f"/access?jwt={GOOD}"},
        "query_string",
    ),
    "08 JSON": (JSON, body(IN_JSON, "application/json; charset=utf-8"), "json"),
    "08 +json": (JSON, body(IN_JSON, "application/vnd.api+json"), "json"),
    "08 text": (JSON, body(IN_JSON, "text/plain"), NOT_JSON),
    "08 null": (JSON, body("null"), NO_KEY),
    "08 invalid": (JSON, body("{"), NO_KEY),
    "08 another key": (JSON, body(f'{{"refresh_token": "{GOOD}"}}'), NO_KEY),
    "12 aud unasked": ({}, sent(aud="them"), "headers"),
    "12 aud of two": ({"DECODE_AUDIENCE": ["us", "we"]}, sent(aud=["we", "them"]), "headers"),
    "12 wrong aud": ({"DECODE_AUDIENCE": "us"}, sent(aud="them"), (422, "Audience doesn't match")),
    "12 iss of two": ({"DECODE_ISSUER": ["us", "we"]}, sent(iss="we"), "headers"),
    "12 wrong iss": ({"DECODE_ISSUER": ["us", "we"]}, sent(iss="them"), (422, "Invalid issuer")),
    "12 leeway": ({"DECODE_LEEWAY": timedelta(minutes=1)}, sent(exp=NOW - 5), "headers"),
    "12 exp as a text": ({}, sent(exp=str(NOW + 900)), "headers"),
    "12 null jti": ({}, sent(jti=...), (422, "JWT ID must be a string")),
    "12 no jti": ({}, sent(jti=None), "headers"),
    "13 refresh": ({}, sent("/refresh-fresh", type="refresh"), STALE),
    "13 fresh refresh": ({}, sent("/refresh-fresh", type="refresh", fresh=True), "headers"),
    "13 app": ({}, sent(type="app"), "headers"),
    "13 app is no refresh": (
        {},
        sent("/refresh", type="app"),
        (422, "Only refresh tokens are allowed"),
    ),
}

#: The same for what upstream answers with 500, or with every token revoked.
BETTER: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "JSON list": (JSON, body('["access_token"]'), NO_KEY),
    "JSON string": (JSON, body('"access_token"'), NO_KEY),
    "JSON number": (JSON, body("5"), NO_KEY),
    "CSRF header not ASCII": (COOKIE, posted(GOOD, "é"), WRONG_CSRF),
    "CSRF field not ASCII": (FORM, posted(GOOD, form="☃"), WRONG_CSRF),
    "CSRF claim no text": (COOKIE, posted(token(csrf=5), "5"), (422, "Missing claim: csrf")),
    **{f"fresh {fresh!r}": ({}, sent("/fresh", fresh=fresh), STALE) for fresh in ("yes", [1], ...)},
    "set": (
        {"TOKEN_LOCATION": {"cookies", "headers"}},
        {},
        (
            401,
            "Missing JWT in headers or cookies "
            '(Missing Authorization Header; Missing cookie "access_token_cookie")',
        ),
    ),
}


@pytest.fixture(params=[ours, upstream], ids=["ours", "upstream"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def ask(app: Flask, path: str = "/access", **rest: Any) -> Any:
    """Return status and message of a refusal, or where the token was."""
    answer = app.test_client(use_cookies=False).open(path, **rest)
    if answer.status_code == 200:
        return answer.json["location"]
    return answer.status_code, answer.json["msg"]


@contextmanager
def verified(package: ModuleType, app: Flask, text: str = GOOD, **asked: Any) -> Iterator[None]:
    with app.test_request_context(headers=bearer(text)):
        package.verify_jwt_in_request(**asked)
        yield


@pytest.mark.parametrize("case", ANSWERS)
def test_a_request_is_answered_as_upstream_answers_it(package: ModuleType, case: str) -> None:
    options, request, answer = ANSWERS[case]
    assert ask(guarded_app(package, **options), **request) == answer


@pytest.mark.parametrize("case", BETTER)
def test_better_a_request_is_refused_and_not_a_failure(case: str) -> None:
    options, request, answer = BETTER[case]
    assert ask(guarded_app(**options), **request) == answer


@pytest.mark.parametrize("user", [None, 0, "", False])
def test_01_users_are_looked_up_unasked_and_only_none_is_nobody(
    package: ModuleType, user: Any
) -> None:
    seen: list[str] = []

    def find(_: Any, data: Any) -> Any:
        seen.append(data["sub"])
        return user

    app = guarded_app(package, lambda manager: manager.user_lookup_loader(find))
    nobody = (401, "Error loading the user alice")
    assert ask(app, **sent()) == (nobody if user is None else "headers")
    assert seen == ["alice"]
    if user is not None:
        with verified(package, app):
            assert package.get_current_user() is user
            assert package.current_user == user


def test_01_without_a_lookup_current_user_is_false_and_its_attributes_raise(
    package: ModuleType,
) -> None:
    with verified(package, make_app(package)):
        assert bool(package.current_user) is False
        with pytest.raises(RuntimeError, match="You must provide a `@jwt.user_lookup_loader`"):
            _ = package.current_user.name


@pytest.mark.parametrize("headers", [{}, bearer("bad"), bearer(GOOD)])
def test_06_options_runs_the_view_without_a_token_and_head_does_not(
    package: ModuleType, headers: dict[str, str]
) -> None:
    app = guarded_app(package)
    app.testing = True
    with pytest.raises(RuntimeError, match=r"You must call `@jwt_required\(\)`"):
        app.test_client().options("/access", headers=headers)
    with app.test_request_context(method="OPTIONS", headers=headers):
        assert package.verify_jwt_in_request() is None
        assert not [name for name in g if "jwt" in name]
    status = 200 if headers == bearer(GOOD) else 422 if headers else 401
    assert app.test_client().head("/access", headers=headers).status_code == status


def test_07_the_location_can_be_asked_anywhere(package: ModuleType) -> None:
    with make_app(package).test_request_context():
        assert package.get_jwt_request_location() is None


@pytest.mark.parametrize("call", ["set_access_cookies", "set_refresh_cookies"])
def test_09_an_expired_token_is_not_put_into_cookies(package: ModuleType, call: str) -> None:
    with make_app(package).test_request_context(), pytest.raises(jwt.ExpiredSignatureError):
        getattr(package, call)(Response(), EXPIRED)


@pytest.mark.parametrize("call", ["get_jti", "get_csrf_token"])
def test_15_what_reads_a_token_verifies_it(package: ModuleType, call: str) -> None:
    with make_app(package).app_context():
        assert getattr(package, call)(GOOD) == ("a jti" if call == "get_jti" else CSRF)
        with pytest.raises(jwt.ExpiredSignatureError):
            getattr(package, call)(EXPIRED)


def recording(called: list[Any], answers: dict[str, Any]) -> Any:
    """Return a setup whose loaders note that they are called, and with what."""

    def setup(manager: Any) -> None:
        for name, answer in answers.items():

            def callback(*args: Any, name: str = name, answer: Any = answer) -> Any:
                called.append((name, *args))
                return answer

            getattr(manager, f"{name}_loader")(callback)

    return setup


def test_10_encode_callbacks_run_in_order_each_with_the_raw_identity(package: ModuleType) -> None:
    called: list[Any] = []
    answers = {
        "encode_key": OTHER_SECRET,
        "user_identity": "alice",
        "additional_claims": {"role": "admin"},
        "additional_headers": {"kid": "a key"},
    }
    user = object()
    with make_app(package, recording(called, answers)).app_context():
        made = jwt.decode_complete(package.create_access_token(user), OTHER_SECRET, ["HS256"])
    assert called == [(name, user) for name in reversed(answers)]
    assert made["header"] == {"alg": "HS256", "kid": "a key", "typ": "JWT"}
    assert (made["payload"]["sub"], made["payload"]["role"]) == ("alice", "admin")


@pytest.mark.parametrize(
    ("headers", "algorithm", "written"),
    [
        ({"alg": "HS384"}, "HS384", '{"alg":"HS384","typ":"JWT"}'),
        ({"typ": None}, "HS256", '{"alg":"HS256"}'),
    ],
)
def test_11_the_header_alg_chooses_the_algorithm_and_typ_can_be_taken_away(
    package: ModuleType, headers: dict[str, Any], algorithm: str, written: str
) -> None:
    with make_app(package).app_context():
        made = package.create_access_token("alice", additional_headers=headers)
    assert decode(made.split(".")[0]) == written
    assert jwt.decode(made, SECRET, [algorithm])["sub"] == "alice"
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(made, SECRET, ["HS512"])


@pytest.mark.parametrize("user", ["a user", None])
def test_14_a_guard_leaves_four_things_on_g(package: ModuleType, user: str | None) -> None:
    lookup = {"user_lookup": user} if user else {}
    with verified(package, make_app(package, recording([], lookup))):
        assert g._jwt_extended_jwt is package.get_jwt()
        assert g._jwt_extended_jwt_header is package.get_jwt_header()
        assert g._jwt_extended_jwt_location == "headers"
        assert g._jwt_extended_jwt_user == ({"loaded_user": user} if user else None)
    with make_app(package).test_request_context():
        assert package.verify_jwt_in_request(optional=True) is None
        assert (g._jwt_extended_jwt, g._jwt_extended_jwt_header) == ({}, {})
        assert g._jwt_extended_jwt_user == {"loaded_user": None}
        assert g._jwt_extended_jwt_location is None


@pytest.mark.parametrize(
    ("path", "changes", "calls"),
    [
        ("/fresh", {"fresh": True}, 4),
        ("/fresh", {"fresh": False}, 1),
        ("/refresh", {"fresh": False}, 1),
        ("/access", {"exp": NOW - 5}, 1),
    ],
)
def test_callbacks_run_in_order_and_not_for_a_token_that_is_refused_before(
    package: ModuleType, path: str, changes: dict[str, Any], calls: int
) -> None:
    called: list[Any] = []
    answers = dict(zip(LOADERS, (SECRET, False, True, "a user"), strict=True))
    ask(guarded_app(package, recording(called, answers)), **sent(path, **changes))
    assert [name for name, *_ in called] == list(LOADERS[:calls])
    assert all(data["sub"] == "alice" and head["alg"] == "HS256" for _, head, data in called)
