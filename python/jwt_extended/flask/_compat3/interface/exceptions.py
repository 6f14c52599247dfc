"""The exceptions of 3.x. Handlers for those of version 4 catch them as well."""

from ...exceptions import (
    CSRFError,
    InvalidHeaderError,
    JWTDecodeError,
    JWTExtendedException,
    NoAuthorizationError,
    WrongTokenError,
)
from ..exceptions import (
    FreshTokenRequired,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLoadError,
)

__all__ = [
    "CSRFError",
    "FreshTokenRequired",
    "InvalidHeaderError",
    "JWTDecodeError",
    "JWTExtendedException",
    "NoAuthorizationError",
    "RevokedTokenError",
    "UserClaimsVerificationError",
    "UserLoadError",
    "WrongTokenError",
]
