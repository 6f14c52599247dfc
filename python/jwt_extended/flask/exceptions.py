"""What can be wrong with a request or a token, under Flask-JWT-Extended's names.

PyJWT's own classes (``jwt.ExpiredSignatureError`` and the like) are raised where upstream lets
them through, so that ``except`` clauses go on working. An app that does not catch any of them
answers with the loaders of :class:`~jwt_extended.flask.JWTManager`.
"""

from typing import Any


class JWTExtendedException(Exception):  # noqa: N818 - upstream's name
    """The base of all exceptions of this package."""


class JWTDecodeError(JWTExtendedException):
    """The token lacks a claim that every token has, or a claim has an impossible value."""


class InvalidHeaderError(JWTExtendedException):
    """The header has its scheme, and then not exactly one token."""


class InvalidQueryParamError(JWTExtendedException):
    """The query parameter lacks the prefix that ``JWT_QUERY_STRING_VALUE_PREFIX`` asks for."""


class NoAuthorizationError(JWTExtendedException):
    """There is no token where one was looked for."""


class CSRFError(JWTExtendedException):
    """A token came in a cookie, without the CSRF value that must come along."""


class WrongTokenError(JWTExtendedException):
    """A refresh token where another is due, or the reverse."""


class _WithToken(JWTExtendedException):
    """The token's signature was good, and its contents are there to be looked at."""

    def __init__(self, message: str, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        super().__init__(message)
        #: The header of the token.
        self.jwt_header = jwt_header
        #: The claims of the token.
        self.jwt_data = jwt_data


class RevokedTokenError(_WithToken):
    """The token, its session, or all that its user had, was revoked."""

    def __init__(self, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        super().__init__("Token has been revoked", jwt_header, jwt_data)


class ReplayedTokenError(RevokedTokenError):
    """The refresh token was used before, so somebody has a copy: its session has been ended.

    Upstream does not know which refresh tokens were used, and has no such exception.
    """

    def __init__(self, message: str, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        _WithToken.__init__(self, message, jwt_header, jwt_data)


class FreshTokenRequired(_WithToken):
    """The token is good and not fresh: the user must prove again who they are."""


class UserLookupError(_WithToken):
    """The ``user_lookup_loader`` found no user for the token."""


class UserClaimsVerificationError(_WithToken):
    """The ``token_verification_loader`` refused the token."""


class StoreUnavailableError(JWTExtendedException):
    """The store of ``JWT_STORE`` did not answer, or could not keep what it was told: 503.

    Upstream has no store, and so no such exception.
    """


#: The 3.x name.
UserLoadError = UserLookupError
