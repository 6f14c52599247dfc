"""Lists and ends sessions, and revokes tokens, which upstream leaves to the app.

A session is one login on one device. Its tokens share the claim ``sid`` and end together. With
``JWT_STORE`` set, every guard of the app rejects the tokens that are revoked here.
"""

from collections.abc import Mapping
from typing import Any

from .._common.claims import check_session
from .._common.results import Session, session_from_row
from .._core import subject_of
from ._app import engine_and_app, engine_of, this_app, this_request
from ._cookies import clear_after, clear_with_response
from ._found import JWT, LOCATION, found, session_of
from ._json import json_default
from .internal_utils import get_jwt_manager
from .utils import get_jwt

__all__ = [
    "Session",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "end_session_by_id",
    "get_jwt_session",
    "get_sessions",
    "logout_user",
    "revoke_token",
]


def get_jwt_session() -> str | None:
    """Return the session id of the current request's token; ``None`` if it has no session.

    Use it to keep a refreshed token in its session::

        create_access_token(get_jwt_identity(), session=get_jwt_session())

    :raises RuntimeError: outside a guarded view.
    """
    return session_of(get_jwt())


def get_sessions(identity: Any = None) -> list[Session]:
    """Return a user's open sessions, the most recently opened first.

    :param identity: the user's identity, as in the identity claim. By default, the user of the
        current request.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    engine = engine_of(this_app())
    subject = _subject(identity, "get_sessions")
    current = session_of(found(JWT) or {})
    return [session_from_row(row) for row in engine.sessions(subject, current)]


def logout_user() -> None:
    """Log out: end the session of the current request's token, and clear its cookies.

    Call it in a view **without** a guard (with ``JWT_PROTECT_BY_DEFAULT``, under ``@jwt_exempt``),
    so that a user can log out with an expired token, or in a second tab. A token with a valid
    signature is enough; in a cookie, it needs its CSRF value. A token that belongs to no session
    is revoked alone.

    The response clears the cookies whatever becomes of the logout, except where another site may
    have sent the request: without a CSRF value, or without any token.

    :raises RuntimeError: without ``JWT_STORE``.
    :raises NoAuthorizationError: or one of PyJWT's exceptions, if no token has a valid signature.
        If the view does not catch it, the manager's callbacks answer.
    :raises CSRFError: if the CSRF value is missing or wrong.
    :raises StoreUnavailableError: if the store does not answer.
    """
    engine = engine_of(this_app())
    claims = found(JWT)
    if not claims:
        try:
            clears = engine.logout(this_request(), get_jwt_manager()._decode_key)
        except Exception as rejection:
            clear_after(rejection)
            raise
        if clears:
            clear_with_response()
        return
    try:
        if (session := session_of(claims)) is None:
            revoke_token()
        else:
            engine.end_session(_subject(None, "logout_user"), session)
    finally:
        # Any page can link to an address with a token of its own in the query string.
        if found(LOCATION) != "query_string":
            clear_with_response()


def end_session(session: str, *, identity: Any = None) -> bool:
    """End one session of a user, such as one chosen from :func:`get_sessions`.

    :param session: the session id. The session of another user is not ended.
    :param identity: the user's identity, as in the identity claim. By default, the user of the
        current request.
    :return: whether the session was open.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    check_session(session)
    engine = engine_of(this_app())
    return engine.end_session(_subject(identity, "end_session"), session)


def end_session_by_id(session: str) -> None:
    """End a session, no matter which user it belongs to.

    For administrators. For a session id that comes from a user, call :func:`end_session`.

    :param session: the session id.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    check_session(session)
    engine = engine_of(this_app())
    engine.end_session_by_id(session)


def end_other_sessions() -> int:
    """Log out everywhere else: end all sessions of the current user except the current one.

    Their tokens that belong to no session are revoked as well.

    :return: how many sessions were open.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises ValueError: if the current request's token belongs to no session.
    :raises StoreUnavailableError: if the store does not answer.
    """
    session = session_of(_current())
    if session is None:
        raise ValueError(
            "the current token belongs to no session, so there is no session to keep; "
            "call end_all_sessions() to end all"
        )
    engine = engine_of(this_app())
    return engine.end_sessions_except(_subject(None, "end_other_sessions"), session)


def end_all_sessions(identity: Any = None, *, issuer: str | None = None) -> int:
    """Log out everywhere: end all sessions of a user and revoke all their tokens.

    A login after this is valid at once, if it is one by :func:`login_user`::

        end_all_sessions()
        pair = login_user(get_jwt_identity())

    Other tokens only record the second in which they were created, perhaps by a clock that is
    ahead. Those of the next five seconds are revoked as well.

    :param identity: the user's identity, as in the identity claim. By default, the user of the
        current request.
    :param issuer: the issuer of the user, if it is one of ``JWT_ISSUERS``, as
        :func:`get_jwt_issuer` returns it.
    :return: how many sessions were open.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises TypeError: for a value that is not an identity: ``user_identity_loader`` is not called.
    :raises ValueError: for an empty identity, and for an issuer that is not in ``JWT_ISSUERS``.
    :raises StoreUnavailableError: if the store does not answer.
    """
    engine = engine_of(this_app())
    if issuer is None:
        return engine.end_all_sessions(_subject(identity, "end_all_sessions"))
    if not isinstance(identity, str) or not identity:
        raise TypeError("end_all_sessions needs the identity of the issuer's user, a string")
    return engine.end_all_sessions(engine.subject_of_issuer(issuer, identity))


def revoke_token(jwt_data: dict[str, Any] | None = None) -> None:
    """Revoke one token until it expires.

    :param jwt_data: the claims of the token. By default, those of the current request's token.
    :raises RuntimeError: without ``JWT_STORE``.
    :raises TypeError: for an encoded token.
    :raises ValueError: if the claims have no ``jti``, or no identity claim.
    :raises StoreUnavailableError: if the store cannot save the revocation.
    """
    claims = _current() if jwt_data is None else jwt_data
    if not isinstance(claims, Mapping):
        raise TypeError("revoke_token takes a token's claims, such as decode_token(token)")
    jti = claims.get("jti")
    if not isinstance(jti, str):
        raise ValueError("the token has no jti, and cannot be revoked without one")
    engine, app = engine_and_app()
    # An issuer's ids are kept apart from the app's own.
    subject, known = engine.ids_of(dict(claims), json_default(app))
    exp = claims.get("exp")
    engine.revoke_token(subject, known or jti, None if exp is None else float(exp))


def _subject(identity: Any, function: str) -> str:
    """Return the store's name for a user: by default, for the current one."""
    engine, app = engine_and_app()
    if identity is None:
        subject, _ = engine.ids_of(_current(), json_default(app))
        return subject
    if not isinstance(identity, str) and get_jwt_manager()._turns_users_into_identities:
        raise TypeError(f"{function} takes the value of the identity claim, such as str(user.id)")
    if isinstance(identity, dict | list | tuple):
        # JSON can be written in several ways. Tokens with another form would remain valid.
        raise TypeError(
            f"{function} cannot identify a user by a {type(identity).__name__}, except the user of "
            "the current request; leave the argument out, or make identities strings"
        )
    if identity == "":
        raise ValueError(f"{function} needs a user: the identity is empty")
    return subject_of(identity, json_default(app))


def _current() -> dict[str, Any]:
    claims = get_jwt()
    if not claims:
        raise ValueError("the request has no token, so there is no current user or session")
    return claims
