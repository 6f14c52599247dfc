"""The loaders of 3.x, and the shorter callbacks that 3.x allowed.

Callbacks that get no contents may call the functions for the current token, as in 3.x.
"""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

from flask import Flask, current_app

from ..._common.pyjwt import InvalidAudienceError
from .._app import this_app
from .._async import synchronous
from .._found import provisionally
from .._issuers import issuer_of
from .._manager import Manager
from ..config import config
from ..default_callbacks import default_decode_key_callback
from ..exceptions import InvalidHeaderError, JWTDecodeError, NoAuthorizationError
from .getters import user_claims_key, user_claims_of
from .options import is_version_3
from .warn import warn_of
from .words import rephrased

F = TypeVar("F", bound=Callable[..., Any])


class Loaders3(Manager):
    """Adds the interface of 3.x to a manager."""

    def __init__(self) -> None:
        super().__init__()
        self._user_claims_3: Callable[..., Any] | None = None
        #: The app's ``decode_key_loader``, and how many arguments it takes.
        self._decode_key_takes: tuple[Callable[..., Any], int] | None = None

    def user_claims_loader(self, callback: F) -> F:
        """Register the function that adds claims of a user, nested under ``JWT_USER_CLAIMS``.

        The decorated function must take **one** argument, the identity that the token is created
        for, and return a dict. Deprecated: use :meth:`additional_claims_loader`.
        """
        self._warn_of("user_claims_loader", "additional_claims_loader")
        self._user_claims_3 = synchronous(callback)
        return callback

    def user_loader_callback_loader(self, callback: F) -> F:
        """Register the function that finds the user of an identity.

        The decorated function must take **one** argument, the identity, and return the user or
        ``None``. Deprecated: use :meth:`user_lookup_loader`.
        """
        self._warn_of("user_loader_callback_loader", "user_lookup_loader")
        load = _informed(callback)
        self._user_lookup_callback = lambda header, data: load(header, data, _identity(data))
        return callback

    def user_loader_error_loader(self, callback: F) -> F:
        """Register the answer for an unknown identity.

        The decorated function must take **one** argument, the identity, and return a response.
        Deprecated: use :meth:`user_lookup_error_loader`.
        """
        self._warn_of("user_loader_error_loader", "user_lookup_error_loader")
        answer = _informed(callback)
        self._user_lookup_error_callback = lambda header, data: answer(
            header, data, _identity(data)
        )
        return callback

    def token_in_blacklist_loader(self, callback: F) -> F:
        """Register the function that reports whether a token was revoked.

        The decorated function must take **one** argument, a dict with the claims of the token, and
        return a bool. Unlike in 3.x, it is called unless ``JWT_BLACKLIST_ENABLED`` is ``False``:
        an app that registers it wants revoked tokens rejected. Deprecated: use
        :meth:`token_in_blocklist_loader`.
        """
        self._warn_of("token_in_blacklist_loader", "token_in_blocklist_loader")
        is_revoked = synchronous(callback)

        def check(_: dict[str, Any], data: dict[str, Any]) -> Any:
            options = current_app.config
            if not options.get("JWT_BLACKLIST_ENABLED", True):
                return False
            checked = options.get("JWT_BLACKLIST_TOKEN_CHECKS", ("access", "refresh"))
            # Whatever is no refresh token counts as an access token, also for the guards.
            kind = "refresh" if data["type"] == "refresh" else "access"
            return kind in checked and is_revoked(data)

        self._token_in_blocklist_callback = check
        return callback

    def claims_verification_loader(self, callback: F) -> F:
        """Register the function that verifies the user claims of an access token.

        The decorated function must take **one** argument, a dict with the claims of
        ``user_claims_loader``, and return a bool. Deprecated: use
        :meth:`token_verification_loader`.
        """
        self._warn_of("claims_verification_loader", "token_verification_loader")
        verify = _informed(callback)
        # Refresh tokens have no user claims to verify.
        self._token_verification_callback = lambda header, data: (
            data["type"] == "refresh" or verify(header, data, user_claims_of(data))
        )
        return callback

    def claims_verification_failed_loader(self, callback: F) -> F:
        """Register the answer if ``claims_verification_loader`` rejected a token.

        The decorated function must take **no** arguments and return a response. Deprecated: use
        :meth:`token_verification_failed_loader`.
        """
        self._warn_of("claims_verification_failed_loader", "token_verification_failed_loader")
        self._token_verification_failed_callback = _informed(callback)
        return callback

    def decode_key_loader(self, callback: F) -> F:
        """Register the function that chooses the key that verifies a token.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. In version 3, the claims came first, or alone:
        a function with one argument gets the claims. **Neither has been verified yet**, so trust
        nothing in them. The function must return a key.
        """
        super().decode_key_loader(callback)
        if _positional(callback) == 1:
            self._warn_of(
                "a decode_key_loader that takes only the claims",
                "header and claims as its arguments",
            )
        return callback

    @property
    def _decode_key(self) -> Callable[..., Any] | None:
        callback = self._decode_key_callback
        if callback is default_decode_key_callback:
            return None
        if self._decode_key_takes is None or self._decode_key_takes[0] is not callback:
            self._decode_key_takes = callback, _positional(callback)
        if self._decode_key_takes[1] == 1:
            return lambda _, claims: callback(claims)
        if is_version_3(this_app()):
            return lambda header, claims: callback(claims, header)
        return callback

    def _taking_contents(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Also accept the callbacks of 3.x, which took no arguments or only the claims."""
        taken = _positional(callback)
        if taken >= 2:
            return synchronous(callback)
        self._warn_of(
            "a loader that takes less than two arguments",
            "header and claims as its arguments",
            stacklevel=5,
        )
        call = _informed(callback)
        return (lambda header, data: call(header, data, data)) if taken else call

    def _claims_for(
        self,
        token_type: str,
        identity: Any,
        claims: dict[str, Any] | None,
        user_claims: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Also add the user claims of 3.x, from the caller or the loader, in a nested dict."""
        callback = self._user_claims_3
        if callback is None and user_claims is None:
            return claims
        options = current_app.config
        if user_claims is not None:
            if not is_version_3(this_app()):
                warn_of("user_claims=", "additional_claims=", stacklevel=4)
        elif callback and (token_type == "access" or options.get("JWT_CLAIMS_IN_REFRESH_TOKEN")):  # noqa: S105
            user_claims = callback(identity)
        if not user_claims:
            return claims
        return {user_claims_key(): user_claims, **(claims or {})}

    def _warn_of(self, old: str, new: str, stacklevel: int = 4) -> None:
        """Warn that the app uses 3.x. The default level is the caller of the caller."""
        warn_of(old, new, stacklevel)

    # What an app with the whole interface of 3.x gets.

    @property
    def _needs_guard(self) -> bool:
        return not is_version_3(this_app())

    def _complete(self, claims: dict[str, Any], app: Flask) -> None:
        if not is_version_3(app):
            return
        if claims["type"] not in ("access", "refresh"):
            raise JWTDecodeError("Missing or invalid claim: type")
        if "aud" in claims and not config.decode_audience and issuer_of(claims) is None:
            # The PyJWT of 3.x took no token for somebody else.
            raise InvalidAudienceError("Invalid audience")
        claims.setdefault(user_claims_key(), {})

    def _rephrase(self, error: Exception) -> None:
        if is_version_3(this_app()):
            other = rephrased(error)
            if other is not error:
                raise other

    def _is_no_token(self, error: Exception) -> bool:
        return is_version_3(this_app()) and isinstance(
            error, NoAuthorizationError | InvalidHeaderError
        )

    def _check_cookies(self, function: str) -> None:
        if is_version_3(this_app()) and not config.jwt_in_cookies:
            raise RuntimeWarning(
                f"{function}() called without 'JWT_TOKEN_LOCATION' configured to use cookies"
            )

    def _decode_jwt_from_config(
        self,
        encoded_token: str,
        csrf_value: str | None = None,
        allow_expired: bool = False,
    ) -> dict[str, Any]:
        try:
            claims = super()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)
        except Exception as error:
            self._rephrase(error)
            raise
        self._complete(claims, this_app())
        return claims

    @property
    def _adds_claims(self) -> bool:
        return super()._adds_claims or self._user_claims_3 is not None


def _identity(data: dict[str, Any]) -> Any:
    # An app that raises UserLoadError itself may have no token.
    return data.get(current_app.config["JWT_IDENTITY_CLAIM"])


def _informed(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback that is called with header, claims, and then its own arguments.

    It may ask for the contents of the token, which no guard has accepted yet.
    """
    call = synchronous(callback)

    def informed(header: dict[str, Any], claims: dict[str, Any], *arguments: Any) -> Any:
        with provisionally(claims, header):
            return call(*arguments)

    return informed


def _positional(callback: Callable[..., Any]) -> int:
    """Return how many positional arguments a callback takes; 2 if that cannot be known."""
    try:
        parameters = signature(callback).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in parameters)
