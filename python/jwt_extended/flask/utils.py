"""Tokens made and read, the current token, cookies."""

from typing import Any

from flask import Response, current_app, g, has_app_context
from werkzeug.local import LocalProxy

from .._core import unverified_header
from . import _legacy
from ._defaults import OURS
from .config import config
from .internal_utils import get_jwt_manager
from .typing import ExpiresDelta, Fresh

#: The user of the current request's token: what ``user_lookup_loader`` has returned.
current_user: Any = LocalProxy(lambda: get_current_user())

_NOT_GUARDED = (
    "You must call `@jwt_required()` or `verify_jwt_in_request()` before using this method"
)


def get_jwt() -> dict[str, Any]:
    """Return the claims of the current request's token; ``{}`` if there is none.

    :raises RuntimeError: outside of a guarded view.
    """
    claims: dict[str, Any] | None = g.get("_jwt_extended_jwt", None)
    if claims is None:
        raise RuntimeError(_NOT_GUARDED)
    return claims


def get_jwt_header() -> dict[str, Any]:
    """Return the header of the current request's token; ``{}`` if there is none.

    :raises RuntimeError: outside of a guarded view.
    """
    header: dict[str, Any] | None = g.get("_jwt_extended_jwt_header", None)
    if header is None:
        raise RuntimeError(_NOT_GUARDED)
    return header


def get_jwt_identity() -> Any:
    """Return whose the current request's token is; ``None`` if there is none.

    :raises RuntimeError: outside of a guarded view.
    """
    return get_jwt().get(config.identity_claim_key, None)


def get_jwt_request_location() -> str | None:
    """Return where the current request's token was.

    ``"headers"``, ``"cookies"``, ``"query_string"`` or ``"json"``; ``None`` if there is no token,
    also outside of a guarded view.
    """
    location: str | None = g.get("_jwt_extended_jwt_location", None)
    return location


def get_current_user() -> Any:
    """Return the user of the current request's token; ``None`` if there is no token.

    :raises RuntimeError: outside of a guarded view, and without a ``user_lookup_loader``.
    """
    get_jwt()
    user = g.get("_jwt_extended_jwt_user", None)
    if user is None:
        raise RuntimeError(
            "You must provide a `@jwt.user_lookup_loader` callback to use this method"
        )
    return user["loaded_user"]


def decode_token(
    encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
) -> dict[str, Any]:
    """Check a token and return its claims. Neither revocation nor the user is asked about.

    :param encoded_token: the token.
    :param csrf_value: what its ``csrf`` claim must be.
    :param allow_expired: whether an expired token will do, as long as all else is good.
    :raises jwt.InvalidTokenError: or a :class:`JWTExtendedException`, if it is not good.
    """
    return get_jwt_manager()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    *,
    session: str | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Make an access token.

    :param identity: whose it is: a string, or what a ``user_identity_loader`` makes one of.
    :param fresh: whether it is fresh, as after a login; a ``timedelta`` for how long it is.
    :param expires_delta: how long it lives, if not for ``JWT_ACCESS_TOKEN_EXPIRES``; ``False``
        for ever.
    :param additional_claims: claims beside its own. They win over those of
        ``additional_claims_loader``, and may replace the token's own.
    :param additional_headers: headers beside its own. ``alg`` chooses the algorithm.
    :param session: the session that it belongs to: see :func:`get_jwt_session`.
    :param user_claims: the 3.x name of ``additional_claims``, nested as 3.x did.
    :param headers: the 3.x name of ``additional_headers``.
    :raises ValueError: if the claims cannot be in a token.
    """
    manager = get_jwt_manager()
    return manager._encode_jwt_from_config(
        identity=identity,
        token_type="access",  # noqa: S106 - no password
        claims=_legacy.with_user_claims(
            manager, "access", identity, additional_claims, user_claims
        ),
        fresh=fresh,
        expires_delta=expires_delta,
        headers=additional_headers or headers,
        session=session,
    )


def create_refresh_token(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    *,
    session: str | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Make a refresh token.

    :param identity: whose it is: a string, or what a ``user_identity_loader`` makes one of.
    :param expires_delta: how long it lives, if not for ``JWT_REFRESH_TOKEN_EXPIRES``; ``False``
        for ever.
    :param additional_claims: claims beside its own. They win over those of
        ``additional_claims_loader``, and may replace the token's own.
    :param additional_headers: headers beside its own. ``alg`` chooses the algorithm.
    :param session: the session that it belongs to: see :func:`get_jwt_session`.
    :param user_claims: the 3.x name of ``additional_claims``, nested as 3.x did.
    :param headers: the 3.x name of ``additional_headers``.
    :raises ValueError: if the claims cannot be in a token.
    """
    manager = get_jwt_manager()
    return manager._encode_jwt_from_config(
        identity=identity,
        token_type="refresh",  # noqa: S106 - no password
        claims=_legacy.with_user_claims(
            manager, "refresh", identity, additional_claims, user_claims
        ),
        expires_delta=expires_delta,
        headers=additional_headers or headers,
        session=session,
    )


def get_unverified_jwt_headers(encoded_token: str) -> dict[str, Any]:
    """Return the header of a token that **nobody has checked**. Trust nothing in it."""
    usual = OURS["JWT_MAX_TOKEN_LENGTH"]
    limit = current_app.config.get("JWT_MAX_TOKEN_LENGTH", usual) if has_app_context() else usual
    return unverified_header(encoded_token, limit)


def get_jti(encoded_token: str) -> str | None:
    """Check a token and return its name, the claim ``jti``."""
    jti: str | None = decode_token(encoded_token).get("jti")
    return jti


def get_csrf_token(encoded_token: str) -> str:
    """Check a token and return the value that must come along with its cookie."""
    csrf: str = decode_token(encoded_token)["csrf"]
    return csrf


def set_access_cookies(
    response: Response,
    encoded_access_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Put an access token into cookies, and its CSRF value beside it.

    The response is marked as one that no cache may keep.

    :param response: the response that sets the cookies.
    :param encoded_access_token: the token. It is checked: one that has expired is refused.
    :param max_age: for how many seconds browsers keep the cookies, if not as
        ``JWT_SESSION_COOKIE`` says.
    :param domain: the domain whose hosts get the cookies, if not ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "access", encoded_access_token, max_age, domain)


def set_refresh_cookies(
    response: Response,
    encoded_refresh_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Put a refresh token into cookies, and its CSRF value beside it.

    The response is marked as one that no cache may keep.

    :param response: the response that sets the cookies.
    :param encoded_refresh_token: the token. It is checked: one that has expired is refused.
    :param max_age: for how many seconds browsers keep the cookies, if not as
        ``JWT_SESSION_COOKIE`` says.
    :param domain: the domain whose hosts get the cookies, if not ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "refresh", encoded_refresh_token, max_age, domain)


def unset_jwt_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of access and refresh token, and of their CSRF values.

    :param response: the response that clears them.
    :param domain: the domain that they were set for, if not ``JWT_COOKIE_DOMAIN``.
    """
    unset_access_cookies(response, domain)
    unset_refresh_cookies(response, domain)


def unset_access_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of the access token and of its CSRF value.

    :param response: the response that clears them.
    :param domain: the domain that they were set for, if not ``JWT_COOKIE_DOMAIN``.
    """
    _unset_cookies(response, "access", domain)


def unset_refresh_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of the refresh token and of its CSRF value.

    :param response: the response that clears them.
    :param domain: the domain that they were set for, if not ``JWT_COOKIE_DOMAIN``.
    """
    _unset_cookies(response, "refresh", domain)


def current_user_context_processor() -> dict[str, Any]:
    """Give templates ``current_user``."""
    return {"current_user": get_current_user()}


def _set_cookies(
    response: Response, kind: str, token: str, max_age: int | None, domain: str | None
) -> None:
    csrf = get_csrf_token(token) if _csrf_in_cookies() else None
    age = config.cookie_max_age if max_age is None else max_age
    _cookie(response, kind, token, domain, max_age=age)
    if csrf is not None:
        _cookie(response, f"{kind}_csrf", csrf, domain, max_age=age)
    # A cache that kept the response would hand the token to whoever asks next.
    response.headers.setdefault("Cache-Control", "no-store")


def _unset_cookies(response: Response, kind: str, domain: str | None) -> None:
    _cookie(response, kind, "", domain, expires=0)
    if _csrf_in_cookies():
        _cookie(response, f"{kind}_csrf", "", domain, expires=0)


def _cookie(response: Response, kind: str, value: str, domain: str | None, **life: Any) -> None:
    response.set_cookie(
        getattr(config, f"{kind}_cookie_name"),
        value=value,
        secure=config.cookie_secure,
        # The page itself sends the CSRF value, and never the token.
        httponly=not kind.endswith("_csrf"),
        domain=domain or config.cookie_domain,
        path=getattr(config, f"{kind}_cookie_path"),
        samesite=config.cookie_samesite,
        **life,
    )


def _csrf_in_cookies() -> bool:
    return config.cookie_csrf_protect and config.csrf_in_cookies
