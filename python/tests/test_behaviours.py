"""What applications rely on without its being an option: each behaviour under its number.

All of it is run on this package and on Flask-JWT-Extended itself, so that what is said here is
true of both. Where upstream is plainly wrong is told in `test_done_better.py`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from flask import Flask, Response, g, jsonify, request
from support import HEADER, bearer, claims, decode, guarded_app, make_app, sign, token

import jwt_extended.flask as ours

BEARER = "Expected 'Authorization: Bearer <JWT>'"
MISSING_TYPE = (401, f"Missing 'Bearer' type in 'Authorization' header. {BEARER}")
MISSING_COOKIE = 'Missing cookie "access_token_cookie"'
BAD_HEADER = (422, f"Bad Authorization header. {BEARER}")
BAD_BARE_HEADER = (422, "Bad Authorization header. Expected 'Authorization: <JWT>'")
MISSING_HEADER = (401, "Missing Authorization Header")
MISSING_CSRF = (401, "Missing CSRF token")
WRONG_CSRF = (401, "CSRF double submit tokens do not match")
NO_KEY = (401, 'Missing "access_token" key in json data.')
NOT_JSON = (401, "Invalid content-type. Must be application/json.")
GOOD = token()
REFRESH = token(type="refresh")
EXPIRED = token(exp=int(time.time()) - 5)


@pytest.fixture(params=[ours, upstream], ids=["ours", "upstream"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def ask(app: Flask, path: str = "/access", cookie: str | None = None, **rest: Any) -> Any:
    """Return status and message of a refusal, or 200 and where the token was."""
    headers = dict(rest.pop("headers", {}))
    if cookie is not None:
        headers["Cookie"] = f"access_token_cookie={cookie}"
    answer = app.test_client(use_cookies=False).open(path, headers=headers, **rest)
    return answer.status_code, answer.json.get("msg", answer.json.get("location"))


@contextmanager
def verified(package: ModuleType, app: Flask, text: str = GOOD) -> Iterator[None]:
    with app.test_request_context(headers=bearer(text)):
        package.verify_jwt_in_request()
        yield


def refused(package: ModuleType, app: Flask, text: str, **asked: Any) -> Exception:
    with (
        app.test_request_context(headers=bearer(text)),
        pytest.raises(Exception) as info,  # noqa: PT011 - the class is what is asked for
    ):
        package.verify_jwt_in_request(**asked)
    return info.value


def test_01_the_user_is_looked_up_before_the_view_asks_for_them(package: ModuleType) -> None:
    users: list[str] = []

    def setup(jwt: Any) -> None:
        jwt.user_lookup_loader(lambda _, data: users.append(data["sub"]) or "a user")

    assert ask(guarded_app(package, setup), headers=bearer(GOOD)) == (200, "headers")
    assert users == ["alice"]


@pytest.mark.parametrize(("user", "status"), [(None, 401), (0, 200), ("", 200), (False, 200)])
def test_01_no_user_but_none_is_a_failure(package: ModuleType, user: Any, status: int) -> None:
    app = guarded_app(package, lambda jwt: jwt.user_lookup_loader(lambda _, __: user))
    said = "Error loading the user alice" if status == 401 else "headers"
    assert ask(app, headers=bearer(GOOD)) == (status, said)
    if status == 200:
        with verified(package, app):
            assert package.current_user == user
            assert package.get_current_user() is user


def test_01_without_a_lookup_current_user_is_false_and_has_no_attributes(
    package: ModuleType,
) -> None:
    with verified(package, make_app(package)):
        assert bool(package.current_user) is False
        with pytest.raises(RuntimeError, match="You must provide a `@jwt.user_lookup_loader`"):
            package.current_user.name  # noqa: B018


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        (f" Bearer  {GOOD} ", (200, "headers")),
        (f",Bearer {GOOD},", (200, "headers")),
        (f"Basic x, Bearer {GOOD}", (200, "headers")),
        (f"Basic x,,Bearer {GOOD},, ", (200, "headers")),
        (f"Bearer {GOOD}, Bearer {GOOD}", MISSING_TYPE),
        (f"bearer {GOOD}", MISSING_TYPE),
        (f"Bearer{GOOD}", MISSING_TYPE),
        ("Basic x", MISSING_TYPE),
        ("Bearer", BAD_HEADER),
        ("Bearer ", BAD_HEADER),
        (f"Bearer {GOOD} more", BAD_HEADER),
        ("", MISSING_HEADER),
        (" , ", MISSING_HEADER),
    ],
)
def test_02_the_header_is_taken_apart(package: ModuleType, header: str, answer: Any) -> None:
    assert ask(guarded_app(package), headers={"Authorization": header}) == answer


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        (f" {GOOD},", (200, "headers")),
        (f"Bearer {GOOD}", BAD_BARE_HEADER),
        (f"{GOOD}, {GOOD}", BAD_BARE_HEADER),
        ("", MISSING_HEADER),
    ],
)
def test_02_without_a_type_the_whole_header_is_the_token(
    package: ModuleType, header: str, answer: Any
) -> None:
    app = guarded_app(package, HEADER_TYPE="")
    assert ask(app, headers={"Authorization": header}) == answer


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("Basic x", (200, "cookies")),
        ("Bearer bad", (422, "Not enough segments")),
        (f"Bearer {REFRESH}", (422, "Only non-refresh tokens are allowed")),
        (f"Bearer {EXPIRED}", (401, "Token has expired")),
        ("Bearer", BAD_HEADER),
    ],
)
def test_03_only_a_header_without_a_token_leads_on_to_the_cookie(
    package: ModuleType, header: str, answer: Any
) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["headers", "cookies"])
    assert ask(app, cookie=GOOD, headers={"Authorization": header}) == answer


def test_03_a_request_without_any_token_is_told_of_every_location(package: ModuleType) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["headers", "query_string", "cookies"])
    told = f"Missing Authorization Header; Missing 'jwt' query paramater; {MISSING_COOKIE}"
    message = f"Missing JWT in headers, query_string or cookies ({told})"
    assert ask(app) == (401, message)


def test_04_a_cookie_that_comes_first_needs_its_csrf_value_even_beside_a_good_header(
    package: ModuleType,
) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["cookies", "headers"])
    assert ask(app, method="POST", cookie=GOOD, headers=bearer(GOOD)) == MISSING_CSRF
    assert ask(app, method="GET", cookie=GOOD, headers=bearer(GOOD)) == (200, "cookies")
    assert ask(app, method="POST", headers=bearer(GOOD)) == (200, "headers")


@pytest.mark.parametrize(
    ("header", "form", "answer"),
    [
        (None, "the csrf value", (200, "cookies")),
        ("", "the csrf value", (200, "cookies")),
        ("another", "the csrf value", WRONG_CSRF),
        ("the csrf value", "another", (200, "cookies")),
        (None, "another", WRONG_CSRF),
        (None, "", MISSING_CSRF),
    ],
)
def test_04_the_form_is_read_only_if_the_csrf_header_is_empty(
    package: ModuleType, header: str | None, form: str, answer: Any
) -> None:
    app = guarded_app(package, TOKEN_LOCATION="cookies", CSRF_CHECK_FORM=True)
    headers = {} if header is None else {"X-CSRF-TOKEN": header}
    data = {"csrf_token": form}
    assert ask(app, method="POST", cookie=GOOD, headers=headers, data=data) == answer


@pytest.mark.parametrize(
    ("changes", "csrf", "answer"),
    [
        ({}, "the csrf value", (401, "Token has expired")),
        ({}, "another", WRONG_CSRF),
        ({"csrf": None}, "another", (422, "Missing claim: csrf")),
        ({"sub": None}, "the csrf value", (422, "Missing claim: sub")),
    ],
)
def test_05_an_expired_token_is_judged_to_the_end(
    package: ModuleType, changes: dict[str, Any], csrf: str, answer: Any
) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["cookies"])
    text = token(exp=int(time.time()) - 5, **changes)
    assert ask(app, method="POST", cookie=text, headers={"X-CSRF-TOKEN": csrf}) == answer


@pytest.mark.parametrize("headers", [{}, bearer("bad"), bearer(GOOD)])
@pytest.mark.parametrize("guard", ["/access", "/fresh", "/refresh", "/optional"])
def test_06_under_options_the_view_runs_and_there_is_no_token(
    package: ModuleType, guard: str, headers: dict[str, str]
) -> None:
    app = guarded_app(package)
    app.testing = True
    with pytest.raises(RuntimeError, match=r"You must call `@jwt_required\(\)`"):
        app.test_client().options(guard, headers=headers)
    with app.test_request_context(method="OPTIONS", headers=headers):
        assert package.verify_jwt_in_request() is None
        assert not [name for name in g if name.startswith("_jwt")]


def test_06_head_is_guarded_as_get_is(package: ModuleType) -> None:
    client = guarded_app(package).test_client()
    assert client.head("/access").status_code == 401
    assert client.head("/access", headers=bearer(GOOD)).status_code == 200


def test_07_the_location_is_asked_without_harm(package: ModuleType) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["query_string"])
    assert ask(app, f"/access?jwt={GOOD}") == (200, "query_string")
    assert ask(app, "/optional") == (200, None)
    with app.test_request_context():
        assert package.get_jwt_request_location() is None


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        ("application/json", f'{{"access_token": "{GOOD}"}}', (200, "json")),
        ("application/json; charset=utf-8", f'{{"access_token": "{GOOD}"}}', (200, "json")),
        ("application/vnd.api+json", f'{{"access_token": "{GOOD}"}}', (200, "json")),
        ("text/plain", f'{{"access_token": "{GOOD}"}}', NOT_JSON),
        ("text/json", f'{{"access_token": "{GOOD}"}}', NOT_JSON),
        ("application/json", "null", NO_KEY),
        ("application/json", "{", NO_KEY),
        ("application/json", "", NO_KEY),
        ("application/json", '{"access_token": null}', NO_KEY),
        ("application/json", f'{{"refresh_token": "{GOOD}"}}', NO_KEY),
    ],
)
def test_08_a_json_body_holds_a_token(
    package: ModuleType, kind: str, body: str, answer: Any
) -> None:
    app = guarded_app(package, TOKEN_LOCATION=["json"])
    assert ask(app, method="POST", data=body, content_type=kind) == answer


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize(
    ("text", "error"),
    [
        (EXPIRED, jwt.ExpiredSignatureError),
        ("bad", jwt.DecodeError),
        (f"{GOOD[:-4]}AAAA", jwt.InvalidSignatureError),
    ],
)
def test_09_only_a_good_token_is_put_into_cookies(
    package: ModuleType, kind: str, text: str, error: type[Exception]
) -> None:
    with make_app(package).test_request_context(), pytest.raises(error):
        getattr(package, f"set_{kind}_cookies")(Response(), text)


def test_10_encode_callbacks_come_in_order_each_with_the_raw_identity(package: ModuleType) -> None:
    called: list[tuple[str, Any]] = []

    def setup(manager: Any) -> None:
        answers = {
            "user_identity": "alice",
            "encode_key": "another secret of at least thirty-two bytes",
            "additional_claims": {"role": "admin"},
            "additional_headers": {"kid": "a key"},
        }
        for name, answer in answers.items():

            def callback(identity: Any, name: str = name, answer: Any = answer) -> Any:
                called.append((name, identity))
                return answer

            getattr(manager, f"{name}_loader")(callback)

    user = object()
    with make_app(package, setup).test_request_context():
        text = package.create_access_token(user)
    order = ["additional_headers", "additional_claims", "user_identity", "encode_key"]
    assert called == [(name, user) for name in order]
    secret = "another secret of at least thirty-two bytes"
    made = jwt.decode_complete(text, secret, algorithms=["HS256"])
    assert made["header"] == {"alg": "HS256", "kid": "a key", "typ": "JWT"}
    assert (made["payload"]["sub"], made["payload"]["role"]) == ("alice", "admin")


@pytest.mark.parametrize(
    ("headers", "written"),
    [
        ({"alg": "HS512"}, '{"alg":"HS512","typ":"JWT"}'),
        ({"typ": None}, '{"alg":"HS256"}'),
        ({"typ": "at+jwt"}, '{"alg":"HS256","typ":"at+jwt"}'),
        ({"a": 1, "kid": "k"}, '{"a":1,"alg":"HS256","kid":"k","typ":"JWT"}'),
    ],
)
def test_11_additional_headers_are_signed_and_alg_chooses_how(
    package: ModuleType, headers: dict[str, Any], written: str
) -> None:
    with make_app(package).test_request_context():
        text = package.create_access_token("alice", additional_headers=headers)
    assert decode(text.split(".")[0]) == written
    algorithm = headers.get("alg", "HS256")
    jwt.decode(text, make_app(package).config["JWT_SECRET_KEY"], algorithms=[algorithm])
