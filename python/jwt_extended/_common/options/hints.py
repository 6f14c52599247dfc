"""Warnings for option values that are valid but almost certainly mistakes."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..._core import closest_option
from .names import KEYS, OURS, UPSTREAM
from .paths import reading

_KNOWN = [*UPSTREAM, *OURS]
_NO = ("false", "no", "off", "0", "n", "f")


def hints(options: Mapping[str, Any], retired: Collection[str]) -> Iterator[str]:
    """Yield a message for each option that the developer should check.

    :param options: the app's options.
    :param retired: names of options that no longer exist. They have warnings elsewhere.
    """
    if options["JWT_COOKIE_SAMESITE"] == "None" and not options["JWT_COOKIE_SECURE"]:
        yield "browsers drop cookies of JWT_COOKIE_SAMESITE None without JWT_COOKIE_SECURE"
    for name, usual in UPSTREAM.items():
        value = options[name]
        # Environment variables are strings.
        if isinstance(usual, bool) and isinstance(value, str) and value.lower() in _NO:
            yield f"{name} is the string {value!r}, which counts as True; set False"
    for name in options:
        if name.startswith("JWT_") and name not in _KNOWN and name not in retired:
            key = name.removesuffix("_FILE")
            if key != name and key in KEYS:
                yield f"{name} is not an option and has no effect; set {key} = {reading(key)}"
                continue
            meant = closest_option(name, _KNOWN)
            if meant is not None:
                yield f"{name} is not an option and has no effect; did you mean {meant}?"
