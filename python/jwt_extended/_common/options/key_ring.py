"""Reads and checks ``JWT_KEY_RING``: one of its keys signs, and all of them verify."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .names import ALGORITHMS, ASYMMETRIC
from .paths import refuse_path

KINDS = ("secret_key", "private_key", "public_key")
TIMES = ("not_before", "retire_at")

#: Options for a single key, which cannot be combined with a ring, and where their keys go.
_ELSEWHERE = {
    "JWT_SECRET_KEY": '{"secret_key": ...}',
    "JWT_PRIVATE_KEY": '{"private_key": ..., "algorithm": ...}',
    "JWT_PUBLIC_KEY": '{"public_key": ..., "algorithm": ...}',
}


def key_ring(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the keys of ``JWT_KEY_RING``; an empty list if it is not set.

    Each is a dict with exactly one of ``secret_key``, ``private_key`` and ``public_key``. The
    default of its ``algorithm`` is ``JWT_ALGORITHM``. The default of its ``kid`` is the RFC 7638
    thumbprint for a key pair, and no ``kid`` for a secret.

    :raises RuntimeError: for an invalid ring, with what to set.
    """
    ring = options["JWT_KEY_RING"]
    if ring is None:
        return []
    if not isinstance(ring, list | tuple):
        raise RuntimeError("JWT_KEY_RING must be a list of dicts, one for each key")
    if not ring:
        raise RuntimeError("JWT_KEY_RING must have at least one key; set None for no ring")
    for name, entry in _ELSEWHERE.items():
        if options[name]:
            raise RuntimeError(
                f"{name} would be ignored because JWT_KEY_RING is set; to keep its tokens valid, "
                f"move the key to the end of the ring, as {entry}, and set {name} to None"
            )
    if options["JWT_DECODE_ALGORITHMS"]:
        raise RuntimeError(
            "JWT_DECODE_ALGORITHMS would be ignored because JWT_KEY_RING is set, where each key "
            "has its algorithm; set it to None"
        )
    return [_key(at, entry, options["JWT_ALGORITHM"]) for at, entry in enumerate(ring)]


def _key(at: int, entry: Any, default_algorithm: str) -> dict[str, Any]:
    name = f"JWT_KEY_RING[{at}]"
    if not isinstance(entry, Mapping):
        raise RuntimeError(f"{name} must be a dict with one of {', '.join(KINDS)}")
    kid, algorithm = entry.get("kid"), entry.get("algorithm", default_algorithm)
    if not isinstance(algorithm, str) or not isinstance(kid, str | None):
        raise RuntimeError(f"{name}: algorithm and kid must be strings")
    if unknown := [field for field in entry if field not in (*KINDS, *TIMES, "algorithm", "kid")]:
        raise RuntimeError(
            f"{name} has the unknown field {unknown[0]!r}; the fields are {', '.join(KINDS)}, "
            f"algorithm, kid, {' and '.join(TIMES)}"
        )
    if len(kinds := [kind for kind in KINDS if kind in entry]) != 1:
        raise RuntimeError(
            f"{name} must have exactly one of {', '.join(KINDS)}; a private_key includes its "
            "public half"
        )
    (kind,) = kinds
    refuse_path(f"{kind} of {name}", entry[kind])
    if algorithm not in ALGORITHMS:
        raise RuntimeError(f"{name}: algorithm can only be one of {', '.join(ALGORITHMS)}")
    if (algorithm in ASYMMETRIC) == (kind == "secret_key"):
        advice = "" if "algorithm" in entry else '; add its "algorithm", such as "ES256"'
        raise RuntimeError(f"{name}: a key for {algorithm} cannot be a {kind}{advice}")
    begin, end = (_moment(f"{time} of {name}", entry.get(time)) for time in TIMES)
    if kind == "public_key" and (begin, end) != (None, None):
        raise RuntimeError(f"{name}: a public_key never signs; leave out {' and '.join(TIMES)}")
    if begin is not None and end is not None and begin >= end:
        raise RuntimeError(f"{name}: retire_at must be later than not_before")
    return {
        "name": f"{kind} of {name}",
        "algorithm": algorithm,
        "signs": kind != "public_key",
        "key": entry[kind],
        "kid": kid,
        "not_before": begin,
        "retire_at": end,
    }


def _moment(name: str, value: Any) -> int | None:
    """Return a point in time in seconds since 1970."""
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = int(value.timestamp())
    if type(value) is not int or value < 0:
        raise RuntimeError(f"{name} must be a datetime with a timezone, or a Unix time")
    return value
