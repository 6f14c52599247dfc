"""Mistakes in options raise when the app starts, with a message that says what to set."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import support
from flask import Flask
from flask_jwt_extended.config import config as upstream_config
from support import NAMES, SECRET, bearer, guarded_app, make_app, read, status, token

from jwt_extended.flask import JWTManager, create_access_token, decode_token
from jwt_extended.flask.config import config

PLACES = '"headers", "cookies", "query_string", or "json"'
AT_LEAST_ONE = f"JWT_TOKEN_LOCATION must contain at least one of {PLACES}"
ONLY = f"JWT_TOKEN_LOCATION can only contain {PLACES}"
NO_SECRET = 'JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric algorithm "HS256"'
NO_KEY = 'must be set to use asymmetric cryptography algorithm "RS256"'
SUM = "must be able to add JWT_{}_TOKEN_EXPIRES to datetime.datetime"
NO_SECONDS = ["15m", None, 1.5, True, date(2026, 1, 1)]

ALGORITHMS = [
    *(f"{family}{size}" for family in ("HS", "RS", "PS", "ES") for size in (256, 384, 512)),
    *("ES521", "ES256K", "EdDSA", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
]

#: Values that upstream rejects, with its message and the attribute of `config` that raises it.
MISTAKES: list[tuple[str, list[Any], str, str]] = [
    ("HEADER_NAME", ["", None], "JWT_ACCESS_HEADER_NAME cannot be empty", "header_name"),
    ("TOKEN_LOCATION", [1], "JWT_TOKEN_LOCATION must be a sequence or a set", "token_location"),
    ("TOKEN_LOCATION", [[], (), set()], AT_LEAST_ONE, "token_location"),
    ("TOKEN_LOCATION", ["", "pockets", ["headers", "x"], [1]], ONLY, "jwt_in_cookies"),
    ("ACCESS_TOKEN_EXPIRES", NO_SECONDS, SUM.format("ACCESS"), "access_expires"),
    ("REFRESH_TOKEN_EXPIRES", NO_SECONDS, SUM.format("REFRESH"), "refresh_expires"),
]

#: The errors for a missing key. They only raise when it is needed, as a loader may provide it.
KEYS: list[tuple[str, str, str]] = [
    ("HS256", "encode_key", NO_SECRET),
    ("HS256", "decode_key", NO_SECRET),
    ("RS256", "encode_key", f"JWT_PRIVATE_KEY {NO_KEY}"),
    ("RS256", "decode_key", f"JWT_PUBLIC_KEY {NO_KEY}"),
]

SESSION_OPTIONS = (
    *("MAX_SESSIONS", "REFRESH_GRACE", "SESSION_EXPIRES", "SESSION_IDLE_EXPIRES"),
    "STORE_TIMEOUT",
)

#: Other invalid values, which upstream accepts, or fails on much later.
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
    # Without a store, none of these may be set.
    **{name: [60] for name in SESSION_OPTIONS},
    "JWKS_URL": ["jwks.json", "https://a.example/jwks", 5],
    "MAX_TOKEN_LENGTH": [100],
    "REALM": [5, "a\nb"],
    **{name: ["no", 1, None] for name in ("PROTECT_BY_DEFAULT", "WWW_AUTHENTICATE")},
    "CSRF_REFUSE_CROSS_SITE": ["perhaps"],
    "CSRF_REFUSE_SAME_SITE": ["perhaps"],
    "KEY_RING": [[], "a secret", [{}], [{"secret_key": 5}], [{"public_key": SECRET}]],
}

#: Values of a wrong type. Upstream fails on them later, or never.
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
    "MAX_SESSIONS": [0, -1, True, "many", 1.5],
    "REFRESH_GRACE": ["soon", -1, 301, False, True, 0.5, timedelta(minutes=6)],
    "SESSION_EXPIRES": ["a day", 0, -5, True, 1.5, timedelta(days=-1)],
    "SESSION_IDLE_EXPIRES": ["a day", 0, False, True, 1.5, timedelta()],
    "VERIFICATION_CACHE": [date(2026, 1, 1), float("nan")],
    "STORE_TIMEOUT": ["1s", 0, -1, False, True, 61, timedelta(), timedelta(days=1), float("nan")],
    "KEY_RING": [[{"secret_key": SECRET, name: []}] for name in ("kid", "algorithm")],
    "SECRET_KEY": [5],
    "ACCESS_COOKIE_PATH": [5],
    "COOKIE_SAMESITE": ["Sometimes"],
    "ERROR_MESSAGE_KEY": [["msg"]],
}


def flat(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize("readers", [config, upstream_config], ids=["ours", "upstream"])
@pytest.mark.parametrize(("name", "wrong", "message", "reader"), MISTAKES)
def test_a_mistake_raises_upstreams_message(
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
def test_a_missing_key_raises_only_when_it_is_needed(
    algorithm: str, reader: str, message: str
) -> None:
    app = guarded_app(ALGORITHM=algorithm, SECRET_KEY=None)
    app.testing = True
    assert status(app) == 401
    with app.app_context():
        assert read(config, reader) == read(upstream_config, reader) == message
        with pytest.raises(RuntimeError) as info:
            create_access_token("alice") if reader == "encode_key" else decode_token(token())
        assert str(info.value) == message
    if reader == "decode_key":
        with pytest.raises(RuntimeError) as info:
            status(app, headers=bearer(token()))
        assert str(info.value) == message


@pytest.mark.parametrize(("name", "value"), flat(WRONG))
def test_invalid_options_raise_at_startup_naming_the_option(name: str, value: Any) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_{name}"):
        make_app(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SESSION_EXPIRES", "90d"), ("REFRESH_GRACE", "10s"), ("CSRF_REFUSE_CROSS_SITE", "false")],
)
def test_the_engines_own_spellings_are_accepted(name: str, value: Any) -> None:
    make_app(STORE="memory", **{name: value})


@pytest.mark.parametrize(("name", "value"), flat(OF_ANOTHER_TYPE))
def test_options_of_another_type_raise_at_startup(name: str, value: Any) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_{name}"):
        make_app(**{"STORE": "memory"} | {name: value})


@pytest.mark.parametrize("name", ["ALGORITHM", "DECODE_ALGORITHMS"])
def test_an_unknown_algorithm_raises_with_the_list_of_algorithms(name: str) -> None:
    with pytest.raises(RuntimeError) as info:
        make_app(**{name: "none"})
    assert str(info.value) == f"JWT_{name} can only be of {', '.join(ALGORITHMS)}"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (lambda path: {"JWT_SECRET_KEY": path}, "JWT_SECRET_KEY"),
        (lambda path: {"JWT_SECRET_KEY": f"{path}\n"}, "JWT_SECRET_KEY"),
        (lambda path: {"JWT_SECRET_KEY": None, "SECRET_KEY": path}, "SECRET_KEY"),
        (lambda path: {"JWT_PRIVATE_KEY": path, "JWT_ALGORITHM": "RS256"}, "JWT_PRIVATE_KEY"),
        (
            lambda path: {"JWT_SECRET_KEY": None, "JWT_KEY_RING": [{"secret_key": path}]},
            r"secret_key of JWT_KEY_RING\[0\]",
        ),
    ],
)
def test_a_key_that_is_the_path_of_a_file_raises(options: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / "a-secret-in-a-file-with-a-path-that-is-long-enough"
    path.write_text(f"{SECRET}\n")
    app = Flask("an_app")
    app.config.update(options(str(path)))
    with pytest.raises(RuntimeError, match=f"^{name} is the path of a file") as info:
        JWTManager(app)
    assert str(tmp_path) not in str(info.value)


@pytest.mark.parametrize("start", [lambda app: JWTManager().init_app(app), JWTManager])
def test_warnings_of_options_point_at_the_app(start: Any) -> None:
    app = Flask("an_app")
    app.config["JWT_COOKIE_SAMESITE"] = "None"
    with pytest.warns(UserWarning, match="JWT_COOKIE_SECURE") as caught:
        start(app)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        (
            "ACCES_TOKEN_EXPIRES",
            60,
            "JWT_ACCES_TOKEN_EXPIRES is not an option .* JWT_ACCESS_TOKEN",
        ),
        (
            "KEYRING",
            [],
            "JWT_KEYRING is not an option and has no effect; .* JWT_KEY_RING",
        ),
        ("MAX_SESSION", 5, "did you mean JWT_MAX_SESSIONS"),
        ("REFRESH_GRACE_TIME", 5, "did you mean JWT_REFRESH_GRACE"),
        ("SECRET_KEY_FILE", "/run/secrets/key", r"set JWT_SECRET_KEY = pathlib.Path\(os.environ"),
        ("JWKS_URI", "/jwks", "did you mean JWT_JWKS_URL"),
        ("COOKIE_SECURE", "False", "JWT_COOKIE_SECURE is the string 'False', which counts as T"),
        ("ENCODE_NBF", "no", "JWT_ENCODE_NBF is the string 'no'"),
        ("COOKIE_SAMESITE", "None", "without JWT_COOKIE_SECURE"),
    ],
)
def test_likely_mistakes_in_options_warn(name: str, value: Any, hint: str) -> None:
    with pytest.warns(UserWarning, match=hint) as caught:
        make_app(**{name: value})
    # The line where the app connects the extension.
    assert [warning.filename for warning in caught] == [support.__file__]


@pytest.mark.parametrize("name", ["AUTH_URL_RULE", "SECRETS_OF_ANOTHER_EXTENSION"])
def test_options_of_other_extensions_are_ignored(name: str) -> None:
    make_app(**{name: "theirs"})
