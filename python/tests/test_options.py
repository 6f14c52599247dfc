"""Options: upstream's, with its defaults and mistakes, and what is told of any other mistake."""

import re
from collections import deque
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import flask_jwt_extended as upstream
import pytest
from dateutil.relativedelta import relativedelta
from flask import Config, Flask
from flask_jwt_extended.config import config as upstream_config
from support import HEADER, SECRET, bearer, claims, guarded_app, make_app, sign, token

from jwt_extended.flask import JWTManager, create_access_token, decode_token
from jwt_extended.flask.config import config

PLACES = '"headers", "cookies", "query_string", or "json"'
AT_LEAST_ONE = f"JWT_TOKEN_LOCATION must contain at least one of {PLACES}"
ONLY = f"JWT_TOKEN_LOCATION can only contain {PLACES}"
NO_SECRET = 'JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric algorithm "HS256"'
NO_KEY = 'must be set to use asymmetric cryptography algorithm "RS256"'
KINDS = ("COOKIE_NAME", "CSRF_COOKIE_NAME", "CSRF_HEADER_NAME", "CSRF_FIELD_NAME")
SUM = "must be able to add JWT_{}_TOKEN_EXPIRES to datetime.datetime"

#: Upstream's sentence for a mistake, and values that are one.
MISTAKES: list[tuple[str, str, list[Any]]] = [
    ("HEADER_NAME", "JWT_ACCESS_HEADER_NAME cannot be empty", ["", None]),
    ("TOKEN_LOCATION", "JWT_TOKEN_LOCATION must be a sequence or a set", [None, 1]),
    ("TOKEN_LOCATION", AT_LEAST_ONE, [[], (), set()]),
    ("TOKEN_LOCATION", ONLY, ["", "pockets", ["headers", "pockets"], [1]]),
    ("ACCESS_TOKEN_EXPIRES", SUM.format("ACCESS"), ["15m", None, 1.5, True, date(2026, 1, 1)]),
    ("REFRESH_TOKEN_EXPIRES", SUM.format("REFRESH"), ["15m", None, 1.5, True, date(2026, 1, 1)]),
]
READERS = {"ACCESS_TOKEN_EXPIRES": "access_expires", "REFRESH_TOKEN_EXPIRES": "refresh_expires"}

NAMES = [f"{kind}_{name}" for kind in ("ACCESS", "REFRESH") for name in KINDS]
NAMES += ["QUERY_STRING_NAME", "JSON_KEY", "REFRESH_JSON_KEY", "IDENTITY_CLAIM"]

#: Other values that cannot be, which upstream takes or fails over much later.
WRONG: list[tuple[dict[str, Any], str]] = [
    *(({name: ""}, name) for name in NAMES),
    ({"REFRESH_COOKIE_NAME": "two words"}, "REFRESH_COOKIE_NAME"),
    ({"HEADER_NAME": "two words"}, "HEADER_NAME"),
    ({"HEADER_TYPE": "JWT Bearer"}, "HEADER_TYPE"),
    ({"IDENTITY_CLAIM": "exp"}, "IDENTITY_CLAIM"),
    ({"ACCESS_COOKIE_NAME": "one", "REFRESH_COOKIE_NAME": "one"}, "REFRESH_COOKIE_NAME"),
    ({"ACCESS_COOKIE_NAME": "__Host-token"}, "COOKIE_SECURE"),
    *(({"DECODE_LEEWAY": leeway}, "DECODE_LEEWAY") for leeway in (-1, "10", None, [10])),
    *(({"DECODE_LEEWAY": leeway}, "DECODE_LEEWAY") for leeway in (301, timedelta(minutes=6))),
    *(({"ENCODE_ISSUER": issuer}, "ENCODE_ISSUER") for issuer in (5, ["us"], b"us")),
    *(({"DECODE_ISSUER": issuer}, "DECODE_ISSUER") for issuer in ("", 5, [5], [])),
    *(({"DECODE_AUDIENCE": audience}, "DECODE_AUDIENCE") for audience in ("", 5, ["us", 5])),
    *(({"ENCODE_AUDIENCE": audience}, "ENCODE_AUDIENCE") for audience in ("", 5, ["us", ""])),
    *(({"ACCESS_TOKEN_EXPIRES": never}, "ACCESS_TOKEN_EXPIRES") for never in (0, timedelta())),
    ({"CSRF_METHODS": ["P O S T"]}, "CSRF_METHODS"),
    ({"TOLERATE": ["everything"]}, "TOLERATE"),
    *(({"STORE": store}, "STORE") for store in ("redis", "memory:0", "memory:many", True)),
    *(({"JWKS_URL": url}, "JWKS_URL") for url in ("jwks.json", "https://a.example/jwks", 5)),
    ({"MAX_TOKEN_LENGTH": 100}, "MAX_TOKEN_LENGTH"),
    ({"REALM": "a\nb"}, "REALM"),
    *(({"KEY_RING": ring}, "KEY_RING") for ring in ([], "a secret", [{}], [{"secret_key": 5}])),
]

#: Mistakes that end in another exception, in a sentence without the option, or not at init_app.
NOT_TOLD: list[tuple[dict[str, Any], str]] = [
    *(({name: wrong}, name) for name in NAMES for wrong in (5, b"name", None)),
    *(({name: 5}, name) for name in ("HEADER_NAME", "HEADER_TYPE", "QUERY_STRING_VALUE_PREFIX")),
    *(({"ALGORITHM": algorithm}, "ALGORITHM") for algorithm in ("none", "hs256", None, [])),
    *(({"DECODE_ALGORITHMS": names}, "DECODE_ALGORITHMS") for names in (["none"], 5, [None])),
    *(({"CSRF_METHODS": methods}, "CSRF_METHODS") for methods in (None, 5, [5])),
    *(({"DECODE_LEEWAY": leeway}, "DECODE_LEEWAY") for leeway in (-timedelta(1), float("inf"))),
    *(({"ACCESS_TOKEN_EXPIRES": long}, "ACCESS_TOKEN_EXPIRES") for long in (10**12, timedelta.max)),
    ({"ACCESS_TOKEN_EXPIRES": -5, "STORE": "memory"}, "ACCESS_TOKEN_EXPIRES"),
    ({"TOLERATE": 5}, "TOLERATE"),
    ({"MAX_TOKEN_LENGTH": "8192"}, "MAX_TOKEN_LENGTH"),
    ({"STORE": f"memory:{10**30}"}, "STORE"),
    ({"STORE": "memory", "LONGEST_LIFETIME": "a day"}, "LONGEST_LIFETIME"),
    ({"KEY_RING": [{"secret_key": SECRET, "kid": 5}]}, "KEY_RING"),
    ({"KEY_RING": [{"secret_key": SECRET, "algorithm": "none"}]}, "KEY_RING"),
    ({"SECRET_KEY": 5}, "SECRET_KEY"),
    ({"ALGORITHM": "RS256", "PRIVATE_KEY": "no PEM"}, "PRIVATE_KEY"),
    ({"ACCESS_COOKIE_PATH": 5}, "ACCESS_COOKIE_PATH"),
    ({"COOKIE_SAMESITE": "Sometimes"}, "COOKIE_SAMESITE"),
    ({"ERROR_MESSAGE_KEY": ["msg"]}, "ERROR_MESSAGE_KEY"),
]

GOOD = token()
BEARER, QUERY = {"headers": bearer(GOOD)}, {"query_string": {"jwt": GOOD}}
COOKIE = {"headers": {"Cookie": f"access_token_cookie={GOOD}"}}
POST = {"method": "POST", **COOKIE}
OTHER = "another secret of at least thirty-two bytes"

#: Options, a change made to them later, a request, and its status before and after the change.
CHANGES: dict[str, tuple[dict[str, Any], Callable[[Any], object], dict[str, Any], int, int]] = {
    "location set": ({}, lambda c: c.update(JWT_TOKEN_LOCATION="cookies"), COOKIE, 401, 200),
    "location added": (
        {"TOKEN_LOCATION": ["headers"]},
        lambda c: c["JWT_TOKEN_LOCATION"].append("cookies"),
        COOKIE,
        401,
        200,
    ),
    "location of a set": (
        {"TOKEN_LOCATION": {"headers"}},
        lambda c: c["JWT_TOKEN_LOCATION"].add("query_string"),
        QUERY,
        401,
        200,
    ),
    "method removed": (
        {"TOKEN_LOCATION": "cookies"},
        lambda c: c["JWT_CSRF_METHODS"].remove("POST"),
        POST,
        401,
        200,
    ),
    "method added": (
        {"TOKEN_LOCATION": "cookies"},
        lambda c: c["JWT_CSRF_METHODS"].append("GET"),
        COOKIE,
        200,
        401,
    ),
    "secret": ({}, lambda c: c.update(JWT_SECRET_KEY=OTHER), BEARER, 200, 422),
    "Flask's secret": (
        {"SECRET_KEY": None},
        lambda c: c.update(SECRET_KEY=SECRET),
        BEARER,
        500,
        200,
    ),
    "header type": ({}, lambda c: c.update(JWT_HEADER_TYPE="JWT"), BEARER, 200, 401),
    "audience added": (
        {"DECODE_AUDIENCE": ["them"]},
        lambda c: c["JWT_DECODE_AUDIENCE"].append("us"),
        {"headers": bearer(token(aud="us"))},
        422,
        200,
    ),
    "algorithm added": (
        {"ALGORITHM": "HS512", "DECODE_ALGORITHMS": ["HS512"]},
        lambda c: c["JWT_DECODE_ALGORITHMS"].append("HS256"),
        BEARER,
        422,
        200,
    ),
    "leeway": (
        {},
        lambda c: c.update(JWT_DECODE_LEEWAY=60),
        {"headers": bearer(token(exp=claims()["iat"]))},
        401,
        200,
    ),
    "key of a ring": (
        {"KEY_RING": [{"secret_key": OTHER}]},
        lambda c: c["JWT_KEY_RING"][0].update(secret_key=SECRET),
        BEARER,
        422,
        200,
    ),
    "mistake": ({}, lambda c: c.update(JWT_HEADER_NAME=""), BEARER, 200, 500),
}
