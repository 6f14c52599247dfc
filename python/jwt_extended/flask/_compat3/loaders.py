"""The loaders of 3.x, and the shorter callbacks that 3.x allowed."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

from flask import current_app

from .._async import synchronous
from .._manager import Manager
from .getters import user_claims_of
from .warn import warn_of

F = TypeVar("F", bound=Callable[..., Any])


class Loaders3(Manager):
    """Adds the interface of 3.x to a manager."""

    def __init__(self) -> None:
        super().__init__()
        self._user_claims_3: Callable[..., Any] | None = None

    def user_claims_loader(self, callback: F) -> F:
        """Register the function that adds claims of a user, nested under ``JWT_USER_CLAIMS``.

        The decorated function must take **one** argument, the identity that the token is created
        for, and return a dict. Deprecated: use :meth:`additional_claims_loader`.
        """
        warn_of("user_claims_loader", "additional_claims_loader")
        self._user_claims_3 = synchronous(callback)
        return callback

    def user_loader_callback_loader(self, callback: F) -> F:
        """Register the function that finds the user of an identity.

        The decorated function must take **one** argument, the identity, and return the user or
        ``None``. Deprecated: use :meth:`user_lookup_loader`.
        """
        warn_of("user_loader_callback_loader", "user_lookup_loader")
        load = synchronous(callback)
        self._user_lookup_callback = lambda _, data: load(_identity(data))
        return callback

    def user_loader_error_loader(self, callback: F) -> F:
        """Register the answer for an unknown identity.

        The decorated function must take **one** argument, the identity, and return a response.
        Deprecated: use :meth:`user_lookup_error_loader`.
        """
        warn_of("user_loader_error_loader", "user_lookup_error_loader")
        answer = synchronous(callback)
        self._user_lookup_error_callback = lambda _, data: answer(_identity(data))
        return callback

    def token_in_blacklist_loader(self, callback: F) -> F:
        """Register the function that reports whether a token was revoked.

        The decorated function must take **one** argument, a dict with the claims of the token, and
        return a bool. Unlike in 3.x, it is called unless ``JWT_BLACKLIST_ENABLED`` is ``False``:
        an app that registers it wants revoked tokens rejected. Deprecated: use
        :meth:`token_in_blocklist_loader`.
        """
        warn_of("token_in_blacklist_loader", "token_in_blocklist_loader")
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
        warn_of("claims_verification_loader", "token_verification_loader")
        verify = synchronous(callback)
        # Refresh tokens have no user claims to verify.
        self._token_verification_callback = lambda _, data: (
            data["type"] == "refresh" or verify(user_claims_of(data))
        )
        return callback

    def claims_verification_failed_loader(self, callback: F) -> F:
        """Register the answer if ``claims_verification_loader`` rejected a token.

        The decorated function must take **no** arguments and return a response. Deprecated: use
        :meth:`token_verification_failed_loader`.
        """
        warn_of("claims_verification_failed_loader", "token_verification_failed_loader")
        answer = synchronous(callback)
        self._token_verification_failed_callback = lambda _, __: answer()
        return callback

    def _taking_contents(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Also accept the callbacks of 3.x, which took no arguments or only the claims."""
        callback = synchronous(callback)
        taken = _positional(callback)
        if taken >= 2:
            return callback
        warn_of(
            "a loader that takes less than two arguments",
            "header and claims as its arguments",
            stacklevel=4,
        )
        return (lambda _, data: callback(data)) if taken else (lambda _, __: callback())

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
            warn_of("user_claims=", "additional_claims=", stacklevel=4)
        elif callback and (token_type == "access" or options.get("JWT_CLAIMS_IN_REFRESH_TOKEN")):  # noqa: S105
            user_claims = callback(identity)
        if not user_claims:
            return claims
        return {options.get("JWT_USER_CLAIMS", "user_claims"): user_claims, **(claims or {})}

    @property
    def _adds_claims(self) -> bool:
        return super()._adds_claims or self._user_claims_3 is not None


def _identity(data: dict[str, Any]) -> Any:
    return data[current_app.config["JWT_IDENTITY_CLAIM"]]


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
