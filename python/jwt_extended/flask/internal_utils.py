"""Helpers under upstream's module name, which some apps import."""

from typing import Any

from flask import Flask

from ._app import MANAGER, NO_MANAGER, this_app
from ._json import JSONEncoder, get_json_encoder
from ._manager import Manager
from .exceptions import RevokedTokenError, UserClaimsVerificationError, WrongTokenError

__all__ = [
    "JSONEncoder",
    "custom_verification_for_token",
    "get_json_encoder",
    "get_jwt_manager",
    "has_user_lookup",
    "user_lookup",
    "verify_token_not_blocklisted",
    "verify_token_type",
]


def get_jwt_manager() -> Manager:
    """Return the current app's manager.

    :raises RuntimeError: if the app has none.
    """
    return manager_of(this_app())


def manager_of(app: Flask) -> Manager:
    """Return an app's manager.

    :raises RuntimeError: if the app has none.
    """
    try:
        manager: Manager = app.extensions[MANAGER]
    except KeyError:
        raise RuntimeError(NO_MANAGER) from None
    return manager


def has_user_lookup() -> bool:
    """Return whether the app has a ``user_lookup_loader``."""
    return get_jwt_manager()._user_lookup_callback is not None


def user_lookup(*args: Any, **kwargs: Any) -> Any:
    """Find the user of a token with the app's ``user_lookup_loader``."""
    callback = get_jwt_manager()._user_lookup_callback
    return callback and callback(*args, **kwargs)


def verify_token_type(decoded_token: dict[str, Any], refresh: bool) -> None:
    """Reject a refresh token where another token is required, and the reverse."""
    if not refresh and decoded_token["type"] == "refresh":
        raise WrongTokenError("Only non-refresh tokens are allowed")
    if refresh and decoded_token["type"] != "refresh":
        raise WrongTokenError("Only refresh tokens are allowed")


def verify_token_not_blocklisted(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
    """Reject a token that the app's ``token_in_blocklist_loader`` reports as revoked."""
    if get_jwt_manager()._token_in_blocklist_callback(jwt_header, jwt_data):
        raise RevokedTokenError(jwt_header, jwt_data)


def custom_verification_for_token(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
    """Reject a token that the app's ``token_verification_loader`` does not accept."""
    if not get_jwt_manager()._token_verification_callback(jwt_header, jwt_data):
        raise UserClaimsVerificationError("User claims verification failed", jwt_header, jwt_data)
