"""The exceptions of 3.x that version 4 gave other arguments.

An app may raise them with a message alone. Each is also an exception of version 4, so that
handlers for either catch it.
"""

from typing import Any

from flask import has_app_context

from .. import exceptions as four
from .._found import HEADER, JWT, found


class _WithMessage(four.JWTExtendedException):
    def __init__(self, message: str = "") -> None:
        Exception.__init__(self, message)
        # The contents of the current token, for the callback that answers.
        known = has_app_context()
        self.jwt_header: dict[str, Any] = (known and found(HEADER)) or {}
        self.jwt_data: dict[str, Any] = (known and found(JWT)) or {}


class RevokedTokenError(_WithMessage, four.RevokedTokenError):
    """The token was revoked."""


class FreshTokenRequired(_WithMessage, four.FreshTokenRequired):
    """The token is valid but not fresh."""


class UserLoadError(_WithMessage, four.UserLookupError):
    """The ``user_loader_callback_loader`` found no user for the identity."""


class UserClaimsVerificationError(_WithMessage, four.UserClaimsVerificationError):
    """The ``claims_verification_loader`` rejected the token."""


#: The exceptions of version 4, and those that 3.x has in their place.
WITH_TOKEN: dict[type[Exception], type[Exception]] = {
    four.RevokedTokenError: RevokedTokenError,
    four.FreshTokenRequired: FreshTokenRequired,
    four.UserLookupError: UserLoadError,
    four.UserClaimsVerificationError: UserClaimsVerificationError,
}
