"""Makes tokens for tests with the app's own callbacks, so that the app accepts them."""

import base64
import json
import time
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from flask import Flask

from ..._common.options.reader import MappingReader
from .._app import MANAGER, NO_MANAGER, real_app
from ..pairs import TokenPair, login_user
from ..sessions import revoke_token
from ..typing import AuthTime, Fresh, Texts
from ..utils import decode_token
from .clock import travel

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: The types of token that a client sends.
Kind = Literal["access", "refresh"]
#: The places that a client sends them in.
Location = Literal["headers", "cookies"]


class LoginOptions(TypedDict, total=False):
    """How a test logs in. Most are the arguments of ``login_user``; ``fresh`` is off by default."""

    fresh: Fresh
    scopes: Texts | None
    additional_claims: dict[str, Any] | None
    additional_headers: dict[str, Any] | None
    auth_time: AuthTime | None
    acr: str | None
    amr: Texts | None
    #: The label of the session, if the app has a store.
    label: str | None
    #: Whether every request carries the refresh token rather than the access token.
    refresh: bool
    #: Whether that token has just expired.
    expired: bool
    #: Whether that token has been revoked in the app's store.
    revoked: bool
    #: Where it is sent: in the header if the app accepts that, and otherwise in cookies.
    location: Location | None


def auth_headers(app: Flask, identity: Any, **options: "Unpack[LoginOptions]") -> dict[str, str]:
    """Log a user in and return the headers of a request with the token, for any client.

    ::

        app.test_client().get("/profile", headers=auth_headers(app, "alice", fresh=True))

    If the token is sent in cookies, these are ``Cookie`` and the header of the CSRF value. Flask's
    client only sends them as ``app.test_client(use_cookies=False)``; :class:`JWTClient` does more.

    :param app: the app, whose callbacks and store are used as in :func:`login_user`.
    :param identity: the user, as ``login_user`` takes it.
    :param options: see :class:`LoginOptions`.
    """
    app = real_app(app)
    kind: Kind = "refresh" if options.get("refresh") else "access"
    token = token_of(log_in(app, identity, options), kind)
    names = MappingReader(app.config)
    if location_for(app, options) == "headers":
        return {names.header_name: header_value(names, token)}
    headers = {"Cookie": f"{getattr(names, f'{kind}_cookie_name')}={token}"}
    csrf = csrf_of(token)
    if csrf is not None:
        headers[getattr(names, f"{kind}_csrf_header_name")] = csrf
    return headers


def log_in(app: Flask, identity: Any, options: LoginOptions) -> TokenPair:
    """Open a session as ``login_user`` does, outside any request."""
    kind: Kind = "refresh" if options.get("refresh") else "access"
    expired, revoked = options.get("expired", False), options.get("revoked", False)
    if revoked and app.config["JWT_STORE"] is None:
        raise RuntimeError(
            "revoked=True needs JWT_STORE. If the app has a blocklist of its own, log in, and add "
            "the token to the blocklist as the app does"
        )
    own = {"refresh", "expired", "revoked", "location"}
    arguments: dict[str, Any] = {name: value for name, value in options.items() if name not in own}
    # A context of its own: `login_user` ends the session of the current request's token.
    with app.test_request_context():
        with travel(seconds=-_age(app, kind)) if expired else nullcontext():
            pair = login_user(identity, **{"fresh": False, **arguments})
        if revoked:
            revoke_token(decode_token(token_of(pair, kind), allow_expired=True))
    return pair


def location_for(app: Flask, options: LoginOptions) -> Location:
    """Return where a test sends its token.

    :raises RuntimeError: if the app accepts tokens in neither place, or has no manager.
    """
    if MANAGER not in app.extensions:
        raise RuntimeError(NO_MANAGER)
    chosen = options.get("location")
    accepted = MappingReader(app.config).token_location
    usual: tuple[Location, ...] = ("headers", "cookies")
    for location in (chosen,) if chosen else usual:
        if location in accepted:
            return location
    if chosen:
        raise RuntimeError(f'JWT_TOKEN_LOCATION does not contain "{chosen}"')
    raise RuntimeError(
        'JWT_TOKEN_LOCATION contains neither "headers" nor "cookies". Send the token of '
        "create_access_token as the app expects it"
    )


def token_of(pair: TokenPair, kind: Kind) -> str:
    """Return one token of a pair."""
    return pair.refresh_token if kind == "refresh" else pair.access_token


def header_value(names: MappingReader, token: str) -> str:
    """Return the contents of the header that carries a token."""
    return f"{names.header_type} {token}" if names.header_type else token


def csrf_of(token: str) -> str | None:
    """Return the CSRF value in a token, which is not verified: it may have expired."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        csrf: str | None = claims.get("csrf")
    except (AttributeError, IndexError, ValueError):
        # A test may set a cookie that is no token.
        return None
    return csrf


def _age(app: Flask, kind: Kind) -> float:
    """Return how many seconds ago a token was created that has expired by now."""
    options = MappingReader(app.config)
    lifetime = options.refresh_expires if kind == "refresh" else options.access_expires
    if lifetime is False:
        raise RuntimeError(f"expired=True: the app's {kind} tokens never expire")
    now = datetime.fromtimestamp(time.time(), timezone.utc)
    # A difference of two times, because a `relativedelta` has no length of its own.
    past: datetime = now - cast(Any, lifetime)
    leeway = options.leeway
    slack = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
    return (now - past).total_seconds() + slack + 1
