"""The exceptions of Flask-JWT-Extended. They are defined where other faces can share them.

An app that does not catch them answers with the loaders of
:class:`~jwt_extended.flask.JWTManager`.
"""

from .._common.exceptions import (
    CSRFError,
    FreshTokenRequired,
    InsufficientLoginError,
    InsufficientScopeError,
    InvalidHeaderError,
    InvalidQueryParamError,
    JWTDecodeError,
    JWTExtendedException,
    KeysUnavailableError,
    NoAuthorizationError,
    ReplayedTokenError,
    RevokedTokenError,
    StoreUnavailableError,
    UserClaimsVerificationError,
    UserLoadError,
    UserLookupError,
    WrongTokenError,
)

__all__ = [
    "CSRFError",
    "FreshTokenRequired",
    "InsufficientLoginError",
    "InsufficientScopeError",
    "InvalidHeaderError",
    "InvalidQueryParamError",
    "JWTDecodeError",
    "JWTExtendedException",
    "KeysUnavailableError",
    "NoAuthorizationError",
    "ReplayedTokenError",
    "RevokedTokenError",
    "StoreUnavailableError",
    "UserClaimsVerificationError",
    "UserLoadError",
    "UserLookupError",
    "WrongTokenError",
]
