"""Sessions and revocation, which upstream leaves to the app.

A session is one login on one device: its tokens share the claim ``sid``, and end together. With
``JWT_STORE`` set, what is revoked here is refused by every guard of the app.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import current_app

from .._core import Engine
from .internal_utils import ENGINE, check_session, get_jwt_manager, json_default
from .typing import Fresh
from .utils import create_access_token, create_refresh_token, get_jwt


class TokenPair(NamedTuple):
    """What a login gives."""

    #: Opens guarded views.
    access_token: str
    #: Gets new access tokens.
    refresh_token: str

    def __repr__(self) -> str:
        """Return no token: they are not for logs."""
        return "TokenPair(access_token=[token], refresh_token=[token])"


def create_token_pair(
    identity: Any,
    fresh: Fresh = True,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
) -> TokenPair:
    """Open a session: make an access token and a refresh token that belong together.

    :param identity: whose they are: a string, or what a ``user_identity_loader`` makes one of.
    :param fresh: whether the access token is fresh, which it is after a login.
    :param additional_claims: claims of both.
    :param additional_headers: headers of both.
    """
    engine, app = _engine()
    session = engine.new_session(app.config)
    claims, headers = additional_claims, additional_headers
    return TokenPair(
        create_access_token(identity, fresh, None, claims, headers, session=session),
        create_refresh_token(identity, None, claims, headers, session=session),
    )


def get_jwt_session() -> str | None:
    """Return the session of the current request's token; ``None`` if it belongs to none.

    A refreshed token stays in its session::

        create_access_token(get_jwt_identity(), session=get_jwt_session())

    :raises RuntimeError: outside of a guarded view.
    """
    return _session_of(get_jwt())


def revoke_token(jwt_data: dict[str, Any] | None = None) -> None:
    """Revoke one token, until it would have expired.

    :param jwt_data: its claims; those of the current request's token if left out.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises TypeError: for a token that is still encoded.
    :raises ValueError: if it has no ``jti``.
    """
    claims = _current() if jwt_data is None else jwt_data
    if not isinstance(claims, Mapping):
        raise TypeError("revoke_token wants a token's claims, such as decode_token(token)")
    jti = claims.get("jti")
    if not isinstance(jti, str):
        raise ValueError("the token has no jti, so it cannot be revoked by it")
    exp = claims.get("exp")
    engine, app = _engine()
    engine.revoke_token(app.config, jti, None if exp is None else float(exp))


def revoke_session(session: str | None = None) -> None:
    """Log out: revoke a session, its access and refresh tokens together.

    :param session: its name; that of the current request's token if left out. If that belongs to
        no session, it is revoked alone.
    :raises RuntimeError: without ``JWT_STORE``.
    """
    if session is None:
        session = _session_of(_current())
    else:
        check_session(session)
    if session is None:
        revoke_token()
        return
    engine, app = _engine()
    engine.revoke_session(app.config, session)


def revoke_all_tokens(identity: Any = None) -> None:
    """Log out everywhere: revoke all tokens that a user has. A login from now on is good.

    The login must be one by :func:`create_token_pair`, also in the same request::

        revoke_all_tokens()
        pair = create_token_pair(get_jwt_identity())

    Other tokens tell only the second in which they were made: those of the current second are
    revoked too.

    :param identity: what the identity claim of the user says; that of the current request's token
        if left out.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises TypeError: for what is no identity: ``user_identity_loader`` is not asked.
    :raises ValueError: for an empty one.
    """
    engine, app = _engine()
    if identity is None:
        identity = _current()[app.config["JWT_IDENTITY_CLAIM"]]
    elif not isinstance(identity, str) and get_jwt_manager()._turns_users_into_identities:
        raise TypeError(
            "revoke_all_tokens wants what the identity claim says, such as str(user.id)"
        )
    elif isinstance(identity, dict | list | tuple):
        # There are many ways to write the same, and tokens written in another would stay good.
        raise TypeError(
            f"revoke_all_tokens cannot tell who a {type(identity).__name__} is, unless it is the "
            "current request's identity; leave it out, or make identities strings"
        )
    elif identity == "":
        raise ValueError("revoke_all_tokens wants a user: the identity is empty")
    engine.revoke_identity(app.config, identity, json_default(app))


def _current() -> dict[str, Any]:
    claims = get_jwt()
    if not claims:
        raise ValueError("the request came without a token, so there is nothing to revoke")
    return claims


def _session_of(claims: dict[str, Any]) -> str | None:
    session = claims.get("sid")
    return session if isinstance(session, str) else None


def _engine() -> tuple[Engine, Any]:
    get_jwt_manager()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return app.extensions[ENGINE], app
