"""Translates an app's options into the engine's, and checks them.

The engine calls :func:`read` again whenever an option has changed. Each error names the option
to set.
"""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .exempt import exempt
from .issuers import issuers
from .key_ring import key_ring
from .names import (
    ALGORITHMS,
    ASYMMETRIC,
    KEYS,
    LOCATIONS,
    PASSED_ON,
    SWITCHES,
    TEXTS,
    TEXTS_OR_NONE,
    TOLERATED,
)
from .paths import refuse_path
from .reader import MappingReader
from .store import store


def read(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the engine is created with.

    :raises RuntimeError: for an invalid option, with what to set. A missing key is not an error
        until it is needed, because a loader may provide one.
    """
    check(options)
    config = MappingReader(options)
    tolerate = _tolerate(options)
    common = {
        "identity_claim": config.identity_claim_key,
        "tolerate": [word for word in tolerate if word != "small_rsa"],
        **{name.removeprefix("JWT_").lower(): _plain(options[name]) for name in PASSED_ON},
        **_lifetimes(config, options),
    }
    audience = _several("JWT_ENCODE_AUDIENCE", config.encode_audience or None)
    issuing = {
        **common,
        "encode_audience": audience,
        "encode_issuer": config.encode_issuer or None,
        "encode_nbf": bool(config.encode_nbf),
        "cookie_csrf_protect": bool(config.cookie_csrf_protect),
    }
    checking = {
        **common,
        **_places(config, options),
        "decode_audience": _several("JWT_DECODE_AUDIENCE", config.decode_audience),
        "decode_issuer": _several("JWT_DECODE_ISSUER", config.decode_issuer),
        "verify_sub": bool(config.verify_sub),
        "error_statuses": "flask_jwt_extended",
    }
    one = isinstance(config.encode_audience, str)
    return {
        "issuing": _json(issuing),
        "checking": _json(checking),
        "leeway": _seconds(config.leeway),
        # Upstream writes a list of one audience as a list, and the engine as a string.
        "fixed_claims": "" if one or not audience else _json({"aud": audience}),
        "max_token_length": options["JWT_MAX_TOKEN_LENGTH"],
        "padding": "padding" in tolerate,
        "identity_claim": config.identity_claim_key,
        "challenges": bool(options["JWT_WWW_AUTHENTICATE"]),
        "algorithm": config.algorithm,
        "decode_algorithms": config.decode_algorithms,
        "encode_key": _encode_key_or_error(config),
        "decode_keys": _decode_keys_or_error(config),
        "key_ring": key_ring(options),
        "longest_usual_lifetime": _longest(config),
        "issuers": issuers(options),
        "short_secret": _short("short_secret", options),
        "small_rsa": _short("small_rsa", options),
        **store(options),
    }


def check(options: Mapping[str, Any]) -> None:
    """Check the options whose type is all there is to check.

    :raises RuntimeError: for an invalid option, with what to set.
    """
    for name in TEXTS:
        if not isinstance(options[name], str) or not options[name]:
            if name == "JWT_HEADER_NAME" and options[name] in (None, ""):
                continue  # upstream has its own message
            raise RuntimeError(f"{name} must be a non-empty string")
    for name in TEXTS_OR_NONE:
        if not isinstance(options[name], str | None):
            raise RuntimeError(f"{name} must be a string or None")
    for name in SWITCHES:
        if not isinstance(options[name], bool):
            raise RuntimeError(f"{name} must be True or False")
    for name in KEYS:
        refuse_path(name, options[name])
    if not options["JWT_SECRET_KEY"] and options["JWT_ALGORITHM"] not in ASYMMETRIC:
        refuse_path("SECRET_KEY", options.get("SECRET_KEY"))
    exempt(options)
    same_site = options["JWT_COOKIE_SAMESITE"]
    if same_site and same_site.title() not in ("Strict", "Lax", "None"):
        raise RuntimeError('JWT_COOKIE_SAMESITE must be "Strict", "Lax", "None", or None')
    if options["JWT_COOKIE_PARTITIONED"] is True and not options["JWT_COOKIE_SECURE"]:
        raise RuntimeError("JWT_COOKIE_PARTITIONED needs JWT_COOKIE_SECURE")
    _check_renewal(options["JWT_RENEW_ACCESS_COOKIE_WITHIN"])
    length = options["JWT_MAX_TOKEN_LENGTH"]
    if type(length) is not int or not 256 <= length <= 2**30:
        raise RuntimeError("JWT_MAX_TOKEN_LENGTH must be a number of bytes, at least 256")
    algorithms = options["JWT_DECODE_ALGORITHMS"]
    for name, value in [
        ("JWT_ALGORITHM", [options["JWT_ALGORITHM"]]),
        ("JWT_DECODE_ALGORITHMS", _several("JWT_DECODE_ALGORITHMS", algorithms) or []),
    ]:
        if any(algorithm not in ALGORITHMS for algorithm in value):
            raise RuntimeError(f"{name} can only be of {', '.join(ALGORITHMS)}")


def _check_renewal(within: Any) -> None:
    seconds = within.total_seconds() if isinstance(within, timedelta) else within
    if seconds is not None and (type(seconds) not in (int, float) or seconds <= 0):
        raise RuntimeError(
            "JWT_RENEW_ACCESS_COOKIE_WITHIN must be a timedelta or seconds, more than zero, or None"
        )


def _places(config: MappingReader, options: Mapping[str, Any]) -> dict[str, Any]:
    locations = config.token_location
    if not isinstance(locations, list | tuple):
        # The order of a set may change with every start of the app.
        locations = [location for location in LOCATIONS if location in locations]
    methods = _several("JWT_CSRF_METHODS", config.csrf_request_methods)
    if methods is None:
        raise RuntimeError("JWT_CSRF_METHODS must be a list; set [] to protect no method")
    names = {
        name: getattr(config, name)
        for kind in ("access", "refresh")
        for name in (
            f"{kind}_cookie_name",
            f"{kind}_csrf_cookie_name",
            f"{kind}_csrf_header_name",
            f"{kind}_csrf_field_name",
        )
    }
    places = {
        "token_location": list(dict.fromkeys(locations)),
        "header_name": config.header_name,
        "header_type": config.header_type or "",
        "query_string_name": config.query_string_name,
        "query_string_value_prefix": config.query_string_value_prefix or "",
        "json_key": config.json_key,
        "refresh_json_key": config.refresh_json_key,
        # For upstream, an empty list of methods turns the protection off.
        "cookie_csrf_protect": bool(config.cookie_csrf_protect and methods),
        "csrf_methods": [method.upper() for method in methods] or ["POST"],
        "csrf_check_form": bool(config.csrf_check_form),
        **names,
    }
    prefixed = [name for name in names.values() if str(name).lower().startswith("__")]
    if prefixed:
        # Browsers drop such cookies unless their attributes match the prefix.
        places["cookie_secure"] = bool(config.cookie_secure)
        places["cookie_domain"] = config.cookie_domain or None
        for kind in ("access", "refresh", "access_csrf", "refresh_csrf"):
            places[f"{kind}_cookie_path"] = getattr(config, f"{kind}_cookie_path")
    return places


def _lifetimes(config: MappingReader, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lifetimes that a store needs in order to know how long to keep records."""
    access, refresh = config.access_expires, config.refresh_expires
    if options["JWT_STORE"] is None:
        return {}
    return {
        # Upstream allows negative lifetimes, and the engine does not.
        "access_token_expires": access is not False and max(1, _whole_seconds(access)),
        "refresh_token_expires": refresh is not False and max(1, _whole_seconds(refresh)),
    }


def _longest(config: MappingReader) -> int | None:
    """Return how long a token lives at most, in seconds, unless a caller says otherwise."""
    lifetimes = (config.access_expires, config.refresh_expires)
    if any(life is False for life in lifetimes):
        return None
    return max(0, *map(_whole_seconds, lifetimes))


def _plain(value: Any) -> Any:
    """Return an option's value as JSON can hold it: durations in whole seconds, rounded up."""
    return math.ceil(value.total_seconds()) if isinstance(value, timedelta) else value


def _whole_seconds(delta: Any) -> int:
    """Return whole seconds, rounded up."""
    now = datetime.now(timezone.utc)
    seconds: float = ((now + delta) - now).total_seconds()
    return math.ceil(seconds)


def _tolerate(options: Mapping[str, Any]) -> list[str]:
    tolerate = options["JWT_TOLERATE"]
    if tolerate is None:
        # If tokens without an expiry were accepted, a store could never delete a record.
        forgets = options["JWT_STORE"] is not None
        return [word for word in TOLERATED if not (forgets and word == "missing_expiry")]
    words = _several("JWT_TOLERATE", tolerate) or []
    for word in words:
        if word not in TOLERATED:
            raise RuntimeError(f"JWT_TOLERATE can only contain {', '.join(TOLERATED)}")
    return words


def _seconds(leeway: Any) -> float:
    if isinstance(leeway, timedelta):
        leeway = leeway.total_seconds()
    if isinstance(leeway, int | float) and 0 <= leeway < math.inf:
        return float(leeway)
    raise RuntimeError("JWT_DECODE_LEEWAY must be seconds or a timedelta, and not negative")


def _several(name: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or not all(isinstance(item, str) for item in value):
        raise RuntimeError(f"{name} must be a string or a list of strings")
    return sorted(value) if isinstance(value, set | frozenset) else list(value)


def _short(word: str, options: Mapping[str, Any]) -> str:
    """Return how keys that are too short are treated. The default is PyJWT's: a warning."""
    if options["JWT_TOLERATE"] is None:
        return "warned of"
    return "accepted" if word in _tolerate(options) else "refused"


def _encode_key_or_error(config: MappingReader) -> tuple[str, Any]:
    try:
        return config.encode_key_name, config.encode_key
    except RuntimeError as error:
        return "", error


def _decode_keys_or_error(config: MappingReader) -> list[tuple[str, Any]]:
    try:
        key, *fallbacks = config.decode_keys
    except TypeError as error:
        raise RuntimeError(str(error)) from None
    except RuntimeError as error:
        return [("", error)]
    named = [(f"SECRET_KEY_FALLBACKS[{at}]", key) for at, key in enumerate(fallbacks)]
    return [(config.decode_key_name, key), *named]


def _json(options: dict[str, Any]) -> str:
    known = {name: value for name, value in options.items() if value is not None}
    try:
        return json.dumps(known, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        names = ", ".join(name for name in PASSED_ON)
        raise RuntimeError(f"one of {names} has a value of another kind: {error}") from None
