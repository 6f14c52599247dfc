"""The functions of 3.x: they create and read tokens, and set cookies."""

from typing import Any

from ... import utils as four
from ...config import config
from ...exceptions import WrongTokenError
from ...internal_utils import get_jwt_manager
from ...typing import ExpiresDelta, Fresh
from ...utils import (
    current_user,
    decode_token,
    get_csrf_token,
    get_current_user,
    get_jti,
    get_jwt_identity,
    get_unverified_jwt_headers,
    set_access_cookies,
    set_refresh_cookies,
    unset_access_cookies,
    unset_jwt_cookies,
    unset_refresh_cookies,
)
from ..exceptions import RevokedTokenError, UserClaimsVerificationError
from ..getters import jwt_claims as get_jwt_claims
from ..getters import raw_jwt as get_raw_jwt
from ..getters import raw_jwt_header as get_raw_jwt_header

__all__ = [
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt_claims",
    "get_jwt_identity",
    "get_raw_jwt",
    "get_raw_jwt_header",
    "get_unverified_jwt_headers",
    "has_user_loader",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "user_loader",
    "verify_token_claims",
    "verify_token_not_blacklisted",
    "verify_token_type",
]


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Create an access token.

    :param identity: the owner of the token, or a value that the ``user_identity_loader`` turns into
        one.
    :param fresh: whether the token is fresh, as after a login; a ``timedelta`` for how long.
    :param expires_delta: how long the token lives.
    :param user_claims: claims in place of those of ``user_claims_loader``.
    :param headers: more headers.
    """
    return four.create_access_token(
        identity, fresh, expires_delta, user_claims=user_claims, headers=headers
    )


def create_refresh_token(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Create a refresh token. Takes the arguments of ``create_access_token`` but ``fresh``."""
    return four.create_refresh_token(
        identity, expires_delta, user_claims=user_claims, headers=headers
    )


def has_user_loader() -> bool:
    """Return whether the app has a ``user_loader_callback_loader``."""
    return get_jwt_manager()._user_lookup_callback is not None


def user_loader(identity: Any) -> Any:
    """Find the user of an identity with the app's ``user_loader_callback_loader``."""
    callback = get_jwt_manager()._user_lookup_callback
    return callback and callback({}, {config.identity_claim_key: identity})


def verify_token_type(decoded_token: dict[str, Any], expected_type: str) -> None:
    """Reject a token of another type."""
    if decoded_token["type"] != expected_type:
        raise WrongTokenError(f"Only {expected_type} tokens are allowed")


def verify_token_not_blacklisted(decoded_token: dict[str, Any], request_type: str) -> None:
    """Reject a token that the app's ``token_in_blacklist_loader`` reports as revoked."""
    if get_jwt_manager()._token_in_blocklist_callback({}, decoded_token):
        raise RevokedTokenError("Token has been revoked")


def verify_token_claims(jwt_data: dict[str, Any]) -> None:
    """Reject a token whose user claims the app's ``claims_verification_loader`` rejects."""
    if not get_jwt_manager()._token_verification_callback({}, jwt_data):
        raise UserClaimsVerificationError("User claims verification failed")
