"""The answers to requests. The numbers are those of upstream's documented behaviours."""

import time
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from support import ask, guarded_app, head, make_app, sent, token

import jwt_extended.flask as ours

GOOD, REFRESH, EXPIRED = token(), token(type="refresh"), token(exp=1)
CSRF = "the csrf value"
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


def posted(text: str, csrf: str | None = None, form: str | None = None) -> dict[str, Any]:
    """Return a request with a token in a cookie, and CSRF values in header and form."""
    asked = head("", text, method="POST", data=form and {"csrf_token": form})
    asked["headers"] |= {} if csrf is None else {"X-CSRF-TOKEN": csrf}
    return asked


def body(data: str, kind: str = "application/json") -> dict[str, Any]:
    return {"method": "POST", "data": data, "content_type": kind}


#: Options, a request, and its answer: the rejection, or the location of the accepted token.
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
    "05 expired, no sub": ({}, sent(exp=1, sub=None), "422 Missing claim: sub"),
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
    "12 exp as a text": ({}, sent(exp=str(2**40)), "headers"),
    "12 null jti": ({}, sent(jti=...), "422 JWT ID must be a string"),
    "13 refresh": ({}, sent("/refresh-fresh", type="refresh"), STALE),
    "13 fresh refresh": ({}, sent("/refresh-fresh", type="refresh", fresh=True), "headers"),
    "13 app": ({}, sent(type="app"), "headers"),
    "13 app for refresh": ({}, sent("/refresh", type="app"), "422 Only refresh tokens are allowed"),
}

#: The same for requests that upstream answers with 500.
BETTER: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "JSON list": (JSON, body('["access_token"]'), NO_KEY),
    "JSON string": (JSON, body('"access_token"'), NO_KEY),
    "CSRF header not ASCII": (COOKIES, posted(GOOD, "é"), WRONG_CSRF),
    "CSRF field not ASCII": (FORM, posted(GOOD, form="☃"), WRONG_CSRF),
    **{f"fresh {fresh!r}": ({}, sent("/fresh", fresh=fresh), STALE) for fresh in ("yes", [1], ...)},
    "set": ({"TOKEN_LOCATION": {"cookies", "headers"}}, *ANSWERS["03 none"][1:]),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_request_is_answered_as_upstream_answers_it(package: ModuleType, case: str) -> None:
    options, request, answer = ANSWERS[case]
    assert ask(guarded_app(package, **options), **request) == answer


def test_12_the_leeway_admits_a_token_that_just_expired(package: ModuleType) -> None:
    just_expired = sent(exp=int(time.time()) - 5)
    assert ask(guarded_app(package), **just_expired) == "401 Token has expired"
    app = guarded_app(package, DECODE_LEEWAY=timedelta(minutes=1))
    assert ask(app, **just_expired) == "headers"


@pytest.mark.parametrize("case", BETTER)
def test_better_a_request_is_rejected_rather_than_failing(case: str) -> None:
    options, request, answer = BETTER[case]
    assert ask(guarded_app(**options), **request) == answer


def test_better_a_set_of_locations_has_one_order() -> None:
    class Unordered(set[str]):
        def __iter__(self) -> Any:
            return iter(["cookies", "headers"])

    app = make_app()
    app.add_url_rule("/", view_func=ours.jwt_required(locations=Unordered())(lambda: "seen"))
    assert ask(app, "/") == ANSWERS["03 none"][2]
