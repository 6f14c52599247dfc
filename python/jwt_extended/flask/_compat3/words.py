"""The exceptions and sentences of 3.x, in place of those of version 4 and of a later PyJWT."""

import re

from flask import current_app

from ..._common.pyjwt import InvalidAudienceError, MissingRequiredClaimError
from ..exceptions import (
    FreshTokenRequired,
    InvalidHeaderError,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
    WrongTokenError,
)
from .exceptions import WITH_TOKEN


def rephrased(error: Exception) -> Exception:
    """Return the exception that 3.x raised instead; the same one if it has no other words."""
    other = _other(error)
    if other is not error:
        # Such as its challenge.
        vars(other).update(vars(error))
        other.__cause__, other.__context__ = error.__cause__, error.__context__
    return other


def _other(error: Exception) -> Exception:
    said = str(error)
    match error:
        case WrongTokenError() if said == "Only non-refresh tokens are allowed":
            return WrongTokenError("Only access tokens are allowed")
        case InvalidAudienceError() if not isinstance(error, MissingRequiredClaimError):
            return InvalidAudienceError("Invalid audience")
        case InvalidHeaderError() if said.startswith("Bad "):
            return _bad_header()
        case NoAuthorizationError() if _lacks_type(said):
            return _bad_header()
        case NoAuthorizationError():
            quoted = re.sub(
                r"Missing '([^']*)' query paramater", r'Missing "\1" query paramater', said
            )
            return error if quoted == said else NoAuthorizationError(quoted)
        case (
            RevokedTokenError()
            | FreshTokenRequired()
            | UserLookupError()
            | UserClaimsVerificationError()
        ):
            kind = WITH_TOKEN.get(type(error))
            return error if kind is None else kind(said)
    return error


def _lacks_type(said: str) -> bool:
    """Return whether a message says that the header has another type than the configured one."""
    options = current_app.config
    kind, name = options["JWT_HEADER_TYPE"], options["JWT_HEADER_NAME"]
    return f"Missing '{kind}' type in '{name}' header" in said


def _bad_header() -> InvalidHeaderError:
    options = current_app.config
    name, kind = options["JWT_HEADER_NAME"], options["JWT_HEADER_TYPE"]
    value = f"{kind} <JWT>" if kind else "<JWT>"
    return InvalidHeaderError(f"Bad {name} header. Expected value '{value}'")
