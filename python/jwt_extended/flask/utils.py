"""Creates and reads tokens, gives access to the current token, and sets cookies."""

from typing import Any

from flask import Response, current_app, has_app_context
from werkzeug.local import LocalProxy

from .._common.grants import login_claims
from .._common.options.names import OURS
from .._core import unverified_header
from ._app import MANAGER, engine_of, this_app
from ._cookies import clear, csrf_in_cookies, write
from ._found import HEADER, JWT, LOCATION, USER, found
from ._issuers import identity_claim_of, issuer_of
from ._json import json_default
from .internal_utils import get_jwt_manager
from .typing import AuthTime, ExpiresDelta, Fresh, Texts

#: The user of the current request's token, as ``user_lookup_loader`` returned it.
current_user: Any = LocalProxy(lambda: get_current_user())

_NOT_GUARDED = (
    "You must call `@jwt_required()` or `verify_jwt_in_request()` before using this method"
)


def get_jwt() -> dict[str, Any]:
    """Return the claims of the current request's token; ``{}`` if it has no token.

    :raises RuntimeError: outside a guarded view.
    """
    return _found_or_error(JWT)


def get_jwt_header() -> dict[str, Any]:
    """Return the header of the current request's token; ``{}`` if it has no token.

    :raises RuntimeError: outside a guarded view.
    """
    return _found_or_error(HEADER)


def get_jwt_identity() -> Any:
    """Return the identity in the current request's token; ``None`` if it has no token.

    :raises RuntimeError: outside a guarded view.
    """
    claims = get_jwt()
    return claims.get(identity_claim_of(claims), None)


def get_jwt_issuer() -> str | None:
    """Return which of ``JWT_ISSUERS`` has issued the current request's token.

    ``None`` if the app itself has issued it, and without a token. Two issuers may give one identity
    to two people, so a user is known by issuer and identity together.

    :raises RuntimeError: outside a guarded view.
    """
    return issuer_of(get_jwt())


def get_jwt_scopes() -> list[str]:
    """Return the scopes of the current request's token; ``[]`` if it has none, or no token.

    :raises RuntimeError: outside a guarded view.
    """
    claims = get_jwt()
    if not claims:
        return []
    app = this_app()
    return engine_of(app).scopes_of(claims, json_default(app))


def get_jwt_request_location() -> str | None:
    """Return where the current request's token was found.

    One of ``"headers"``, ``"cookies"``, ``"query_string"`` and ``"json"``. ``None`` if the request
    has no token, and outside a guarded view.
    """
    location: str | None = found(LOCATION)
    return location


def get_current_user() -> Any:
    """Return the user of the current request's token; ``None`` if it has no token.

    :raises RuntimeError: outside a guarded view, and without a ``user_lookup_loader``.
    """
    get_jwt()
    user = found(USER)
    if user is None and not get_jwt_manager()._needs_guard:
        return None
    if user is None:
        raise RuntimeError(
            "You must provide a `@jwt.user_lookup_loader` callback to use this method"
        )
    return user["loaded_user"]


def decode_token(
    encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
) -> dict[str, Any]:
    """Verify a token and return its claims, without checking for revocation or loading the user.

    A token of one of ``JWT_ISSUERS`` is verified with the keys that a guard has fetched before.

    :param encoded_token: the token.
    :param csrf_value: the value that its ``csrf`` claim must have.
    :param allow_expired: whether to accept an expired token that is valid otherwise.
    :raises jwt.InvalidTokenError: or a :class:`JWTExtendedException`, if the token is invalid.
    :raises KeysUnavailableError: if the keys of its issuer are not known.
    """
    return get_jwt_manager()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: dict[str, Any] | None = None,
    additional_headers: dict[str, Any] | None = None,
    *,
    scopes: Texts | None = None,
    auth_time: AuthTime | None = None,
    acr: str | None = None,
    amr: Texts | None = None,
    session: str | bool | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Create an access token.

    With ``JWT_STORE``, a token for the user of the current request's token joins its session, so
    that a logout ends it too.

    :param identity: the owner of the token: a string, or a value that the
        ``user_identity_loader`` turns into one.
    :param fresh: whether the token is fresh, as after a login; a ``timedelta`` for how long.
    :param expires_delta: how long the token lives. The default is ``JWT_ACCESS_TOKEN_EXPIRES``;
        ``False`` creates a token that never expires.
    :param additional_claims: more claims. They win over those of ``additional_claims_loader``, and
        may replace the token's standard claims.
    :param additional_headers: more headers. ``alg`` selects the algorithm.
    :param scopes: the scopes of the token, for ``@jwt_required(scopes=...)``: a string with spaces
        between them, or several strings.
    :param auth_time: when the user proved who they are, for ``@jwt_required(max_age=...)``.
    :param acr: the class of the login, for ``@jwt_required(acr=...)``.
    :param amr: the methods of the login, such as ``["pwd", "otp"]``.
    :param session: the session that the token belongs to: see :func:`get_jwt_session`. ``False``
        for none.
    :param user_claims: the 3.x name of ``additional_claims``, nested as in 3.x.
    :param headers: the 3.x name of ``additional_headers``.
    :raises ValueError: if a token cannot contain the claims.
    """
    manager = get_jwt_manager()
    token_type = "access"  # noqa: S105 - no password
    return manager._encode_jwt_from_config(
        identity=identity,
        token_type=token_type,
        claims=manager._claims_for(
            token_type,
            identity,
            login_claims(additional_claims, scopes, auth_time, acr, amr),
            user_claims,
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
    scopes: Texts | None = None,
    auth_time: AuthTime | None = None,
    acr: str | None = None,
    amr: Texts | None = None,
    session: str | None = None,
    user_claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> str:
    """Create a refresh token.

    :param identity: the owner of the token: a string, or a value that the
        ``user_identity_loader`` turns into one.
    :param expires_delta: how long the token lives. The default is ``JWT_REFRESH_TOKEN_EXPIRES``;
        ``False`` creates a token that never expires.
    :param additional_claims: more claims. They win over those of ``additional_claims_loader``, and
        may replace the token's standard claims.
    :param additional_headers: more headers. ``alg`` selects the algorithm.
    :param scopes: the scopes of the token, for ``@jwt_required(scopes=...)``: a string with spaces
        between them, or several strings.
    :param auth_time: when the user proved who they are, for ``@jwt_required(max_age=...)``.
    :param acr: the class of the login, for ``@jwt_required(acr=...)``.
    :param amr: the methods of the login, such as ``["pwd", "otp"]``.
    :param session: the session that the token belongs to: see :func:`get_jwt_session`.
    :param user_claims: the 3.x name of ``additional_claims``, nested as in 3.x.
    :param headers: the 3.x name of ``additional_headers``.
    :raises ValueError: if a token cannot contain the claims.
    """
    manager = get_jwt_manager()
    token_type = "refresh"  # noqa: S105 - no password
    return manager._encode_jwt_from_config(
        identity=identity,
        token_type=token_type,
        claims=manager._claims_for(
            token_type,
            identity,
            login_claims(additional_claims, scopes, auth_time, acr, amr),
            user_claims,
        ),
        expires_delta=expires_delta,
        headers=additional_headers or headers,
        session=session,
    )


def get_unverified_jwt_headers(encoded_token: str) -> dict[str, Any]:
    """Return the header of a token **without verifying it**. Trust nothing in it."""
    options = current_app.config if has_app_context() else {}
    limit = options.get("JWT_MAX_TOKEN_LENGTH", OURS["JWT_MAX_TOKEN_LENGTH"])
    return unverified_header(encoded_token, limit)


def get_jti(encoded_token: str) -> str | None:
    """Verify a token and return its id, the claim ``jti``."""
    jti: str | None = decode_token(encoded_token).get("jti")
    return jti


def get_csrf_token(encoded_token: str) -> str:
    """Verify a token and return the CSRF value that requests must send along with its cookie."""
    csrf: str = decode_token(encoded_token)["csrf"]
    return csrf


def set_access_cookies(
    response: Response,
    encoded_access_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Set the cookies of an access token and of its CSRF value.

    The response is marked ``Cache-Control: no-store``.

    :param response: the response that sets the cookies.
    :param encoded_access_token: the token. It is verified, so an expired token raises.
    :param max_age: how many seconds browsers keep the cookies. The default follows
        ``JWT_SESSION_COOKIE``.
    :param domain: the domain whose hosts get the cookies. The default is ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "access", encoded_access_token, max_age, domain)


def set_refresh_cookies(
    response: Response,
    encoded_refresh_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Set the cookies of a refresh token and of its CSRF value.

    The response is marked ``Cache-Control: no-store``.

    :param response: the response that sets the cookies.
    :param encoded_refresh_token: the token. It is verified, so an expired token raises.
    :param max_age: how many seconds browsers keep the cookies. The default follows
        ``JWT_SESSION_COOKIE``.
    :param domain: the domain whose hosts get the cookies. The default is ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "refresh", encoded_refresh_token, max_age, domain)


def unset_jwt_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of the access token, the refresh token and their CSRF values.

    :param response: the response that clears them.
    :param domain: the domain that they were set for. The default is ``JWT_COOKIE_DOMAIN``.
    """
    unset_access_cookies(response, domain)
    unset_refresh_cookies(response, domain)


def unset_access_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of the access token and of its CSRF value.

    :param response: the response that clears them.
    :param domain: the domain that they were set for. The default is ``JWT_COOKIE_DOMAIN``.
    """
    get_jwt_manager()._check_cookies("unset_access_cookies")
    clear(response, "access", domain)


def unset_refresh_cookies(response: Response, domain: str | None = None) -> None:
    """Clear the cookies of the refresh token and of its CSRF value.

    :param response: the response that clears them.
    :param domain: the domain that they were set for. The default is ``JWT_COOKIE_DOMAIN``.
    """
    get_jwt_manager()._check_cookies("unset_refresh_cookies")
    clear(response, "refresh", domain)


def current_user_context_processor() -> dict[str, Any]:
    """Make ``current_user`` available in templates.

    It is ``None`` where no guard has run, so that pages for everybody can ask for it. Without a
    ``user_lookup_loader``, an error comes only if a template uses it.
    """
    try:
        return {"current_user": get_current_user()}
    except RuntimeError:
        return {"current_user": None if found(JWT) is None else current_user}


def _found_or_error(name: str) -> dict[str, Any]:
    contents: dict[str, Any] | None = found(name)
    if contents is None:
        manager = this_app().extensions.get(MANAGER)
        if manager is None or manager._needs_guard:
            raise RuntimeError(_NOT_GUARDED)
        return {}
    return contents


def _set_cookies(
    response: Response, kind: str, token: str, max_age: int | None, domain: str | None
) -> None:
    get_jwt_manager()._check_cookies(f"set_{kind}_cookies")
    csrf = get_csrf_token(token) if csrf_in_cookies() else None
    write(response, kind, token, csrf, max_age, domain)
