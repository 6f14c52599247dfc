"""What passes as options and can hardly be meant: warned of when an app is connected."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ._defaults import OURS, UPSTREAM
from ._legacy import OPTIONS

_KNOWN = [*UPSTREAM, *OURS]
_NO = ("false", "no", "off", "0", "n", "f")


def hints(options: Mapping[str, Any]) -> Iterator[str]:
    """Say what the app should look at again."""
    if options["JWT_COOKIE_SAMESITE"] == "None" and not options["JWT_COOKIE_SECURE"]:
        yield "browsers drop cookies of JWT_COOKIE_SAMESITE None without JWT_COOKIE_SECURE"
    for name, usual in UPSTREAM.items():
        value = options[name]
        # As a variable of the environment has it.
        if isinstance(usual, bool) and isinstance(value, str) and value.lower() in _NO:
            yield f"{name} is the text {value!r}, which counts as True; set False"
    for name in options:
        if name.startswith("JWT_") and name not in _KNOWN and name not in OPTIONS:
            for meant in get_close_matches(name, _KNOWN, n=1, cutoff=0.85):
                yield f"{name} is no option, and does nothing; {meant} is one"
