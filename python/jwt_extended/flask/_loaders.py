"""The callbacks of an app and the decorators that register them, as in Flask-JWT-Extended 4.

A callback may be an ``async def`` function if Flask is installed with its ``async`` extra.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from . import default_callbacks as default
from ._async import synchronous

C = TypeVar("C", bound=Callable[..., Any])
Callback = Callable[..., Any]


class Loaders:
    """Holds the callbacks of one or several apps. Each ``…_loader`` method registers one."""

    def __init__(self) -> None:
        self._decode_key_callback: Callback = default.default_decode_key_callback
        self._encode_key_callback: Callback = default.default_encode_key_callback
        self._expired_token_callback: Callback = default.default_expired_token_callback
        self._insufficient_login_callback: Callback = default.default_insufficient_login_callback
        self._insufficient_scope_callback: Callback = default.default_insufficient_scope_callback
        self._invalid_token_callback: Callback = default.default_invalid_token_callback
        self._jwt_additional_header_callback: Callback = default.default_jwt_headers_callback
        self._needs_fresh_token_callback: Callback = default.default_needs_fresh_token_callback
        self._replayed_token_callback: Callback = default.default_replayed_token_callback
        self._revoked_token_callback: Callback = default.default_revoked_token_callback
        self._token_in_blocklist_callback: Callback = default.default_blocklist_callback
        self._token_verification_callback: Callback = default.default_token_verification_callback
        self._token_verification_failed_callback: Callback = (
            default.default_token_verification_failed_callback
        )
        self._unauthorized_callback: Callback = default.default_unauthorized_callback
        self._user_claims_callback: Callback = default.default_additional_claims_callback
        self._user_identity_callback: Callback = default.default_user_identity_callback
        self._user_lookup_callback: Callback | None = None
        self._issuer_user_lookup_callback: Callback | None = None
        self._user_lookup_error_callback: Callback = default.default_user_lookup_error_callback

    # The contents of new tokens.

    def additional_claims_loader(self, callback: C) -> C:
        """Register the function that adds claims to new tokens.

        The decorated function must take **one** argument: the identity that the token is created
        for. It must return a dict of claims. Claims passed to ``create_access_token`` or
        ``create_refresh_token`` as ``additional_claims`` are merged into the dict, and win.
        """
        self._user_claims_callback = synchronous(callback)
        return callback

    def additional_headers_loader(self, callback: C) -> C:
        """Register the function that adds headers to new tokens.

        The decorated function must take **one** argument: the identity that the token is created
        for. It must return a dict of headers. Headers passed to ``create_access_token`` or
        ``create_refresh_token`` as ``additional_headers`` are merged into the dict, and win.
        """
        self._jwt_additional_header_callback = synchronous(callback)
        return callback

    def user_identity_loader(self, callback: C) -> C:
        """Register the function that turns a user into the identity stored in tokens.

        The decorated function must take **one** argument: the identity passed to
        ``create_access_token`` or ``create_refresh_token``, such as a database row. It must return
        a string.
        """
        self._user_identity_callback = synchronous(callback)
        return callback

    def encode_key_loader(self, callback: C) -> C:
        """Register the function that chooses the key that signs a token.

        The decorated function must take **one** argument: the identity that the token is created
        for. It must return a key.
        """
        self._encode_key_callback = synchronous(callback)
        return callback

    def decode_key_loader(self, callback: C) -> C:
        """Register the function that chooses the key that verifies a token.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. **Neither has been verified yet**, so trust
        nothing in them. The function must return a key. To rotate keys without a callback, set
        ``JWT_KEY_RING``.
        """
        self._decode_key_callback = synchronous(callback)
        return callback

    # The checks of tokens, and the user of a token.

    def token_in_blocklist_loader(self, callback: C) -> C:
        """Register the function that reports whether a token was revoked.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return ``True`` if the token was
        revoked, and ``False`` otherwise. To store revocations without a callback, set
        ``JWT_STORE``.
        """
        self._token_in_blocklist_callback = synchronous(callback)
        return callback

    def token_verification_loader(self, callback: C) -> C:
        """Register the function that verifies a valid token by the app's own rules.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return ``True`` to accept the token,
        and ``False`` to reject it.
        """
        self._token_verification_callback = synchronous(callback)
        return callback

    def user_lookup_loader(self, callback: C) -> C:
        """Register the function that finds the user of a token, for ``current_user``.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return the user. If it returns
        ``None``, the request is rejected.

        It is not called for the tokens of other issuers (``JWT_ISSUERS``), because their
        identities may be those of the app's users: see :meth:`issuer_user_lookup_loader`.
        """
        self._user_lookup_callback = synchronous(callback)
        return callback

    def issuer_user_lookup_loader(self, callback: C) -> C:
        """Register the function that finds the user of another issuer's token (``JWT_ISSUERS``).

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return the user of the issuer
        ``claims["iss"]`` with that identity. If it returns ``None``, the request is rejected.
        Without it, an app with a :meth:`user_lookup_loader` rejects such tokens.
        """
        self._issuer_user_lookup_callback = synchronous(callback)
        return callback

    # The answers to rejected requests.

    def unauthorized_loader(self, callback: C) -> C:
        """Register the answer to a request without a token, or without a cookie's CSRF value.

        The decorated function must take **one** argument: a string that says what is missing. It
        must return a response.
        """
        self._unauthorized_callback = synchronous(callback)
        return callback

    def invalid_token_loader(self, callback: C) -> C:
        """Register the answer to a request with an invalid token.

        The decorated function must take **one** argument: a string that says what is wrong with
        the token or the request. It must return a response.
        """
        self._invalid_token_callback = synchronous(callback)
        return callback

    def expired_token_loader(self, callback: C) -> C:
        """Register the answer to a request with an expired token.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response.
        """
        self._expired_token_callback = self._taking_contents(callback)
        return callback

    def needs_fresh_token_loader(self, callback: C) -> C:
        """Register the answer to a request whose valid token is not fresh, but must be.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response.
        """
        self._needs_fresh_token_callback = self._taking_contents(callback)
        return callback

    def insufficient_scope_loader(self, callback: C) -> C:
        """Register the answer to a valid token that lacks a scope, a permission or a role.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response, such as a 403.
        """
        self._insufficient_scope_callback = synchronous(callback)
        return callback

    def insufficient_login_loader(self, callback: C) -> C:
        """Register the answer to a valid token whose login is too old, or of another class.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response, such as a 401.
        """
        self._insufficient_login_callback = synchronous(callback)
        return callback

    def revoked_token_loader(self, callback: C) -> C:
        """Register the answer to a request with a revoked token.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response.
        """
        self._revoked_token_callback = self._taking_contents(callback)
        return callback

    def replayed_token_loader(self, callback: C) -> C:
        """Register the answer to a refresh token that was used before: somebody has a copy.

        By then the session has been ended and a warning logged. This is the place to notify the
        user.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response. Without this
        loader, ``revoked_token_loader`` answers.
        """
        self._replayed_token_callback = synchronous(callback)
        return callback

    def user_lookup_error_loader(self, callback: C) -> C:
        """Register the answer if ``user_lookup_loader`` found no user.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response.
        """
        self._user_lookup_error_callback = synchronous(callback)
        return callback

    def token_verification_failed_loader(self, callback: C) -> C:
        """Register the answer if ``token_verification_loader`` rejected a token.

        The decorated function must take **two** arguments. The first is a dict with the header of
        the token, the second a dict with its claims. It must return a response.
        """
        self._token_verification_failed_callback = synchronous(callback)
        return callback

    def _taking_contents(self, callback: Callback) -> Callback:
        """Prepare a callback that takes header and claims. Subclasses may accept others."""
        return synchronous(callback)
