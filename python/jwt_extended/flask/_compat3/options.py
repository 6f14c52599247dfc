"""The options of 3.x that no longer exist, and the check of the blacklist."""

from flask import Flask

from .._manager import Manager
from ..default_callbacks import default_blocklist_callback
from .warn import warn_of

#: The options of 3.x that no longer exist, and their replacements.
RETIRED = {
    "JWT_BLACKLIST_ENABLED": "token_in_blocklist_loader alone",
    "JWT_BLACKLIST_TOKEN_CHECKS": "token_in_blocklist_loader, which sees the token's type",
    "JWT_USER_CLAIMS": "additional_claims_loader",
    "JWT_CLAIMS_IN_REFRESH_TOKEN": "additional_claims_loader",
}


def warn_of_retired_options(app: Flask, stacklevel: int) -> None:
    """Warn of each option of 3.x that an app sets."""
    for name, new in RETIRED.items():
        if name in app.config:
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
