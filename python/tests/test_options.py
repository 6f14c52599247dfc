"""Options: upstream's defaults, and changes while an app runs."""

import json
import time
from collections import deque
from copy import copy
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import flask_jwt_extended as upstream
import jwt
import pytest
from flask import Config
from flask_jwt_extended.config import config as upstream_config
from jwt import ExpiredSignatureError
from jwt.algorithms import requires_cryptography
from support import NAMES, OTHER, SECRET, bearer, guarded_app, make_app, read, status, token

from jwt_extended.flask import JWTManager, create_access_token, decode_token
from jwt_extended.flask.config import config

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

#: An option, its value, a method call that changes it, a request, its status before and after.
IN_PLACE: list[Any] = [
    ("TOKEN_LOCATION", ["headers"], "append", "cookies", COOKIE, [401, 200]),
    ("TOKEN_LOCATION", {"headers"}, "add", "cookies", COOKIE, [401, 200]),
    ("CSRF_METHODS", ["POST"], "remove", "POST", POST, [401, 200]),
    ("CSRF_METHODS", ["POST"], "append", "GET", COOKIE, [200, 401]),
    ("DECODE_ALGORITHMS", ["HS512"], "append", "HS256", BEARER, [422, 200]),
    ("DECODE_AUDIENCE", ["them"], "append", "us", FOR_US, [422, 200]),
    ("KEY_RING", [{"secret_key": OTHER}], "append", {"secret_key": SECRET}, BEARER, [422, 200]),
]

#: Other options that these tests need.
BESIDE: dict[str, dict[str, Any]] = {
    "DECODE_ALGORITHMS": {"ALGORITHM": "HS512"},
    "CSRF_METHODS": {"TOKEN_LOCATION": "cookies"},
    "COOKIE_CSRF_PROTECT": {"TOKEN_LOCATION": "cookies"},
}

#: Upstream's options with upstream's defaults, and with other values.
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


def test_all_43_options_have_upstreams_defaults() -> None:
    mine = make_app(SECRET_KEY=None).config
    assert len(DEFAULTS) == 43
    assert {name: mine[name] for name in DEFAULTS} == DEFAULTS
    assert set(OVERRIDES) == set(DEFAULTS)


def test_options_that_an_app_sets_are_kept() -> None:
    app = make_app(**{name.removeprefix("JWT_"): value for name, value in OVERRIDES.items()})
    assert all(app.config[name] is value for name, value in OVERRIDES.items())
    make_app().config["JWT_CSRF_METHODS"].append("GET")
    assert "GET" not in make_app().config["JWT_CSRF_METHODS"]


READ = [name for name in vars(type(upstream_config)) if name[0] != "_" and name != "json_encoder"]


@pytest.mark.parametrize("reader", READ)
@pytest.mark.parametrize("options", [{}, OVERRIDES, {"JWT_ALGORITHM": "RS256"}])
def test_attributes_of_config_read_what_upstreams_do(reader: str, options: dict[str, Any]) -> None:
    app = make_app()
    app.config.update(options)
    with app.app_context():
        assert read(config, reader) == read(upstream_config, reader)


def test_config_is_not_where_options_are_set() -> None:
    with make_app().app_context(), pytest.raises(AttributeError, match="JWT_ALGORITHM"):
        config.algorithm = "HS512"
    with make_app().app_context():
        assert config.algorithm == "HS256"


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


@pytest.mark.parametrize(("name", "first", "second", "request_", "statuses"), ASSIGNED)
def test_an_option_set_later_applies_to_the_next_request(
    name: str, first: Any, second: Any, request_: dict[str, Any], statuses: list[int]
) -> None:
    app = guarded_app(**BESIDE.get(name, {}) | {name: first})
    before = status(app, **request_)
    app.config[f"JWT_{name}"] = second
    assert [before, status(app, **request_)] == statuses
    app.config[f"JWT_{name}"] = first
    assert status(app, **request_) == before


def test_a_leeway_set_later_applies_to_the_next_request() -> None:
    app, late = guarded_app(), {"headers": bearer(token(exp=int(time.time()) - 30))}
    assert status(app, **late) == 401
    app.config["JWT_DECODE_LEEWAY"] = timedelta(minutes=1)
    assert status(app, **late) == 200


@pytest.mark.parametrize(("name", "value", "method", "given", "request_", "statuses"), IN_PLACE)
def test_a_list_changed_in_place_applies_to_the_next_request(
    name: str, value: Any, method: str, given: Any, request_: dict[str, Any], statuses: list[int]
) -> None:
    app = guarded_app(**BESIDE.get(name, {}) | {name: copy(value)})
    before = status(app, **request_)
    getattr(app.config[f"JWT_{name}"], method)(given)
    assert [before, status(app, **request_)] == statuses


def test_any_container_may_be_changed_in_place() -> None:
    app = guarded_app(TOKEN_LOCATION=deque(["headers"]))
    assert status(app, **COOKIE) == 401
    app.config["JWT_TOKEN_LOCATION"].append("cookies")
    assert status(app, **COOKIE) == 200


def test_an_option_set_without_the_configs_own_methods_applies() -> None:
    app = guarded_app()
    before = status(app, **BEARER)
    dict.update(app.config, JWT_SECRET_KEY=OTHER)
    assert [before, status(app, **BEARER)] == [200, 422]


def test_other_names_do_not_hide_a_changed_option() -> None:
    app = guarded_app()
    app.config["COUNTER"] = 1
    before = status(app, **BEARER)
    del app.config["COUNTER"]
    app.config["ANOTHER"] = app.config.pop("JWT_SECRET_KEY")
    app.config["JWT_SECRET_KEY"] = OTHER
    assert [before, status(app, **BEARER)] == [200, 422]


def test_a_custom_config_class_is_read_for_every_request() -> None:
    elsewhere = {"JWT_SECRET_KEY": OTHER}

    class Elsewhere(Config):
        """Looks options up elsewhere first, like the config of Dynaconf."""

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
        """Cannot be copied, like the keys of cryptography 42."""

        def __deepcopy__(self, _: Any) -> "Key":
            raise TypeError("cannot pickle a key")

    assert status(guarded_app(KEY_RING=[{"secret_key": Key(SECRET.encode())}]), **BEARER) == 200


@pytest.mark.parametrize("audience", ["", None, []])
def test_an_empty_audience_counts_as_no_audience(package: ModuleType, audience: Any) -> None:
    with make_app(package, ENCODE_AUDIENCE=audience).app_context():
        made = package.create_access_token("alice")
    assert "aud" not in jwt.decode(made, SECRET, ["HS256"])


def test_a_negative_lifetime_creates_expired_tokens() -> None:
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
