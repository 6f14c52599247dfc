"""Sessions and revocation, which upstream leaves to the app.

A session is one login on one device: its tokens share the claim ``sid``, and end together. With
``JWT_STORE`` set, what is revoked here is refused by every guard of the app.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import g

from .internal_utils import check_session, engine_and_app, get_jwt_manager, json_default
from .utils import get_jwt


@dataclass(frozen=True)
class Session:
    """An open session, as it is listed."""

    #: Its name, the claim ``sid``.
    id: str
    #: What :func:`create_token_pair` was told to call it.
    label: str | None
    #: When its user logged in.
    opened: datetime
    #: When a token of it was last refreshed; the login, if none was. Of the current one, now.
    last_used: datetime
    #: When it ends, if it is not used before; ``None`` for never.
    ends: datetime | None
    #: Whether it is that of the current request's token.
    current: bool


def get_jwt_session() -> str | None:
    """Return the session of the current request's token; ``None`` if it belongs to none.

    A refreshed token stays in its session::

        create_access_token(get_jwt_identity(), session=get_jwt_session())

    :raises RuntimeError: outside of a guarded view.
    """
    return _session_of(get_jwt())


def get_sessions(identity: Any = None) -> list[Session]:
    """Return a user's open sessions, the latest opened first.

    :param identity: what the identity claim of the user says; that of the current request's token
        if left out.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    engine, app = engine_and_app()
    subject = _subject(identity, "get_sessions")
    asks = _session_of(g.get("_jwt_extended_jwt") or {})
    return [
        Session(
            id=session,
            label=label,
            opened=_time(opened),
            last_used=_time(last_used),
            ends=None if ends is None else _time(ends),
            current=current,
        )
        for session, label, opened, last_used, ends, current in engine.sessions(
            app.config, subject, asks
        )
    ]


def end_session(session: str, identity: Any = None) -> bool:
    """End one session of a user, such as one that they chose from :func:`get_sessions`.

    :param session: its name. That of another user's session ends nothing.
    :param identity: what the identity claim of the user says; that of the current request's token
        if left out.
    :return: whether it was open.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    check_session(session)
    engine, app = engine_and_app()
    return engine.end_session(app.config, _subject(identity, "end_session"), session)


def revoke_other_sessions() -> int:
    """Log out everywhere else: end all sessions of the current user but the current one.

    Tokens of theirs that belong to no session are revoked, too.

    :return: how many were open.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises ValueError: if the current request's token belongs to no session.
    :raises StoreUnavailableError: if the store does not answer.
    """
    session = _session_of(_current())
    if session is None:
        raise ValueError(
            "the current token belongs to no session, so there is none to keep; "
            "revoke_all_tokens() ends all"
        )
    engine, app = engine_and_app()
    return engine.end_sessions_but(app.config, _subject(None, ""), session)


def revoke_token(jwt_data: dict[str, Any] | None = None) -> None:
    """Revoke one token, until it would have expired.

    :param jwt_data: its claims; those of the current request's token if left out.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises TypeError: for a token that is still encoded.
    :raises ValueError: if it has no ``jti``, or does not say whose it is.
    :raises StoreUnavailableError: if the store cannot keep it.
    """
    claims = _current() if jwt_data is None else jwt_data
    if not isinstance(claims, Mapping):
        raise TypeError("revoke_token wants a token's claims, such as decode_token(token)")
    jti = claims.get("jti")
    if not isinstance(jti, str):
        raise ValueError("the token has no jti, so it cannot be revoked by it")
    engine, app = engine_and_app()
    identity_claim = app.config["JWT_IDENTITY_CLAIM"]
    if identity_claim not in claims:
        raise ValueError(
            f"the claims have no {identity_claim}, so they do not say whose token it is"
        )
    subject = engine.subject(claims[identity_claim], json_default(app))
    exp = claims.get("exp")
    engine.revoke_token(app.config, subject, jti, None if exp is None else float(exp))


def revoke_session(session: str | None = None) -> None:
    """Log out: revoke a session, its access and refresh tokens together.

    :param session: its name, whoever's it is; that of the current request's token if left out. If
        that belongs to no session, it is revoked alone. For a name that a user has chosen, there
        is :func:`end_session`.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    engine, app = engine_and_app()
    if session is not None:
        check_session(session)
        engine.revoke_session(app.config, session)
        return
    session = _session_of(_current())
    if session is None:
        revoke_token()
    else:
        engine.end_session(app.config, _subject(None, ""), session)


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
    :raises StoreUnavailableError: if the store cannot keep it.
    """
    engine, app = engine_and_app()
    engine.revoke_subject(app.config, _subject(identity, "revoke_all_tokens"))


def _subject(identity: Any, function: str) -> str:
    """Return the name by which the store knows a user: the current one, unless told otherwise."""
    engine, app = engine_and_app()
    if identity is None:
        identity = _current()[app.config["JWT_IDENTITY_CLAIM"]]
    elif not isinstance(identity, str) and get_jwt_manager()._turns_users_into_identities:
        raise TypeError(f"{function} wants what the identity claim says, such as str(user.id)")
    elif isinstance(identity, dict | list | tuple):
        # There are many ways to write the same, and tokens written in another would stay good.
        raise TypeError(
            f"{function} cannot tell who a {type(identity).__name__} is, unless it is the "
            "current request's identity; leave it out, or make identities strings"
        )
    elif identity == "":
        raise ValueError(f"{function} wants a user: the identity is empty")
    return engine.subject(identity, json_default(app))


def _current() -> dict[str, Any]:
    claims = get_jwt()
    if not claims:
        raise ValueError("the request came without a token, so it says of no user and no session")
    return claims


def _session_of(claims: dict[str, Any]) -> str | None:
    session = claims.get("sid")
    return session if isinstance(session, str) else None


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=micros)
