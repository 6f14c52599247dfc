"""Sends the same requests to an app on this package and one on upstream's, and compares answers.

They may only differ where upstream fails (500) or accepts a malformed token. Each such difference
is listed here.
"""

import json
import logging
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import flask_jwt_extended as upstream
import pytest
from flask import Flask
from raw_tokens import GOOD, REFUSED, tokens
from support import GUARDS, bearer, guarded_app

import jwt_extended.flask as ours

CONFIGS: dict[str, dict[str, Any]] = {
    "audience": {"DECODE_AUDIENCE": "us"},
    "audiences": {"DECODE_AUDIENCE": ["us", "we"]},
    "issuer": {"DECODE_ISSUER": "us"},
    "issuers": {"DECODE_ISSUER": ["us", "we"]},
    "both": {"DECODE_AUDIENCE": "us", "DECODE_ISSUER": "us"},
    "any subject": {"VERIFY_SUB": False},
    "another identity claim": {"IDENTITY_CLAIM": "who"},
    "leeway": {"DECODE_LEEWAY": 60},
    "message key": {"ERROR_MESSAGE_KEY": "error"},
}


@pytest.fixture(autouse=True)
def _no_logs_of_upstreams_failures() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Pair:
    """An app on each of the two packages."""

    def __init__(self, **options: Any) -> None:
        self.apps = [guarded_app(package, **options) for package in (ours, upstream)]

    def ask(self, path: str, **request: Any) -> list[tuple[Any, ...]]:
        return [answer_of(app, path, **request) for app in self.apps]

    def agree(self, path: str, **request: Any) -> None:
        mine, theirs = self.ask(path, **request)
        # Where upstream fails, there is no answer to match, but this package must not fail.
        done_better = theirs[0] == 500 and mine[0] in (200, 401, 422)
        assert mine == theirs or done_better, (path, request)


def answer_of(app: Flask, path: str, **request: Any) -> tuple[Any, ...]:
    answer = app.test_client(use_cookies=False).open(path, **request)
    return answer.status_code, answer.get_data(as_text=True), answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("name", tokens())
def test_a_token_is_judged_as_upstream_judges_it(name: str) -> None:
    headers = bearer(tokens()[name])
    for guard in GUARDS:
        DEFAULT.agree(f"/{guard}", headers=headers)


@pytest.mark.parametrize("config", CONFIGS)
def test_options_judge_tokens_as_upstreams_do(config: str) -> None:
    pair = Pair(**CONFIGS[config])
    for text in tokens().values():
        pair.agree("/access", headers=bearer(text))
        pair.agree("/fresh", headers=bearer(text))


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_tokens_that_upstream_accepts_are_rejected(name: str) -> None:
    text, message = REFUSED[name]
    mine, theirs = DEFAULT.ask("/access", headers=bearer(text))
    assert theirs[0] == 200
    assert mine[0] == 422
    assert json.loads(mine[1])["msg"].startswith(message)


HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    "bearer {t}",
    "BEARER {t}",
    "Bearer {t} x",
    "Bearer {t},",
    ",Bearer {t}",
    "Bearer {t} ,",
    ",,Bearer {t},,",
    "Basic abc",
    "Basic abc, Bearer {t}",
    "Bearer {t}, Basic abc",
    "Basic abc,Bearer {t}",
    "Bearer {t}, Bearer {t}",
    "Bearer {t},Bearer {t}",
    "Bearer,{t}",
    "{t}",
    "Bearer, {t}",
    "Bearer\t{t}",
    "  Bearer   {t}  ",
    "Bearer é",
    "é",
    "JWT {t}",
    "Bearer{t}",
    "Bearer: {t}",
    "Bearer ,,0",
    "Bearer  ,",
    "Bearer {t} {t}",
    "Basic, Bearer",
    "x,, Bearer {t}",
    " , ",
    'Bearer "{t}"',
]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"HEADER_TYPE": "JWT"},
        {"HEADER_TYPE": ""},
        {"HEADER_TYPE": None},
        {"HEADER_NAME": "X-Token"},
        {"TOKEN_LOCATION": ["headers", "cookies"]},
    ],
    ids=str,
)
def test_a_header_is_read_as_upstream_reads_it(options: dict[str, Any]) -> None:
    pair = Pair(**options)
    name = options.get("HEADER_NAME", "Authorization")
    for text in HEADERS:
        for guard in ("access", "optional"):
            pair.agree(f"/{guard}", headers={name: text.replace("{t}", GOOD)})


COOKIES = [
    "access_token_cookie={t}",
    "refresh_token_cookie={t}",
    "access_token_cookie=",
    "access_token_cookie",
    "access_token_cookie={t}; refresh_token_cookie={t}",
    'access_token_cookie="{t}"',
    "a=b",
    "access_token_cookie={t}; access_token_cookie=x",
    "a=b;access_token_cookie={t}",
    "access_token_cookie = {t}",
    "access_token_cookie=é",
    "ACCESS_TOKEN_COOKIE={t}",
]


@pytest.mark.parametrize(
    "options",
    [
        {"TOKEN_LOCATION": ["cookies"]},
        {"TOKEN_LOCATION": ["cookies", "headers"]},
        {"TOKEN_LOCATION": ["headers", "cookies"]},
        {"TOKEN_LOCATION": ["cookies"], "COOKIE_CSRF_PROTECT": False},
        {"TOKEN_LOCATION": ["cookies"], "CSRF_CHECK_FORM": True},
        {"TOKEN_LOCATION": ["cookies"], "CSRF_METHODS": ["GET"]},
        {"TOKEN_LOCATION": ["cookies"], "CSRF_METHODS": []},
    ],
    ids=str,
)
def test_cookies_and_csrf_values_are_read_as_upstream_does(options: Any) -> None:
    pair, of = Pair(**options), tokens()
    for name in ("good", "expired", "refresh", "csrf None", "bad signature", "expired, no sub"):
        for cookie in COOKIES:
            for method, sent in [
                ("GET", None),
                ("OPTIONS", None),
                ("POST", None),
                ("POST", ""),
                ("POST", "wrong"),
                ("POST", "the csrf value"),
                ("DELETE", "the csrf value"),
                ("POST", "é"),
            ]:
                headers = {"Cookie": cookie.replace("{t}", of[name])}
                if sent is not None:
                    headers["X-CSRF-TOKEN"] = sent
                for guard in ("access", "refresh", "optional", "any"):
                    pair.agree(f"/{guard}", method=method, headers=headers)
    cookie = {"Cookie": f"access_token_cookie={GOOD}"}
    for authorization in (f"Bearer {GOOD}", f"Bearer {of['refresh']}", "Basic x", "Bearer x"):
        for method in ("GET", "POST"):
            headers = {**cookie, "Authorization": authorization}
            pair.agree("/access", method=method, headers=headers)
    for value in ("the csrf value", "wrong", "", ["the csrf value", "wrong"]):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            for header in ({}, {"X-CSRF-TOKEN": "the csrf value"}, {"X-CSRF-TOKEN": ""}):
                form = {"data": {"csrf_token": value}, "content_type": kind}
                pair.agree("/access", method="POST", headers={**cookie, **header}, **form)


@pytest.mark.parametrize(
    "options",
    [
        {"TOKEN_LOCATION": "query_string"},
        {"TOKEN_LOCATION": ["query_string"], "QUERY_STRING_VALUE_PREFIX": "Bearer "},
        {"TOKEN_LOCATION": ["query_string", "headers", "cookies"]},
    ],
    ids=str,
)
def test_a_query_string_is_read_as_upstream_reads_it(options: dict[str, Any]) -> None:
    pair = Pair(**options)
    for query in [
        "",
        "jwt",
        "jwt=",
        "jwt={t}",
        "jwt=Bearer%20{t}",
        "jwt=Bearer+{t}",
        "jwt={t}&jwt=x",
        "JWT={t}",
        "jwt=x&jwt={t}",
        "jwt=&jwt={t}",
        "x=1;jwt={t}",
        "jwt=%ff%fe",
        "jwt=Bearer%20",
        "%6awt={t}",
    ]:
        for guard in ("access", "optional"):
            pair.agree(f"/{guard}", query_string=query.replace("{t}", GOOD))


@pytest.mark.parametrize("locations", ["json", ["json", "headers"]], ids=str)
def test_a_json_body_is_read_as_upstream_reads_it(locations: Any) -> None:
    pair = Pair(TOKEN_LOCATION=locations)
    kinds = [
        "application/json",
        "application/json; charset=utf-8",
        "application/x+json",
        "text/json",
        None,
    ]
    for body in [
        "",
        "{}",
        "null",
        "[]",
        '"x"',
        "5",
        "text",
        '{"access_token":"{t}"}',
        '{"access_token":null}',
        '{"refresh_token":"{t}"}',
        '{"access_token":""}',
        '{"access_token":5}',
        '{"access_token":0}',
        '{"access_token":["x"]}',
        '{"access_token":{}}',
        '{"access_token":true}',
        b"\xff\xff",
        '{"access_token":"x","access_token":"{t}"}',
        '{"access_token":"\\ud800"}',
        "[" * 5000,
        '{"access_token":"{t}","n":NaN}',
    ]:
        data = body.replace("{t}", GOOD) if isinstance(body, str) else body
        for kind in kinds:
            for guard in ("access", "optional", "refresh"):
                pair.agree(f"/{guard}", method="POST", data=data, content_type=kind)


@pytest.mark.parametrize("name", [name for name in tokens() if not name.startswith("exp ")])
@pytest.mark.parametrize(
    "arguments", [{}, {"allow_expired": True}, {"csrf_value": "the csrf value"}]
)
def test_decode_token_returns_and_raises_what_upstream_does(name: str, arguments: Any) -> None:
    text = tokens()[name]
    mine, theirs = (
        outcome(package, lambda p: p.decode_token(text, **arguments))
        for package in (ours, upstream)
    )
    assert mine == theirs


@pytest.mark.parametrize("function", ["get_jti", "get_csrf_token", "get_unverified_jwt_headers"])
@pytest.mark.parametrize("name", tokens())
def test_parts_of_a_token_are_the_same_as_upstreams(function: str, name: str) -> None:
    text = tokens()[name]
    mine, theirs = (
        outcome(package, lambda p: getattr(p, function)(text)) for package in (ours, upstream)
    )
    assert mine == theirs


def outcome(package: ModuleType, call: Any) -> Any:
    """Return the result of a call, or class and message of the exception it raises."""
    app = APPS[package.__name__]
    with app.test_request_context():
        try:
            return call(package)
        except Exception as error:
            return type(error).__name__, str(error)


DEFAULT = Pair()
APPS = {package.__name__: guarded_app(package) for package in (ours, upstream)}
