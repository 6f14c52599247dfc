"""The options of 3.x: those that no longer exist, and the one that asks for its whole interface."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ..._common.options.read import read
from .._manager import Manager
from ..default_callbacks import default_blocklist_callback
from .warn import warn_of

#: The option that asks for the interface of a version: 3, or 4 by default.
VERSION = "JWT_INTERFACE_VERSION"
#: The options of 3.x that no longer exist, and their replacements.
RETIRED = {
    "JWT_BLACKLIST_ENABLED": "token_in_blocklist_loader alone",
    "JWT_BLACKLIST_TOKEN_CHECKS": "token_in_blocklist_loader, which sees the token's type",
    "JWT_USER_CLAIMS": "additional_claims_loader",
    "JWT_CLAIMS_IN_REFRESH_TOKEN": "additional_claims_loader",
    "JWT_CSRF_HEADER_NAME": "JWT_ACCESS_CSRF_HEADER_NAME and JWT_REFRESH_CSRF_HEADER_NAME",
}
#: The names of all options in this file.
KNOWN = (VERSION, *RETIRED)

#: The defaults of 3.x that differ from those of version 4. Its PyJWT took any identity.
_DEFAULTS = {"JWT_IDENTITY_CLAIM": "identity", "JWT_VERIFY_SUB": False}


def is_version_3(app: Flask) -> bool:
    """Return whether an app has the whole interface of 3.x."""
    return bool(app.config.get(VERSION) == 3)


def prepare(app: Flask) -> None:
    """Check the option for the version, and set the defaults of 3.x if it asks for them.

    :raises RuntimeError: for a version that does not exist.
    """
    version = app.config.setdefault(VERSION, 4)
    if version not in (3, 4) or isinstance(version, bool):
        raise RuntimeError(f"{VERSION} must be 3 or 4")
    if version == 3:
        for name, value in _DEFAULTS.items():
            app.config.setdefault(name, value)


def read_with_old_names(options: Mapping[str, Any]) -> dict[str, Any]:
    """Read an app's options, as the engine needs them, with the name that 3.x had renamed itself.

    :raises RuntimeError: for an invalid option, with what to set.
    """
    name = options.get("JWT_CSRF_HEADER_NAME")
    if name:
        kinds = ("ACCESS", "REFRESH")
        options = {**options, **{f"JWT_{kind}_CSRF_HEADER_NAME": name for kind in kinds}}
    return read(options)


def warn_of_retired_options(app: Flask, stacklevel: int) -> None:
    """Warn of each option of 3.x that an app sets, unless the app asks for version 3."""
    for name, new in RETIRED.items():
        if name in app.config and not is_version_3(app):
            warn_of(name, new, stacklevel=stacklevel + 2)


def check_blacklist(app: Flask, manager: Manager) -> None:
    """Raise, as 3.x did, if the app turns the blacklist on but has no way to look tokens up.

    :raises RuntimeError: with what to set.
    """
    is_on = app.config.get("JWT_BLACKLIST_ENABLED") and app.config["JWT_STORE"] is None
    if is_on and manager._token_in_blocklist_callback is default_blocklist_callback:
        raise RuntimeError(
            "JWT_BLACKLIST_ENABLED is set, but nothing tells which tokens are revoked; register a "
            "token_in_blocklist_loader, or set JWT_STORE"
        )
