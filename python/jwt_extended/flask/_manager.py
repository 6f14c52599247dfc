"""Creates and decodes tokens for the current app, with the app's callbacks.

Knows nothing of how an app is set up, and nothing of the 3.x interface.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from flask import Flask

from .._common.claims import check_claims, check_session, freshness, lifetime, merged
from .._common.typing import ExpiresDelta, Fresh
from .._core import IssuedToken, RefreshToken, Rotation
from . import default_callbacks as default
from ._app import engine_of, this_app
from ._found import JWT, found, session_of
from ._json import json_default
from ._loaders import Loaders


class Manager(Loaders):
    """Creates and decodes tokens with the callbacks of an app."""

    def _encode_jwt_from_config(
        self,
        identity: Any,
        token_type: str,
        claims: dict[str, Any] | None = None,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        headers: dict[str, Any] | None = None,
        session: str | bool | None = None,
    ) -> str:
        return str(
            self._issue(identity, token_type, claims, fresh, expires_delta, headers, session)
        )

    def _issue(
        self,
        identity: Any,
        token_type: str,
        claims: dict[str, Any] | None = None,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        headers: dict[str, Any] | None = None,
        session: str | bool | None = None,
        rotation: Rotation | None = None,
        follows: RefreshToken | None = None,
        scopes: Sequence[str] | None = None,
    ) -> IssuedToken:
        app = this_app()
        # The callbacks run in upstream's order, each with the identity as it was passed in.
        all_headers = merged(self._headers_callback, identity, headers)
        all_claims = merged(self._claims_callback, identity, claims)
        if follows is not None:
            all_claims = all_claims or {}
            all_claims |= engine_of(app).carried(
                follows, token_type, all_claims, scopes, json_default(app)
            )
            # A session never changes its owner.
            subject = follows.contents()[1][app.config["JWT_IDENTITY_CLAIM"]]
        elif self._turns_users_into_identities:
            subject = self._user_identity_callback(identity)
        else:
            subject = identity
        key = self._encode_key(identity)
        if all_claims:
            check_claims(all_claims)
        joined = self._session_for(token_type, subject, session) if rotation is None else None
        if joined is not None:
            check_session(joined)
        if expires_delta is None:
            name = "ACCESS" if token_type == "access" else "REFRESH"  # noqa: S105 - no password
            expires_delta = app.config[f"JWT_{name}_TOKEN_EXPIRES"]
        return engine_of(app).encode(
            kind=token_type,
            identity=subject,
            fresh=freshness(fresh),
            lifetime=lifetime(expires_delta),
            claims=all_claims,
            headers=all_headers,
            key=key,
            session=joined,
            default=json_default(app),
            rotation=rotation,
        )

    def _session_for(self, token_type: str, subject: Any, session: str | bool | None) -> str | None:
        """Return the session of a new token: by default, that of the same user's current token.

        The store knows only the refresh tokens that it has rotated itself, so these do not join.
        """
        if session is not None:
            return None if session is False else cast("str", session)
        options = this_app().config
        if token_type != "access" or options["JWT_STORE"] is None:  # noqa: S105 - no password
            return None
        claims = found(JWT)
        if not claims or claims.get(options["JWT_IDENTITY_CLAIM"]) != subject:
            return None
        return session_of(claims)

    def _decode_jwt_from_config(
        self,
        encoded_token: str,
        csrf_value: str | None = None,
        allow_expired: bool = False,
    ) -> dict[str, Any]:
        app = this_app()
        return engine_of(app).decode(encoded_token, csrf_value, allow_expired, self._decode_key)[1]

    def _claims_for(
        self,
        token_type: str,
        identity: Any,
        claims: dict[str, Any] | None,
        user_claims: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Return the claims that the caller of a function adds to a token.

        ``user_claims`` is an argument of the 3.x interface, which overrides this method.
        """
        return claims

    # What other versions of the interface do differently.

    @property
    def _needs_guard(self) -> bool:
        """Whether the functions for the current token raise where no guard has run."""
        return True

    def _complete(self, claims: dict[str, Any], app: Flask) -> None:
        """Add what the interface promises to a verified token's claims, or reject them."""

    def _rephrase(self, error: Exception) -> None:
        """Raise the exception that the interface has in place of the engine's, if it has another.

        :raises Exception: that one.
        """

    def _is_no_token(self, error: Exception) -> bool:
        """Return whether an optional guard takes a rejection as a request without a token."""
        return False

    def _check_cookies(self, function: str) -> None:
        """Raise if cookies may not be set or cleared, for a function with this name."""

    @property
    def _adds_claims(self) -> bool:
        """Whether the app has a callback that adds claims to tokens."""
        return self._claims_callback is not None

    @property
    def _turns_users_into_identities(self) -> bool:
        """Whether the app passes in users rather than identities when it creates tokens."""
        return self._user_identity_callback is not default.default_user_identity_callback

    @property
    def _decode_key(self) -> Callable[..., Any] | None:
        """The app's callback that chooses a key; ``None`` if the configured keys are used."""
        callback = self._decode_key_callback
        return None if callback is default.default_decode_key_callback else callback

    @property
    def _claims_callback(self) -> Callable[..., Any] | None:
        callback = self._user_claims_callback
        return None if callback is default.default_additional_claims_callback else callback

    @property
    def _headers_callback(self) -> Callable[..., Any] | None:
        callback = self._jwt_additional_header_callback
        return None if callback is default.default_jwt_headers_callback else callback

    def _encode_key(self, identity: Any) -> Any:
        """Return the key that the app's callback chooses; ``None`` for the configured key."""
        if self._encode_key_callback is default.default_encode_key_callback:
            return None
        key = self._encode_key_callback(identity)
        if key is None:
            raise TypeError("encode_key_loader must return a key, but it returned None")
        return key
