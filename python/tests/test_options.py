"""Options: upstream's with its defaults, what a mistake is told, and changes while an app runs."""

import json
import time
from collections import deque
from copy import copy
from datetime import date, timedelta
from typing import Any

import flask_jwt_extended as upstream
import pytest
from flask import Config, Flask
from flask_jwt_extended.config import config as upstream_config
from jwt import ExpiredSignatureError
from jwt.algorithms import requires_cryptography
from support import SECRET, bearer, guarded_app, make_app, token

from jwt_extended.flask import JWTManager, create_access_token, decode_token
from jwt_extended.flask.config import config

PLACES = '"headers", "cookies", "query_string", or "json"'
AT_LEAST_ONE = f"JWT_TOKEN_LOCATION must contain at least one of {PLACES}"
ONLY = f"JWT_TOKEN_LOCATION can only contain {PLACES}"
NO_SECRET = 'JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric algorithm "HS256"'
NO_KEY = 'must be set to use asymmetric cryptography algorithm "RS256"'
SUM = "must be able to add JWT_{}_TOKEN_EXPIRES to datetime.datetime"
OTHER = "another secret of at least thirty-two bytes"
NO_SECONDS = ["15m", None, 1.5, True, date(2026, 1, 1)]

#: Values that are upstream's mistakes, with its sentence and the reader of `config` that says it.
MISTAKES: list[tuple[str, list[Any], str, str]] = [
    ("HEADER_NAME", ["", None], "JWT_ACCESS_HEADER_NAME cannot be empty", "header_name"),
    ("TOKEN_LOCATION", [1], "JWT_TOKEN_LOCATION must be a sequence or a set", "token_location"),
    ("TOKEN_LOCATION", [[], (), set()], AT_LEAST_ONE, "token_location"),
    ("TOKEN_LOCATION", ["", "pockets", ["headers", "x"], [1]], ONLY, "jwt_in_cookies"),
    ("ACCESS_TOKEN_EXPIRES", NO_SECONDS, SUM.format("ACCESS"), "access_expires"),
    ("REFRESH_TOKEN_EXPIRES", NO_SECONDS, SUM.format("REFRESH"), "refresh_expires"),
]

#: What is said if a key is missing, which a loader might give: only where it is needed.
KEYS: list[tuple[str, str, str]] = [
    ("HS256", "encode_key", NO_SECRET),
    ("HS256", "decode_key", NO_SECRET),
    ("RS256", "encode_key", f"JWT_PRIVATE_KEY {NO_KEY}"),
    ("RS256", "decode_key", f"JWT_PUBLIC_KEY {NO_KEY}"),
]

NAMES = ("COOKIE_NAME", "CSRF_COOKIE_NAME", "CSRF_HEADER_NAME", "CSRF_FIELD_NAME")
NAMES = tuple(f"{kind}_{name}" for kind in ("ACCESS", "REFRESH") for name in NAMES)
NAMES += ("QUERY_STRING_NAME", "JSON_KEY", "REFRESH_JSON_KEY", "IDENTITY_CLAIM")

#: Other values that cannot be, which upstream takes, or fails over much later.
WRONG: dict[str, list[Any]] = {
    **{name: [""] for name in NAMES},
    "ACCESS_COOKIE_NAME": ["", "two words", "refresh_token_cookie", "__Host-token"],
    "ACCESS_CSRF_HEADER_NAME": ["", "two words"],
    "HEADER_NAME": ["two words"],
    "HEADER_TYPE": ["JWT Bearer"],
    "IDENTITY_CLAIM": ["", "exp", "jti"],
    "DECODE_LEEWAY": [-1, "10", None, [10], 301, timedelta(minutes=6)],
    "ENCODE_ISSUER": [5, ["us"], b"us"],
    "DECODE_ISSUER": ["", 5, [5], []],
    "ENCODE_AUDIENCE": [5, ["us", ""]],
    "DECODE_AUDIENCE": ["", 5, ["us", 5]],
    "ACCESS_TOKEN_EXPIRES": [0, timedelta()],
    "CSRF_METHODS": [["P O S T"]],
    "TOLERATE": ["everything", ["short_secret", 5]],
    "STORE": ["redis", "memory:0", "memory:many", True],
    "JWKS_URL": ["jwks.json", "https://a.example/jwks", 5],
    "MAX_TOKEN_LENGTH": [100],
    "REALM": [5, "a\nb"],
    "KEY_RING": [[], "a secret", [{}], [{"secret_key": 5}], [{"public_key": SECRET}]],
}

#: Values of a type that no such option has; upstream fails over them later, or never.
OF_ANOTHER_TYPE: dict[str, list[Any]] = {
    **{name: [5, b"name", None] for name in NAMES},
    **{name: [5] for name in ("HEADER_NAME", "HEADER_TYPE", "QUERY_STRING_VALUE_PREFIX")},
    "ALGORITHM": ["none", "hs256", None, []],
    "DECODE_ALGORITHMS": [["none"], 5, [None]],
    "CSRF_METHODS": [None, 5, [5]],
    "DECODE_LEEWAY": [timedelta(seconds=-1), float("inf")],
    "ACCESS_TOKEN_EXPIRES": [10**12, timedelta.max],
    "TOLERATE": [5],
    "MAX_TOKEN_LENGTH": ["8192", 10**30],
    "STORE": [f"memory:{10**30}"],
    "LONGEST_LIFETIME": ["a day"],
    "KEY_RING": [[{"secret_key": SECRET, name: []}] for name in ("kid", "algorithm")],
    "SECRET_KEY": [5],
    "ACCESS_COOKIE_PATH": [5],
    "COOKIE_SAMESITE": ["Sometimes"],
    "ERROR_MESSAGE_KEY": [["msg"]],
}

GOOD = token()
BEARER = {"headers": bearer(GOOD)}
COOKIE = {"headers": {"Cookie": f"access_token_cookie={GOOD}"}}
POST, FOR_US = {"method": "POST", **COOKIE}, {"headers": bearer(token(aud="us"))}

#: An option, its first and its second value, a request, and its status before and after.
ASSIGNED: list[tuple[str, Any, Any, dict[str, Any], list[int]]] = [
    ("TOKEN_LOCATION", "headers", "cookies", COOKIE, [401, 200]),
    ("SECRET_KEY", SECRET, OTHER, BEARER, [200, 422]),
    ("SECRET_KEY", None, SECRET, BEARER, [500, 200]),
    ("HEADER_TYPE", "Bearer", "JWT", BEARER, [200, 401]),
    ("DECODE_ISSUER", None, "us", BEARER, [200, 422]),
    ("DECODE_AUDIENCE", "them", "us", FOR_US, [422, 200]),
    ("ALGORITHM", "HS256", "HS512", BEARER, [200, 422]),
    ("COOKIE_CSRF_PROTECT", True, False, POST, [401, 200]),
    ("HEADER_NAME", "X-Token", "Authorization", BEARER, [401, 200]),
    ("HEADER_NAME", "Authorization", "", BEARER, [200, 500]),
]

#: An option, its value, a method of it and an argument, a request, its status before and after.
IN_PLACE: list[Any] = [
    ("TOKEN_LOCATION", ["headers"], "append", "cookies", COOKIE, [401, 200]),
    ("TOKEN_LOCATION", {"headers"}, "add", "cookies", COOKIE, [401, 200]),
    ("CSRF_METHODS", ["POST"], "remove", "POST", POST, [401, 200]),
    ("CSRF_METHODS", ["POST"], "append", "GET", COOKIE, [200, 401]),
    ("DECODE_ALGORITHMS", ["HS512"], "append", "HS256", BEARER, [422, 200]),
    ("DECODE_AUDIENCE", ["them"], "append", "us", FOR_US, [422, 200]),
    ("KEY_RING", [{"secret_key": OTHER}], "append", {"secret_key": SECRET}, BEARER, [422, 200]),
]

#: What goes with an option in these.
BESIDE: dict[str, dict[str, Any]] = {
    "DECODE_ALGORITHMS": {"ALGORITHM": "HS512"},
    "CSRF_METHODS": {"TOKEN_LOCATION": "cookies"},
    "COOKIE_CSRF_PROTECT": {"TOKEN_LOCATION": "cookies"},
}

#: Upstream's options with its defaults, and with other values.
DEFAULTS: dict[str, Any] = {
    name: value
    for name, value in make_app(upstream, SECRET_KEY=None).config.items()
    if name.startswith("JWT_")
}
OVERRIDES: dict[str, Any] = {
    **{name: not value for name, value in DEFAULTS.items() if isinstance(value, bool)},
    **{f"JWT_{name}": f"x-{name}" for name in NAMES},
    **{f"JWT_{kind}_COOKIE_PATH": f"/{kind}" for kind in ("ACCESS", "REFRESH")},
    **{f"JWT_{kind}_CSRF_COOKIE_PATH": f"/{kind}/csrf" for kind in ("ACCESS", "REFRESH")},
    "JWT_ACCESS_TOKEN_EXPIRES": 60,
    "JWT_REFRESH_TOKEN_EXPIRES": False,
    "JWT_ALGORITHM": "HS384",
    "JWT_DECODE_ALGORITHMS": ["HS512"],
    "JWT_COOKIE_DOMAIN": "a.example",
    "JWT_COOKIE_SAMESITE": "Lax",
    "JWT_CSRF_METHODS": ["POST"],
    "JWT_DECODE_AUDIENCE": ["us", "we"],
    "JWT_DECODE_ISSUER": ["us", "we"],
    "JWT_DECODE_LEEWAY": timedelta(seconds=10),
    "JWT_ENCODE_AUDIENCE": "us",
    "JWT_ENCODE_ISSUER": "us",
    "JWT_ERROR_MESSAGE_KEY": "message",
    "JWT_HEADER_NAME": "X-Token",
    "JWT_HEADER_TYPE": "",
    "JWT_PRIVATE_KEY": "a private key",
    "JWT_PUBLIC_KEY": "a public key",
    "JWT_QUERY_STRING_VALUE_PREFIX": "Bearer ",
    "JWT_SECRET_KEY": OTHER * 2,
    "JWT_TOKEN_LOCATION": {"query_string", "json"},
}


def flat(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


def read(readers: Any, name: str) -> Any:
    """Return what a reader of `config` says, or complains of."""
    try:
        return getattr(readers, name)
    except RuntimeError as error:
        return str(error)


def status(app: Flask, **request: Any) -> int:
    app.logger.disabled = True
    return app.test_client(use_cookies=False).open("/access", **request).status_code


def test_all_43_options_are_there_with_upstream_s_defaults() -> None:
    mine = make_app(SECRET_KEY=None).config
    assert len(DEFAULTS) == 43
    assert {name: mine[name] for name in DEFAULTS} == DEFAULTS
    assert set(OVERRIDES) == set(DEFAULTS)


def test_what_an_app_has_set_stays_and_lists_are_not_shared_by_apps() -> None:
    app = make_app(**{name.removeprefix("JWT_"): value for name, value in OVERRIDES.items()})
    assert all(app.config[name] is value for name, value in OVERRIDES.items())
    make_app().config["JWT_CSRF_METHODS"].append("GET")
    assert "GET" not in make_app().config["JWT_CSRF_METHODS"]


READ = [name for name in vars(type(upstream_config)) if name[0] != "_" and name != "json_encoder"]


@pytest.mark.parametrize("reader", READ)
@pytest.mark.parametrize("options", [{}, OVERRIDES, {"JWT_ALGORITHM": "RS256"}])
def test_a_reader_of_config_reads_what_upstream_s_does(
    reader: str, options: dict[str, Any]
) -> None:
    app = make_app()
    app.config.update(options)
    with app.app_context():
        assert read(config, reader) == read(upstream_config, reader)


def test_the_json_encoder_of_config_writes_what_flask_writes() -> None:
    with make_app().app_context():
        written = [
            json.dumps(date(2026, 1, 2), cls=c.json_encoder) for c in (config, upstream_config)
        ]
    assert written[0] == written[1]


@pytest.mark.parametrize("algorithm", sorted(requires_cryptography | {"HS256", "HS384", "HS512"}))
def test_the_same_algorithms_are_asymmetric(algorithm: str) -> None:
    with make_app(ALGORITHM=algorithm).app_context():
        assert config.is_asymmetric == upstream_config.is_asymmetric


@pytest.mark.parametrize("readers", [config, upstream_config], ids=["ours", "upstream"])
@pytest.mark.parametrize(("name", "wrong", "message", "reader"), MISTAKES)
def test_a_mistake_is_told_in_upstream_s_words(
    name: str, wrong: list[Any], message: str, reader: str, readers: Any
) -> None:
    for value in wrong:
        app = make_app()
        app.config[f"JWT_{name}"] = value
        with app.app_context():
            assert read(readers, reader) == message
        with pytest.raises(RuntimeError) as info:
            make_app(**{name: value})
        assert str(info.value) == message


@pytest.mark.parametrize(("algorithm", "reader", "message"), KEYS)
def test_an_app_without_a_key_starts_and_is_told_when_one_is_needed(
    algorithm: str, reader: str, message: str
) -> None:
    app = guarded_app(ALGORITHM=algorithm, SECRET_KEY=None)
    app.testing = True
    assert status(app) == 401
    with app.app_context():
        assert read(config, reader) == read(upstream_config, reader) == message
        with pytest.raises(RuntimeError) as info:
            create_access_token("alice") if reader == "encode_key" else decode_token(GOOD)
        assert str(info.value) == message
    if reader == "decode_key":
        with pytest.raises(RuntimeError) as info:
            status(app, **BEARER)
        assert str(info.value) == message


@pytest.mark.parametrize(("name", "value"), flat(WRONG))
def test_what_cannot_be_is_told_at_once_by_the_name_of_the_option(name: str, value: Any) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_{name}"):
        make_app(**{name: value})


@pytest.mark.parametrize(("name", "value"), flat(OF_ANOTHER_TYPE))
def test_what_is_of_another_type_is_told_at_once_too(name: str, value: Any) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_{name}"):
        make_app(**{"STORE": "memory"} | {name: value})


@pytest.mark.parametrize(("name", "first", "second", "request_", "statuses"), ASSIGNED)
def test_an_option_set_later_holds_from_the_next_request_on(
    name: str, first: Any, second: Any, request_: dict[str, Any], statuses: list[int]
) -> None:
    app = guarded_app(**BESIDE.get(name, {}) | {name: first})
    before = status(app, **request_)
    app.config[f"JWT_{name}"] = second
    assert [before, status(app, **request_)] == statuses
    app.config[f"JWT_{name}"] = first
    assert status(app, **request_) == before


def test_a_leeway_set_later_holds_from_the_next_request_on() -> None:
    app, late = guarded_app(), {"headers": bearer(token(exp=int(time.time()) - 30))}
    assert status(app, **late) == 401
    app.config["JWT_DECODE_LEEWAY"] = timedelta(minutes=1)
    assert status(app, **late) == 200


@pytest.mark.parametrize(("name", "value", "method", "given", "request_", "statuses"), IN_PLACE)
def test_a_list_that_is_changed_in_place_holds_from_the_next_request_on(
    name: str, value: Any, method: str, given: Any, request_: dict[str, Any], statuses: list[int]
) -> None:
    app = guarded_app(**BESIDE.get(name, {}) | {name: copy(value)})
    before = status(app, **request_)
    getattr(app.config[f"JWT_{name}"], method)(given)
    assert [before, status(app, **request_)] == statuses


def test_any_container_that_is_changed_in_place_holds_from_the_next_request_on() -> None:
    app = guarded_app(TOKEN_LOCATION=deque(["headers"]))
    assert status(app, **COOKIE) == 401
    app.config["JWT_TOKEN_LOCATION"].append("cookies")
    assert status(app, **COOKIE) == 200


def test_a_configuration_that_looks_elsewhere_holds_from_the_next_request_on() -> None:
    elsewhere = {"JWT_SECRET_KEY": OTHER}

    class Elsewhere(Config):
        """As Dynaconf's: what it has itself is only the fallback."""

        def __getitem__(self, name: str) -> Any:
            return elsewhere[name] if name in elsewhere else super().__getitem__(name)

    app = guarded_app()
    app.config = Elsewhere(app.root_path, app.config)
    JWTManager(app)
    assert status(app, **BEARER) == 422
    elsewhere["JWT_SECRET_KEY"] = SECRET
    assert status(app, **BEARER) == 200


def test_a_key_ring_takes_keys_that_cannot_be_copied() -> None:
    class Key(bytes):
        """As the keys of cryptography 42."""

        def __deepcopy__(self, _: Any) -> "Key":
            raise TypeError("cannot pickle a key")

    assert status(guarded_app(KEY_RING=[{"secret_key": Key(SECRET.encode())}]), **BEARER) == 200


def test_a_lifetime_that_is_over_makes_expired_tokens_with_a_store_too() -> None:
    with make_app(ACCESS_TOKEN_EXPIRES=-5, STORE="memory").app_context():
        text = create_access_token("alice")
        with pytest.raises(ExpiredSignatureError):
            decode_token(text)


def test_one_manager_serves_apps_with_different_options() -> None:
    manager, apps = JWTManager(), []
    for options in ({"SECRET_KEY": SECRET}, {"SECRET_KEY": OTHER}, {"TOKEN_LOCATION": "cookies"}):
        apps.append(guarded_app(**options))
        manager.init_app(apps[-1])
    manager.unauthorized_loader(lambda _: ({}, 418))
    for _ in range(2):
        assert [status(app, **BEARER) for app in apps] == [200, 422, 418]
    assert status(apps[2], **COOKIE) == 200


@pytest.mark.parametrize(
    "start",
    [
        lambda app: JWTManager().init_app(app),
        pytest.param(
            lambda app: JWTManager(app),
        ),
    ],
)
def test_the_warning_of_cookies_that_browsers_drop_points_at_the_app(start: Any) -> None:
    app = Flask("an_app")
    app.config["JWT_COOKIE_SAMESITE"] = "None"
    with pytest.warns(UserWarning, match="JWT_COOKIE_SECURE") as caught:
        start(app)
    assert [warning.filename for warning in caught] == [__file__]
