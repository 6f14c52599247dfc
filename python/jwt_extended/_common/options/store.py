"""The options of the store, checked. Each error names the option to set."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

#: The beginning of the URL of a store that processes share. The engine reads the rest.
SHARED = re.compile(r"sqlite[:+]|(postgres(ql)?|rediss?|valkeys?)(\+\w+)?://|unix://")
#: Options that need a store.
NEEDS_STORE = (
    "JWT_MAX_SESSIONS",
    "JWT_REFRESH_GRACE",
    "JWT_SESSION_EXPIRES",
    "JWT_SESSION_IDLE_EXPIRES",
    "JWT_STORE_TIMEOUT",
)

#: The default capacity of a store in memory.
_CAPACITY = 1_000_000
#: The default and the maximum of `JWT_STORE_TIMEOUT`, in seconds.
_TIMEOUT, _LONGEST_TIMEOUT = 1.0, 60.0


def store(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return where sessions are stored.

    :raises RuntimeError: for an invalid store, and for options that need a store if there is none.
    """
    where = options["JWT_STORE"]
    if where is None:
        for name in NEEDS_STORE:
            if options[name] is not None:
                raise RuntimeError(f'{name} needs a store; set JWT_STORE, such as to "memory"')
    shared = isinstance(where, str) and SHARED.match(where) is not None
    return {
        "memory_store": None if shared else _capacity(where),
        "shared_store": where if shared else None,
        "store_timeout": _timeout(options["JWT_STORE_TIMEOUT"]),
    }


def _capacity(where: Any) -> int | None:
    if where is None:
        return None
    if isinstance(where, str):
        kind, _, capacity = where.partition(":")
        number = int(capacity) if capacity.isdecimal() and len(capacity) < 10 else 0
        if where == "memory":
            return _CAPACITY
        if kind == "memory" and number:
            return number
    raise RuntimeError(
        'JWT_STORE must be "memory", "memory:" and a capacity, the URL of a shared store such as '
        '"redis://localhost:6379", "postgresql://localhost/app" or "sqlite:sessions.db", or None'
    )


def _timeout(value: Any) -> float:
    if value is None:
        return _TIMEOUT
    if isinstance(value, timedelta):
        value = value.total_seconds()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 < value <= _LONGEST_TIMEOUT:
        return float(value)
    raise RuntimeError(
        "JWT_STORE_TIMEOUT must be seconds or a timedelta, more than zero and at most a minute"
    )
