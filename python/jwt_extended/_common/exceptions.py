"""The exceptions for rejected requests and tokens, under Flask-JWT-Extended's names.

PyJWT's own classes (``jwt.ExpiredSignatureError`` and the like) are raised where upstream lets
them through, so that existing ``except`` clauses keep working.
"""

from collections.abc import Sequence
from typing import Any


class JWTExtendedException(Exception):  # noqa: N818 - upstream's name
    """The base class of all exceptions of this package."""


class JWTDecodeError(JWTExtendedException):
    """The token lacks a required claim, or a claim has an invalid value."""


class InvalidHeaderError(JWTExtendedException):
    """The header has the right type, but is not followed by exactly one token."""


class InvalidQueryParamError(JWTExtendedException):
    """The query parameter lacks the prefix set by ``JWT_QUERY_STRING_VALUE_PREFIX``."""


class NoAuthorizationError(JWTExtendedException):
    """The request has no token in any of the configured locations."""


class CSRFError(JWTExtendedException):
    """The token came in a cookie without a matching CSRF value."""


class WrongTokenError(JWTExtendedException):
    """A refresh token was sent where another token is required, or the reverse."""


class _WithToken(JWTExtendedException):
    """The token's signature is valid, so its contents are available."""

    def __init__(self, message: str, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        super().__init__(message)
        #: The header of the token.
        self.jwt_header = jwt_header
        #: The claims of the token.
        self.jwt_data = jwt_data


class RevokedTokenError(_WithToken):
    """The token, its session or all sessions of its user were revoked."""

    def __init__(self, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        super().__init__("Token has been revoked", jwt_header, jwt_data)


class ReplayedTokenError(RevokedTokenError):
    """The refresh token was used before, so somebody has a copy. Its session has been ended.

    Upstream does not track which refresh tokens were used, and has no such exception.
    """

    def __init__(self, message: str, jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> None:
        _WithToken.__init__(self, message, jwt_header, jwt_data)


class FreshTokenRequired(_WithToken):
    """The token is valid but not fresh: the user must enter their credentials again."""


class InsufficientScopeError(_WithToken):
    """The token lacks a scope, a permission or a role that the view asks for. Answered with 403.

    Upstream does not check scopes, and has no such exception.
    """

    def __init__(
        self,
        message: str,
        jwt_header: dict[str, Any],
        jwt_data: dict[str, Any],
        scope: str | None = None,
    ) -> None:
        super().__init__(message, jwt_header, jwt_data)
        #: The scopes that the view asks for, with spaces between them; ``None`` if the token lacks
        #: something else.
        self.scope = scope


class InsufficientLoginError(_WithToken):
    """The user logged in too long ago, or not in the way that the view asks for. Answered with 401.

    Upstream only knows fresh tokens, and has no such exception.
    """

    def __init__(
        self,
        message: str,
        jwt_header: dict[str, Any],
        jwt_data: dict[str, Any],
        max_age: int | None = None,
        acr: Sequence[str] = (),
    ) -> None:
        super().__init__(message, jwt_header, jwt_data)
        #: How many seconds ago the login may be; ``None`` for any time.
        self.max_age = max_age
        #: The accepted classes of login; empty for any.
        self.acr = tuple(acr)


class UserLookupError(_WithToken):
    """The ``user_lookup_loader`` found no user for the token."""


class UserClaimsVerificationError(_WithToken):
    """The ``token_verification_loader`` rejected the token."""


class StoreUnavailableError(JWTExtendedException):
    """The store of ``JWT_STORE`` did not answer or could not save a change. Answered with 503.

    Upstream has no store, and so no such exception.
    """


class KeysUnavailableError(JWTExtendedException):
    """The keys of one of ``JWT_ISSUERS`` cannot be fetched, so that its tokens cannot be checked.

    Answered with 503. Upstream knows no other issuers, and so no such exception.
    """

    def __init__(self, message: str, retry_after: str = "30") -> None:
        super().__init__(message)
        #: After how many seconds a client may try again.
        self.retry_after = retry_after


#: The 3.x name.
UserLoadError = UserLookupError
