"""What a guard found in a request: the contents of its token, its user and its location.

Flask's ``g`` belongs to an app context, which may serve several requests: a test pushes one, or a
view sends a request to the app itself. So the findings are kept with the request, and count for no
other one. Upstream's names on ``g`` are set too, because apps read them, and tests set them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Request, has_request_context

from .._core import RefreshToken, is_session_id
from ._app import this_context, this_request
from ._issuers import issuer_of

JWT = "_jwt_extended_jwt"
HEADER = "_jwt_extended_jwt_header"
USER = "_jwt_extended_jwt_user"
LOCATION = "_jwt_extended_jwt_location"

_FOUND = "_jwt_extended_found"
_PRESENTED = "_jwt_extended_presented"


def keep(
    request: Request,
    claims: dict[str, Any],
    header: dict[str, Any],
    user: dict[str, Any] | None,
    location: str | None,
) -> None:
    """Keep what a guard found in the current request."""
    found = {JWT: claims, HEADER: header, USER: user, LOCATION: location}
    request.__dict__[_FOUND] = found
    g = this_context().g.__dict__
    g.update(found)
    g[_FOUND] = found


def found(name: str) -> Any:
    """Return what the current request's guard found; ``None`` if it had none.

    :raises RuntimeError: outside an app context.
    """
    g = this_context().g.__dict__
    value, latest = g.get(name), g.get(_FOUND)
    if value is not None and (latest is None or value is not latest[name]):
        # The app has set it itself.
        return value
    own = this_request().__dict__.get(_FOUND) if has_request_context() else None
    return None if own is None else own[name]


def session_of(claims: dict[str, Any]) -> str | None:
    """Return the session id in the claims of a token, if it is one of ours."""
    session = claims.get("sid")
    if not isinstance(session, str) or not is_session_id(session) or issuer_of(claims) is not None:
        return None
    return session


@contextmanager
def provisionally(claims: dict[str, Any], header: dict[str, Any]) -> Iterator[None]:
    """Let callbacks that get no contents ask for those of a token, before a guard has accepted it.

    Afterwards the findings of the request are what they were.
    """
    if not has_request_context():
        yield
        return
    request, g = this_request(), vars(this_context().g)
    own = vars(request)
    names = (JWT, HEADER, USER, LOCATION, _FOUND)
    before, before_on_g = own.get(_FOUND), {name: g[name] for name in names if name in g}
    keep(request, claims, header, None, None)
    try:
        yield
    finally:
        own.pop(_FOUND)
        if before is not None:
            own[_FOUND] = before
        for name in names:
            g.pop(name, None)
        g.update(before_on_g)


def keep_presented(claims: dict[str, Any], presented: RefreshToken) -> None:
    """Keep the refresh token that the current request's guard has accepted."""
    # The claims identify the guard's token: a request may be guarded more than once.
    vars(this_request())[_PRESENTED] = (claims, presented)


def presented_with(claims: dict[str, Any]) -> RefreshToken | None:
    """Return the refresh token with these claims, if a guard has accepted it."""
    of_claims, presented = vars(this_request()).get(_PRESENTED, (None, None))
    return presented if of_claims is claims else None
