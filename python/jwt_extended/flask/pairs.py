"""Pairs of tokens: what a login gives, what a refresh gives, what a change of password gives.

With ``JWT_STORE``, a pair is a session that the store keeps: each refresh token is good for one
refresh, and one that comes a second time ends its session, because somebody has a copy.
"""

from typing import Any, NamedTuple

from flask import g

from .._core import Presented, Rotation
from . import _legacy
from . import default_callbacks as default
from .exceptions import ReplayedTokenError, WrongTokenError
from .internal_utils import engine_and_app, get_jwt_manager
from .typing import Fresh
from .utils import get_current_user, get_jwt


class TokenPair(NamedTuple):
    """What a login gives."""

    #: Opens guarded views.
    access_token: str
    #: Gets new access tokens.
    refresh_token: str

    def __repr__(self) -> str:
        """Return no token: they are not for logs."""
        return "TokenPair(access_token=[token], refresh_token=[token])"


class RefreshedTokens(NamedTuple):
    """What a refresh gives."""

    #: Opens guarded views. It is not fresh.
    access_token: str
    #: Takes the place of the refresh token that was presented. ``None`` if that goes on: without
    #: a store, and for a token that belongs to no session.
    refresh_token: str | None

    def __repr__(self) -> str:
        """Return no token: they are not for logs."""
        refresh_token = self.refresh_token and "[token]"
        return f"RefreshedTokens(access_token=[token], refresh_token={refresh_token})"


def create_token_pair(
    identity: Any,
    fresh: Fresh = True,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    label: str | None = None,
) -> TokenPair:
    """Open a session: make an access token and a refresh token that belong together.

    With ``JWT_STORE``, the store keeps it, and neither token outlives it.

    :param identity: whose they are: a string, or what a ``user_identity_loader`` makes one of.
    :param fresh: whether the access token is fresh, which it is after a login.
    :param additional_claims: claims of both. With a store, ``jti`` and ``sid`` are its own.
    :param additional_headers: headers of both.
    :param label: what :func:`get_sessions` will call the session, such as the device. A store cuts
        it after 128 characters; without one, there is no list that would show it.
    :raises StoreUnavailableError: if the store cannot keep the session.
    """
    if not isinstance(label, str | None):
        raise TypeError(f"label must be a string or None, not a {type(label).__name__}")
    manager = get_jwt_manager()
    engine, app = engine_and_app()
    session = engine.new_session(app.config)
    first = engine.next_rotation(app.config) if app.config["JWT_STORE"] is not None else None

    def made(kind: str, **how_fresh: Any) -> str:
        return manager._encode_jwt_from_config(
            identity,
            kind,
            _legacy.with_user_claims(manager, kind, identity, additional_claims, None),
            headers=additional_headers,
            session=session,
            rotation=first,
            **how_fresh,
        )

    pair = TokenPair(made("access", fresh=fresh), made("refresh"))
    # Last, so that no session is kept whose tokens could not be made.
    if first is not None:
        engine.open_session(app.config, session, first, *pair, label)
    return pair


def refresh_token_pair(
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
) -> RefreshedTokens:
    """Make the tokens that follow the refresh token of the current request.

    For a view under ``@jwt_required(refresh=True)``. With ``JWT_STORE`` and a token of
    :func:`create_token_pair`, that is a new access token and the refresh token that is due next;
    else the access token alone, and the refresh token goes on.

    A refresh token gives the same successor again for ``JWT_REFRESH_GRACE``, so that requests that
    were sent together do no harm. If it comes later, somebody has a copy: its session ends, which
    is logged and answered as ``replayed_token_loader`` says.

    The token's own claims go on, unless there is an ``additional_claims_loader`` or they are given
    here: then the new tokens have those. A loader is asked with ``current_user`` where there are a
    ``user_lookup_loader`` and a ``user_identity_loader``, and with the identity where not. Headers
    are those of the ``additional_headers_loader`` and those given here.

    :param additional_claims: claims of both, instead of those of the presented token.
    :param additional_headers: headers of both.
    :raises RuntimeError: outside of a guarded view.
    :raises WrongTokenError: if the current token is not for refreshing.
    :raises RevokedTokenError: if its session has ended.
    :raises ReplayedTokenError: if it was used before.
    :raises StoreUnavailableError: if the store does not answer.
    """
    manager = get_jwt_manager()
    engine, app = engine_and_app()
    presented = _presented()
    identity: Any
    if manager._turns_users_into_identities and manager._user_lookup_callback is not None:
        identity = get_current_user()
    else:
        identity = presented.contents()[1][app.config["JWT_IDENTITY_CLAIM"]]
    claims = additional_claims
    says_more = (
        manager._user_claims_callback is not default.default_additional_claims_callback
        or manager._legacy_user_claims is not None
    )
    if claims is None and not says_more:
        claims = engine.own_claims(app.config, presented)

    def made(kind: str, rotation: Rotation | None) -> str:
        return manager._encode_jwt_from_config(
            identity,
            kind,
            _legacy.with_user_claims(manager, kind, identity, claims, None),
            headers=additional_headers,
            session=presented.session,
            rotation=rotation,
            follows=presented,
        )

    has_store = app.config["JWT_STORE"] is not None
    if not has_store or presented.session is None:
        if has_store:
            # The guard may have been told not to ask.
            engine.refuse_revoked(app.config, presented)
        return RefreshedTokens(made("access", None), None)
    # All is made before the session is turned: if it cannot be, the old token is still good.
    due = engine.next_rotation(app.config)
    access, refresh = made("access", due), made("refresh", due)
    try:
        decided = engine.turn_session(app.config, presented, due, access, refresh)
    except ReplayedTokenError as replayed:
        app.logger.warning(
            "a refresh token of the session %s was used a second time, so somebody has a copy; "
            "the session has been ended",
            presented.session,
            extra={
                "event": "refresh_token_replayed",
                "session": presented.session,
                "subject": presented.subject,
                "jti": replayed.jwt_data["jti"],
            },
        )
        raise
    if decided != due:
        # Another request has turned it just before.
        refresh = made("refresh", decided)
    return RefreshedTokens(access, refresh)


def password_changed(
    identity: Any,
    fresh: Fresh = True,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    label: str | None = None,
) -> TokenPair:
    """End all sessions of a user, and open a new one: the one call after a change of password.

    Takes what :func:`create_token_pair` takes.

    :raises RuntimeError: without ``JWT_STORE``, for then nothing can be ended.
    :raises StoreUnavailableError: if the store does not answer. Then the sessions may go on: try
        again.
    """
    engine, app = engine_and_app()
    # First a token that nobody gets: what cannot be made ends nothing, and it says whose they are.
    token = get_jwt_manager()._encode_jwt_from_config(
        identity, "access", additional_claims, fresh, headers=additional_headers
    )
    engine.revoke_subject(app.config, engine.owner(app.config, token))
    return create_token_pair(identity, fresh, additional_claims, additional_headers, label)


def _presented() -> Presented:
    claims = get_jwt()
    if not claims:
        raise ValueError("the request came without a token, so there is nothing to refresh")
    of_claims, presented = g.get("_jwt_extended_presented", (None, None))
    if of_claims is not claims:
        raise WrongTokenError("Only refresh tokens are allowed")
    found: Presented = presented
    return found
