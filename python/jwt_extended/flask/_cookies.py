"""Writes and clears the cookies of tokens and CSRF values, and settles what a response must do.

Flask writes the cookies, so this file knows Werkzeug. The engine decides which cookies are useless.
"""

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import Flask, Response, has_request_context
from flask.wrappers import Request

from .._core import IssuedToken, RefreshToken, Rotation
from ._app import engine_of, this_app, this_request
from ._found import HEADER, JWT, LOCATION, USER, found
from ._issuers import issuer_of
from .config import config
from .internal_utils import get_jwt_manager

#: The two types of token that have cookies.
KINDS = ("access", "refresh")

_CLEARED = "_jwt_extended_cleared"


def write(
    response: Response,
    kind: str,
    token: str,
    csrf: str | None,
    max_age: int | None,
    domain: str | None = None,
) -> None:
    """Set the cookies of a token and of its CSRF value.

    Cookies of the same names that browsers would send beside them are cleared first.
    """
    _clear(response, kind, _former(domain))
    age = config.cookie_max_age if max_age is None else max_age
    _cookie(response, kind, token, domain or config.cookie_domain, max_age=age)
    if csrf is not None:
        _cookie(response, f"{kind}_csrf", csrf, domain or config.cookie_domain, max_age=age)
    _forbid_storing(response)


def clear(response: Response, kind: str, domain: str | None = None) -> None:
    """Clear the cookies of a type of token and of its CSRF value."""
    _clear(response, kind, [domain or config.cookie_domain, *_former(domain)])


def _forbid_storing(response: Response) -> None:
    """Forbid caches to keep a response: they could hand its cookies to somebody else."""
    if "no-store" not in response.headers.get("Cache-Control", ""):
        response.headers["Cache-Control"] = "no-store"


def csrf_in_cookies() -> bool:
    """Return whether the CSRF value has a cookie of its own."""
    return config.cookie_csrf_protect and config.csrf_in_cookies


def clear_with_response(kinds: tuple[str, ...] = KINDS) -> None:
    """Have the response to the current request clear these cookies, whoever makes it.

    Cookies that the response sets itself stay.
    """
    if "cookies" in config.token_location:
        vars(this_request()).setdefault(_CLEARED, set()).update(kinds)


def clear_after(error: BaseException) -> None:
    """Have the response clear the cookies that a rejection calls useless."""
    clear_named(getattr(error, "_jwt_extended_clears", ()))


def clear_named(names: Collection[str]) -> None:
    """Have the response clear the types of token whose cookies are among these."""
    kinds = tuple(kind for kind in KINDS if getattr(config, f"{kind}_cookie_name") in names)
    if kinds:
        clear_with_response(kinds)


def settle(response: Response) -> Response:
    """Clear and renew cookies as the request requires. Flask calls it after each request."""
    app, request = this_app(), this_request()
    cleared = vars(request).get(_CLEARED)
    within = app.config["JWT_RENEW_ACCESS_COOKIE_WITHIN"]
    if cleared:
        for kind in KINDS:
            if kind in cleared and not _concerns(response, kind):
                clear(response, kind)
                _forbid_storing(response)
    elif within is not None and not any(_concerns(response, kind) for kind in KINDS):
        _renew(app, request, response, within)
    return response


def _renew(app: Flask, request: Request, response: Response, within: Any) -> None:
    """Renew an access cookie that is about to expire, if a guard has accepted it."""
    claims, header = found(JWT), found(HEADER)
    if not claims or found(LOCATION) != "cookies" or claims.get("type") == "refresh":
        return
    if issuer_of(claims) is not None:
        return
    left = within.total_seconds() if isinstance(within, timedelta) else within
    if claims.get("exp", float("inf")) - time.time() > left:
        return
    manager = get_jwt_manager()
    engine = engine_of(app)
    try:
        # The view may have revoked the token, or its guard may not have asked.
        if manager._token_in_blocklist_callback(header, claims):
            return

        def create(kind: str, rotation: Rotation, old: RefreshToken) -> IssuedToken:
            user = found(USER) if manager._turns_users_into_identities else None
            identity = claims[app.config["JWT_IDENTITY_CLAIM"]]
            owner = identity if user is None else user["loaded_user"]
            own = engine.own_claims(old)
            return manager._issue(owner, kind, own, rotation=rotation, follows=old)

        renewed = engine.renew(request, manager._decode_key, claims["jti"], create)
    except Exception:
        # The view has answered already, and the old token is still good.
        app.logger.exception("the access cookie was not renewed")
        return
    if renewed is not None:
        write(response, "access", str(renewed), renewed.csrf if csrf_in_cookies() else None, None)


def _concerns(response: Response, kind: str) -> bool:
    """Return whether a response sets or clears a token's cookie itself."""
    start = f"{getattr(config, f'{kind}_cookie_name')}="
    return any(line.startswith(start) for line in response.headers.getlist("Set-Cookie"))


def _former(domain: str | None) -> list[str | None]:
    """Return the other domains of cookies that browsers may keep; None for the host alone."""
    current = domain or config.cookie_domain
    former: list[str | None] = list(this_app().config["JWT_FORMER_COOKIE_DOMAINS"] or ())
    # Upstream clears no other cookies, so the host's are cleared only where there are some.
    if current and (former or _sent_twice()):
        former.append(None)
    return [other for other in former if other != current]


def _sent_twice() -> bool:
    """Return whether the current request has two cookies of one name."""
    sent = this_request().headers.get("Cookie", "") if has_request_context() else ""
    return any(sent.count(f"{getattr(config, f'{kind}_cookie_name')}=") > 1 for kind in KINDS)


def _clear(response: Response, kind: str, domains: list[str | None]) -> None:
    kinds = [kind, f"{kind}_csrf"] if csrf_in_cookies() else [kind]
    for domain in domains:
        for each in kinds:
            _cookie(response, each, "", domain, expires=0)


def _cookie(response: Response, kind: str, value: str, domain: str | None, **life: Any) -> None:
    response.set_cookie(
        getattr(config, f"{kind}_cookie_name"),
        value=value,
        secure=config.cookie_secure,
        # The page's script must read the CSRF value, but never the token.
        httponly=not kind.endswith("_csrf"),
        domain=domain,
        path=getattr(config, f"{kind}_cookie_path"),
        samesite=config.cookie_samesite,
        **life,
    )
    if this_app().config["JWT_COOKIE_PARTITIONED"]:
        # Werkzeug knows the attribute only since version 3.1.
        lines = response.headers.getlist("Set-Cookie")
        response.headers.setlist("Set-Cookie", [*lines[:-1], f"{lines[-1]}; Partitioned"])
