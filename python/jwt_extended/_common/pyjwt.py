"""PyJWT's exceptions, which apps catch, for every version of PyJWT. The engine uses these."""

from jwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InsecureKeyLengthWarning",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingRequiredClaimError",
]

try:
    from jwt.exceptions import InvalidJTIError, InvalidSubjectError
except ImportError:  # PyJWT before 2.10

    class InvalidSubjectError(InvalidTokenError):  # type: ignore[no-redef]
        """The claim ``sub`` is not a string."""

    class InvalidJTIError(InvalidTokenError):  # type: ignore[no-redef]
        """The claim ``jti`` is not a string."""


try:
    from jwt.warnings import InsecureKeyLengthWarning
except ImportError:  # PyJWT before 2.11

    class InsecureKeyLengthWarning(UserWarning):  # type: ignore[no-redef]
        """A key is too short for its algorithm."""
