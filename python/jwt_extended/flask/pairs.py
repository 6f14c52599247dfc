"""Logs users in, refreshes their tokens, and handles a change of password.

With ``JWT_STORE``, a login opens a session in the store, and each refresh replaces the refresh
token. If the old one is used again after a short grace time, it is treated as stolen, and its
session ends.
"""

from typing import Any

from flask import Flask, has_request_context

from .._common.grants import login_claims, words
from .._common.results import RefreshedTokens, TokenPair
from .._core import IssuedToken, RefreshToken, Rotation
from ._app import engine_and_app, engine_of, this_app, this_request
from ._cookies import clear_after
from ._found import presented_with
from .exceptions import JWTExtendedException, ReplayedTokenError, WrongTokenError
from .internal_utils import get_jwt_manager
from .typing import AuthTime, Fresh, Texts
from .utils import get_current_user, get_jwt

__all__ = ["RefreshedTokens", "TokenPair", "login_user", "password_changed", "refresh_tokens"]


def login_user(
    identity: Any,
    fresh: Fresh = True,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    label: str | None = None,
    *,
    scopes: Texts | None = None,
    auth_time: AuthTime | None = None,
    acr: str | None = None,
    amr: Texts | None = None,
) -> TokenPair:
    """Open a session: create an access token and a refresh token that belong to it.

    With ``JWT_STORE``, the store keeps the session, and neither token outlives it. If the current
    request has a token of the same user, also an expired one, its session ends: a user who logs in
    again in the same browser has one session.

    :param identity: the owner of the tokens: a string, or a value that the
        ``user_identity_loader`` turns into one.
    :param fresh: whether the access token is fresh. It is by default.
    :param additional_claims: more claims for both tokens. With a store, they must not replace
        ``jti`` and ``sid``.
    :param additional_headers: more headers for both tokens.
    :param label: the session's label in :func:`get_sessions`, such as the name of the device. It
        is truncated to 128 characters. Without a store, it is not used.
    :param scopes: the scopes of both tokens, for ``@jwt_required(scopes=...)``: a string with
        spaces between them, or several strings.
    :param auth_time: when the user proved who they are, for ``@jwt_required(max_age=...)``. By
        default, this login.
    :param acr: the class of the login, for ``@jwt_required(acr=...)``.
    :param amr: the methods of the login, such as ``["pwd", "otp"]``.
    :raises TypeError: if the label is not a string.
    :raises StoreUnavailableError: if the store cannot save the session.
    """
    claims = login_claims(additional_claims, scopes, auth_time, acr, amr)
    return _log_in(identity, fresh, claims, additional_headers, label, end_others=False)


def refresh_tokens(
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    *,
    scopes: Texts | None = None,
) -> RefreshedTokens:
    """Create new tokens in exchange for the refresh token of the current request.

    Call it in a view under ``@jwt_required(refresh=True)``. With ``JWT_STORE`` and a token of
    :func:`login_user`, it returns a new access token and the next refresh token. Otherwise it
    returns only an access token, and the refresh token remains valid.

    Every refresh token that was replaced less than ``JWT_REFRESH_GRACE`` ago returns the current
    refresh token of its session, so that concurrent requests work. If it is used later than that,
    it is treated as stolen: its session ends, a warning is logged, and ``replayed_token_loader``
    answers.

    With ``JWT_REFRESH_RETRY``, the refresh token that was replaced last returns its successor at
    any time, as long as nobody has refreshed with that successor. A thief who holds the last used
    token then gets the same successor as the user. The theft is detected only if one of them
    refreshes twice before the other refreshes again.

    By default, the new tokens keep the claims of the old one. If the app has an
    ``additional_claims_loader``, or passes in ``additional_claims``, the new tokens get those
    claims instead. The loader is called with ``current_user`` if the app has a
    ``user_lookup_loader`` and a ``user_identity_loader``, and with the identity otherwise. Headers
    come from ``additional_headers_loader`` and ``additional_headers``.

    The scopes of the old token stay, and so do ``auth_time``, ``acr`` and ``amr``. Other scopes in
    the new claims can only take some away.

    :param additional_claims: claims for both tokens, instead of those of the old token.
    :param additional_headers: more headers for both tokens.
    :param scopes: the scopes of the access token, if it is to have fewer than the refresh token.
    :raises RuntimeError: outside a guarded view.
    :raises InsufficientScopeError: if the refresh token does not have one of the scopes.
    :raises ValueError: if the request has no token.
    :raises WrongTokenError: if the request's token is not a refresh token.
    :raises RevokedTokenError: if the session of the token has ended.
    :raises ReplayedTokenError: if the token is used again after its grace time.
    :raises StoreUnavailableError: if the store does not answer.
    """
    manager = get_jwt_manager()
    engine, app = engine_and_app()
    presented = _presented()
    identity = _owner(app, presented)
    requested = None if scopes is None else words("scopes", scopes)
    claims = additional_claims
    if claims is None and not manager._adds_claims:
        claims = engine.own_claims(presented)

    def create(token_type: str, rotation: Rotation) -> IssuedToken:
        return manager._issue(
            identity,
            token_type,
            manager._claims_for(token_type, identity, claims),
            headers=additional_headers,
            rotation=rotation,
            follows=presented,
            scopes=requested,
        )

    try:
        access, refresh = engine.refresh(presented, create)
    except JWTExtendedException as error:
        clear_after(error)
        if isinstance(error, ReplayedTokenError):
            _log_replay(app, presented, error)
        raise
    return RefreshedTokens(
        access_token=str(access),
        refresh_token=None if refresh is None else str(refresh),
        expires_in=access.expires_in,
        refresh_expires_in=None if refresh is None else refresh.expires_in,
    )


def password_changed(
    identity: Any,
    fresh: Fresh = True,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    label: str | None = None,
    *,
    scopes: Texts | None = None,
    auth_time: AuthTime | None = None,
    acr: str | None = None,
    amr: Texts | None = None,
) -> TokenPair:
    """End all sessions of a user and open a new one. Call it after a change of password.

    It has the same parameters as :func:`login_user`.

    :raises RuntimeError: without ``JWT_STORE``, because then there are no sessions to end.
    :raises StoreUnavailableError: if the store does not answer. Try again, because the old sessions
        may still be open.
    """
    claims = login_claims(additional_claims, scopes, auth_time, acr, amr)
    return _log_in(identity, fresh, claims, additional_headers, label, end_others=True)


def _log_in(
    identity: Any,
    fresh: Fresh,
    additional_claims: dict[str, Any] | None,
    additional_headers: dict[str, Any] | None,
    label: str | None,
    *,
    end_others: bool,
) -> TokenPair:
    if not isinstance(label, str | None):
        raise TypeError(f"label must be a string or None, not a {type(label).__name__}")
    manager = get_jwt_manager()

    def create(token_type: str, rotation: Rotation) -> IssuedToken:
        return manager._issue(
            identity,
            token_type,
            manager._claims_for(token_type, identity, additional_claims),
            fresh if token_type == "access" else False,  # noqa: S105 - no password
            headers=additional_headers,
            rotation=rotation,
        )

    # The engine calls `create` before it opens the session, so a failure leaves no session behind.
    request = this_request() if has_request_context() else None
    access, refresh = engine_of(this_app()).login(
        label, end_others, request, manager._decode_key, create
    )
    return TokenPair(
        access_token=str(access),
        refresh_token=str(refresh),
        expires_in=access.expires_in,
        refresh_expires_in=refresh.expires_in,
    )


def _presented() -> RefreshToken:
    """Return the refresh token of the current request."""
    claims = get_jwt()
    if not claims:
        raise ValueError("the request has no token, so there is nothing to refresh")
    presented = presented_with(claims)
    if presented is None:
        raise WrongTokenError("Only refresh tokens are allowed")
    return presented


def _owner(app: Flask, presented: RefreshToken) -> Any:
    """Return the owner of a token as the app's callbacks expect it: the user or the identity."""
    manager = get_jwt_manager()
    if manager._turns_users_into_identities and manager._user_lookup_callback is not None:
        return get_current_user()
    return presented.contents()[1][app.config["JWT_IDENTITY_CLAIM"]]


def _log_replay(app: Flask, presented: RefreshToken, error: ReplayedTokenError) -> None:
    app.logger.warning(
        "a refresh token of session %s was used again after its grace time and is treated as "
        "stolen; the session has ended",
        presented.session,
        extra={
            "event": "refresh_token_replayed",
            "session": presented.session,
            "subject": presented.subject,
            "jti": error.jwt_data["jti"],
        },
    )
