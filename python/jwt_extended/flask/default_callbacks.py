"""The callbacks of an app that has registered no other: one function for each loader."""

from http import HTTPStatus
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from ._issuers import identity_claim_of
from .config import config


def default_additional_claims_callback(userdata: Any) -> dict[str, Any]:
    """Add no claims."""
    return {}


def default_blocklist_callback(jwt_headers: dict[str, Any], jwt_data: dict[str, Any]) -> bool:
    """Report no token as revoked."""
    return False


def default_jwt_headers_callback(default_headers: Any) -> dict[str, Any]:
    """Add no headers."""
    return {}


def default_user_identity_callback(userdata: Any) -> Any:
    """Use the identity unchanged."""
    return userdata


def default_expired_token_callback(
    _expired_jwt_header: dict[str, Any], _expired_jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 401: the token has expired."""
    return _answer("Token has expired", HTTPStatus.UNAUTHORIZED)


def default_invalid_token_callback(error_string: str) -> ResponseReturnValue:
    """Answer 422, and say what is wrong with the token or the request."""
    return _answer(error_string, HTTPStatus.UNPROCESSABLE_ENTITY)


def default_unauthorized_callback(error_string: str) -> ResponseReturnValue:
    """Answer 401, and say what is missing."""
    return _answer(error_string, HTTPStatus.UNAUTHORIZED)


def default_needs_fresh_token_callback(
    jwt_header: dict[str, Any], jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 401: the user must enter their credentials again."""
    return _answer("Fresh token required", HTTPStatus.UNAUTHORIZED)


def default_insufficient_scope_callback(
    jwt_header: dict[str, Any],
    jwt_data: dict[str, Any],
    message: str = "The token needs another scope",
) -> ResponseReturnValue:
    """Answer 403: the token does not allow this."""
    return _answer(message, HTTPStatus.FORBIDDEN)


def default_insufficient_login_callback(
    jwt_header: dict[str, Any],
    jwt_data: dict[str, Any],
    message: str = "Another login is required",
) -> ResponseReturnValue:
    """Answer 401: the user must log in again, perhaps in a stronger way."""
    return _answer(message, HTTPStatus.UNAUTHORIZED)


def default_revoked_token_callback(
    jwt_header: dict[str, Any], jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 401: the token has been revoked."""
    return _answer("Token has been revoked", HTTPStatus.UNAUTHORIZED)


def default_replayed_token_callback(
    jwt_header: dict[str, Any], jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 401: the refresh token was used before, so its session has ended."""
    return _answer(
        "Token was used before, so its session has ended. Log in again", HTTPStatus.UNAUTHORIZED
    )


def default_user_lookup_error_callback(
    _jwt_header: dict[str, Any], jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 401: the token's user does not exist."""
    identity = jwt_data.get(identity_claim_of(jwt_data))
    return _answer(f"Error loading the user {identity}", HTTPStatus.UNAUTHORIZED)


def default_token_verification_callback(
    _jwt_header: dict[str, Any], _jwt_data: dict[str, Any]
) -> bool:
    """Accept every valid token: by default there is no extra verification."""
    return True


def default_token_verification_failed_callback(
    _jwt_header: dict[str, Any], _jwt_data: dict[str, Any]
) -> ResponseReturnValue:
    """Answer 400: the app's own verification rejected the token."""
    return _answer("User claims verification failed", HTTPStatus.BAD_REQUEST)


def default_decode_key_callback(jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> Any:
    """Return the configured key that verifies tokens."""
    return config.decode_key


def default_encode_key_callback(identity: Any) -> Any:
    """Return the configured key that signs tokens."""
    return config.encode_key


def _answer(message: str, status: HTTPStatus) -> ResponseReturnValue:
    return jsonify({config.error_msg_key: message}), status
