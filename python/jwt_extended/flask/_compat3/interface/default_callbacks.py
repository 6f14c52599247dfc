"""The callbacks of 3.x that work unless an app registers its own."""

from typing import Any

from flask.typing import ResponseReturnValue

from ... import default_callbacks as four
from ...default_callbacks import (
    default_encode_key_callback,
    default_invalid_token_callback,
    default_jwt_headers_callback,
    default_unauthorized_callback,
    default_user_identity_callback,
)
from .config import config

__all__ = [
    "default_claims_verification_callback",
    "default_decode_key_callback",
    "default_encode_key_callback",
    "default_expired_token_callback",
    "default_invalid_token_callback",
    "default_jwt_headers_callback",
    "default_needs_fresh_token_callback",
    "default_revoked_token_callback",
    "default_unauthorized_callback",
    "default_user_claims_callback",
    "default_user_identity_callback",
    "default_user_loader_error_callback",
    "default_verify_claims_failed_callback",
]


def default_user_claims_callback(userdata: Any) -> dict[str, Any]:
    """Add no user claims."""
    return {}


def default_expired_token_callback(expired_token: dict[str, Any]) -> ResponseReturnValue:
    """Answer 401: the token has expired."""
    return four.default_expired_token_callback({}, expired_token)


def default_needs_fresh_token_callback() -> ResponseReturnValue:
    """Answer 401: the user must enter their credentials again."""
    return four.default_needs_fresh_token_callback({}, {})


def default_revoked_token_callback() -> ResponseReturnValue:
    """Answer 401: the token has been revoked."""
    return four.default_revoked_token_callback({}, {})


def default_user_loader_error_callback(identity: Any) -> ResponseReturnValue:
    """Answer 401: the token's user does not exist."""
    return four.default_user_lookup_error_callback({}, {config.identity_claim_key: identity})


def default_claims_verification_callback(user_claims: Any) -> bool:
    """Accept all user claims."""
    return True


def default_verify_claims_failed_callback() -> ResponseReturnValue:
    """Answer 400: the app's own verification rejected the user claims."""
    return four.default_token_verification_failed_callback({}, {})


def default_decode_key_callback(claims: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Return the configured key that verifies tokens."""
    return config.decode_key
