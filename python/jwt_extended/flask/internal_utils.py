"""Helpers that upstream keeps here, and that some apps reach for."""

import json
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask.json.provider import DefaultJSONProvider

from .exceptions import RevokedTokenError, UserClaimsVerificationError, WrongTokenError

if TYPE_CHECKING:
    from .._core import Engine
    from .jwt_manager import JWTManager

#: Where an app keeps its :class:`~jwt_extended.flask.JWTManager`: upstream's key.
MANAGER = "flask-jwt-extended"
#: Where an app keeps its engine.
ENGINE = "jwt-extended"

NO_MANAGER = "You must initialize a JWTManager with this flask application before using this method"


def get_jwt_manager() -> "JWTManager":
    """Return the current app's manager.

    :raises RuntimeError: if the app has none.
    """
    return manager_of(current_app)


def manager_of(app: Flask) -> "JWTManager":
    """Return an app's manager."""
    try:
        manager: JWTManager = app.extensions[MANAGER]
    except KeyError:
        raise RuntimeError(NO_MANAGER) from None
    return manager


def engine_and_app() -> tuple["Engine", Flask]:
    """Return the current app's engine, and the app."""
    get_jwt_manager()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app.extensions[ENGINE], app


def has_user_lookup() -> bool:
    """Whether the app has said how users are found."""
    return get_jwt_manager()._user_lookup_callback is not None


def user_lookup(*args: Any, **kwargs: Any) -> Any:
    """Find the user of a token, in the app's own way."""
    callback = get_jwt_manager()._user_lookup_callback
    return callback and callback(*args, **kwargs)


def verify_token_type(decoded_token: dict[str, Any], refresh: bool) -> None:
    """Refuse a refresh token where another is due, and the reverse."""
    if not refresh and decoded_token["type"] == "refresh":
        raise WrongTokenError("Only non-refresh tokens are allowed")
    if refresh and decoded_token["type"] != "refresh":
        raise WrongTokenError("Only refresh tokens are allowed")


def verify_token_not_blocklisted(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
    """Refuse a token that the app's ``token_in_blocklist_loader`` knows."""
    if get_jwt_manager()._token_in_blocklist_callback(jwt_header, jwt_data):
        raise RevokedTokenError(jwt_header, jwt_data)


def custom_verification_for_token(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
    """Refuse a token that the app's ``token_verification_loader`` does not want."""
    if not get_jwt_manager()._token_verification_callback(jwt_header, jwt_data):
        raise UserClaimsVerificationError("User claims verification failed", jwt_header, jwt_data)


def check_session(session: Any) -> None:
    """Refuse what is no session's name."""
    if not isinstance(session, str):
        kind = type(session).__name__
        raise TypeError(f"session must be a string, as get_jwt_session() returns it, not a {kind}")
    if not session:
        raise ValueError("session must not be empty: it would be one for everybody")


class JSONEncoder(json.JSONEncoder):
    """Encodes what JSON does not know by the current app's JSON provider."""

    def default(self, o: Any) -> Any:
        """Return something that JSON knows."""
        return json_default(current_app)(o)


def json_default(app: Flask) -> Any:
    """Return the app's own idea of what JSON does not know: dates, UUIDs, decimals."""
    return getattr(app.json_provider_class, "default", DefaultJSONProvider.default)


def get_json_encoder(app: Flask) -> type[json.JSONEncoder]:
    """Return the encoder that writes the app's claims."""
    return JSONEncoder
