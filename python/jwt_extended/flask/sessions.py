"""Sessions and revocation, which upstream leaves to the app.

A session is one login on one device: its tokens share the claim ``sid``, and end together. With
``JWT_STORE`` set, what is revoked here is refused by every guard of the app.
"""

from typing import Any, NamedTuple

from flask import current_app

from .._core import Engine
from .internal_utils import ENGINE, get_jwt_manager, json_default
from .typing import Fresh
from .utils import create_access_token, create_refresh_token, get_jwt


class TokenPair(NamedTuple):
    """What a login gives."""

    #: Opens guarded views.
    access_token: str
    #: Gets new access tokens.
    refresh_token: str


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
    session = get_jwt().get("sid")
    return session if isinstance(session, str) else None


def revoke_token(jwt_data: dict[str, Any] | None = None) -> None:
    """Revoke one token, until it would have expired.

    :param jwt_data: its claims; those of the current request's token if left out.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises ValueError: if it has no ``jti``.
    """
    claims = get_jwt() if jwt_data is None else jwt_data
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
    session = get_jwt_session() if session is None else session
    if session is None:
        revoke_token()
        return
    engine, app = _engine()
    engine.revoke_session(app.config, session)


def revoke_all_tokens(identity: Any = None) -> None:
    """Log out everywhere: revoke all tokens that a user has. A login from now on is good.

    Tokens that belong to no session tell only the second in which they were made: those of the
    current second are revoked too.

    :param identity: the identity claim of the user; that of the current request's token if left
        out.
    :raises RuntimeError: without ``JWT_STORE``.
    """
    engine, app = _engine()
    if identity is None:
        identity = get_jwt().get(app.config["JWT_IDENTITY_CLAIM"])
    if identity is None:
        raise ValueError("there is no token, and no identity was given")
    engine.revoke_identity(app.config, identity, json_default(app))


def _engine() -> tuple[Engine, Any]:
    get_jwt_manager()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return app.extensions[ENGINE], app
