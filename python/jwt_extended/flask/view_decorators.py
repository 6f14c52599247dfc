"""Guards: ``@jwt_required()`` around a view, or ``verify_jwt_in_request()`` inside one.

The functions call each other through the module, so that tests can patch any of them.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import lru_cache, wraps
from inspect import iscoroutinefunction
from typing import Any, Literal, ParamSpec, TypeVar, overload
from warnings import warn

from flask import current_app

from .._common.grants import asked
from .._core import Engine, Requirement
from ._app import ENGINE, MANAGER, engine_of, this_app, this_request
from ._cookies import clear_after, clear_named
from ._found import keep, keep_presented
from ._issuers import identity_claim_of, issuer_of
from .default_callbacks import default_blocklist_callback, default_token_verification_callback
from .exceptions import (  # noqa: F401 - apps import them from here
    CSRFError,
    FreshTokenRequired,
    InsufficientLoginError,
    InsufficientScopeError,
    InvalidHeaderError,
    InvalidQueryParamError,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
)
from .internal_utils import manager_of
from .typing import Granted, LocationType, Texts

P = ParamSpec("P")
R = TypeVar("R")
Contents = dict[str, Any]

#: The attribute that marks a view as guarding (or exempting) itself.
SELF_GUARDED = "_jwt_extended_self_guarded"

#: The attribute that says whether a view's guard takes a refresh token. Test clients read it.
TAKES_REFRESH = "_jwt_extended_takes_refresh"


def verify_jwt_in_request(
    optional: bool | Literal["lenient"] = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    scopes: Texts | None = None,
    any_scopes: Texts | None = None,
    claim_has: Granted | None = None,
    claim_has_any: Granted | None = None,
    max_age: timedelta | float | None = None,
    acr: Texts | None = None,
) -> tuple[Contents, Contents] | None:
    """Verify the token of the current request, as ``jwt_required`` does, from inside a view.

    OPTIONS requests pass without a token, because browsers send them without one.

    :param optional: whether a request without a token passes. An invalid token is rejected even
        then. With ``"lenient"``, a cookie that has expired, was revoked or is malformed counts as
        no token, and the response clears it: for public pages.
    :param fresh: whether the token must be fresh.
    :param refresh: whether the token must be a refresh token. By default, refresh tokens are
        rejected.
    :param locations: a location, or several, to look for the token in, instead of
        ``JWT_TOKEN_LOCATION``.
    :param verify_type: whether to check the token's type. If not, ``refresh`` still decides which
        cookie and which JSON key are read.
    :param skip_revocation_check: whether to skip the check for revoked tokens.
    :param scopes: the scopes that the token must have: a string with spaces between them, or
        several strings. Other tokens are answered with 403.
    :param any_scopes: scopes of which the token must have at least one.
    :param claim_has: claims and what each must contain, for permissions, roles or groups, such as
        ``{"permissions": "refund:orders"}``. A name such as ``"realm_access.roles"`` is a path.
    :param claim_has_any: claims that must contain at least one of the strings.
    :param max_age: how long ago the user may have logged in: a ``timedelta`` or seconds.
    :param acr: the accepted classes of login, by the claim ``acr``: a string, or several.
    :return: header and claims of the token. ``None`` if the token is optional and missing, and for
        OPTIONS.
    :raises JWTExtendedException: or one of PyJWT's exceptions, if the request is rejected. If the
        view does not catch it, the manager's callbacks answer.
    """
    request = this_request()
    if request.method == "OPTIONS":
        return None
    # Most guards ask for none of these, and then nothing is called with keywords.
    more: dict[str, Any] = {}
    if (
        scopes is not None
        or any_scopes is not None
        or claim_has is not None
        or claim_has_any is not None
        or max_age is not None
        or acr is not None
    ):
        more = asked(
            scopes=scopes,
            any_scopes=any_scopes,
            claim_has=claim_has,
            claim_has_any=claim_has_any,
            max_age=max_age,
            acr=acr,
        )
    if optional:
        more["optional"] = optional
    try:
        if more:
            found = _decode_jwt_from_request(
                locations, fresh, refresh, verify_type, skip_revocation_check, **more
            )
        else:
            # A test may have replaced the function with one that has upstream's parameters only.
            found = _decode_jwt_from_request(
                locations, fresh, refresh, verify_type, skip_revocation_check
            )
    except Exception as error:
        manager = manager_of(this_app())
        if not optional or not manager._is_no_token(error):
            manager._rephrase(error)
            raise
        found = None
    if found is None:
        keep(request, {}, {}, {"loaded_user": None}, None)
        return None
    claims, header, location = found
    try:
        user = _load_user(header, claims)
    except Exception as error:
        manager_of(this_app())._rephrase(error)
        raise
    # Kept last, when all callbacks have accepted the token.
    keep(request, claims, header, user, location)
    return header, claims


@overload
def jwt_required(optional: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def jwt_required(
    optional: bool | Literal["lenient"] = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    scopes: Texts | None = None,
    any_scopes: Texts | None = None,
    claim_has: Granted | None = None,
    claim_has_any: Granted | None = None,
    max_age: timedelta | float | None = None,
    acr: Texts | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def jwt_required(
    optional: Any = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    scopes: Texts | None = None,
    any_scopes: Texts | None = None,
    claim_has: Granted | None = None,
    claim_has_any: Granted | None = None,
    max_age: timedelta | float | None = None,
    acr: Texts | None = None,
) -> Any:
    """Protect a view, so that it only runs for requests with a valid token.

    ::

        @app.get("/protected")
        @jwt_required()
        def protected():
            return jsonify(logged_in_as=get_jwt_identity())

    The view may be an ``async def`` function. The decorator also works without parentheses, as in
    Flask-JWT-Extended 3.

    :param optional: whether a request without a token passes. An invalid token is rejected even
        then. With ``"lenient"``, a cookie that has expired, was revoked or is malformed counts as
        no token, and the response clears it: for public pages.
    :param fresh: whether the token must be fresh.
    :param refresh: whether the token must be a refresh token. By default, refresh tokens are
        rejected.
    :param locations: a location, or several, to look for the token in, instead of
        ``JWT_TOKEN_LOCATION``.
    :param verify_type: whether to check the token's type. If not, ``refresh`` still decides which
        cookie and which JSON key are read.
    :param skip_revocation_check: whether to skip the check for revoked tokens.
    :param scopes: the scopes that the token must have: a string with spaces between them, or
        several strings. Other tokens are answered with 403.
    :param any_scopes: scopes of which the token must have at least one.
    :param claim_has: claims and what each must contain, for permissions, roles or groups, such as
        ``{"permissions": "refund:orders"}``. A name such as ``"realm_access.roles"`` is a path.
    :param claim_has_any: claims that must contain at least one of the strings.
    :param max_age: how long ago the user may have logged in: a ``timedelta`` or seconds.
    :param acr: the accepted classes of login, by the claim ``acr``: a string, or several.
    """
    if callable(optional):
        warn(
            "@jwt_required is the 3.x form; use @jwt_required()",
            DeprecationWarning,
            stacklevel=2,
        )
        return jwt_required()(optional)
    if locations is not None and not isinstance(locations, Collection):
        # An iterator can be read only once, and each request needs it.
        locations = tuple(locations)
    # Mistakes show when the view is decorated, and not in its first request.
    more = asked(
        scopes=scopes,
        any_scopes=any_scopes,
        claim_has=claim_has,
        claim_has_any=claim_has_any,
        max_age=max_age,
        acr=acr,
    )

    def verify() -> object:
        if more:
            return verify_jwt_in_request(
                optional, fresh, refresh, locations, verify_type, skip_revocation_check, **more
            )
        return verify_jwt_in_request(
            optional, fresh, refresh, locations, verify_type, skip_revocation_check
        )

    def wrapper(fn: Callable[P, R]) -> Callable[P, R]:
        view = guarded(fn, verify)
        setattr(view, TAKES_REFRESH, refresh)
        return view

    # Class-based views list decorators that have not been applied yet.
    setattr(wrapper, SELF_GUARDED, True)
    setattr(wrapper, TAKES_REFRESH, refresh)
    return wrapper


def guarded(fn: Callable[P, R], verify: Callable[[], object]) -> Callable[P, R]:
    """Wrap a view so that a function verifies each request before it."""
    # Flask asks this for every request, which takes half as long as the guard itself.
    is_async = iscoroutinefunction(fn)

    @wraps(fn)
    def decorator(*args: P.args, **kwargs: P.kwargs) -> R:
        verify()
        if is_async:
            result: R = current_app.ensure_sync(fn)(*args, **kwargs)
            return result
        return fn(*args, **kwargs)

    setattr(decorator, SELF_GUARDED, True)
    return decorator


def _decode_jwt_from_request(
    locations: LocationType,
    fresh: bool,
    refresh: bool = False,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    optional: bool | Literal["lenient"] = False,
    **more: Any,
) -> tuple[Contents, Contents, str] | None:
    """Return claims, header and location of the request's token, for an app's own guards.

    Return ``None`` only if the token is optional and missing. ``more`` is what the token must also
    grant, as :func:`~jwt_extended._common.grants.asked` returns it.
    """
    requirement = _requirement(
        optional, fresh, refresh, locations, verify_type, skip_revocation_check, more
    )
    app = this_app()
    manager = manager_of(app)
    engine: Engine = app.extensions[ENGINE]
    compiled = engine.at(app.config)
    try:
        found = compiled.guard(this_request(), requirement, manager._decode_key)
    except Exception as rejection:
        clear_after(rejection)
        raise
    if found is None:
        return None
    if isinstance(found, list):
        clear_named(found)
        return None
    header, claims, location, presented = found
    manager._complete(claims, app)
    in_blocklist = manager._token_in_blocklist_callback
    if (
        in_blocklist is not default_blocklist_callback
        and not skip_revocation_check
        and in_blocklist(header, claims)
    ):
        raise _with_challenge(RevokedTokenError(header, claims), "token_revoked")
    verified = manager._token_verification_callback
    if verified is not default_token_verification_callback and not verified(header, claims):
        message = "User claims verification failed"
        error = UserClaimsVerificationError(message, header, claims)
        raise _with_challenge(error, "claims_refused")
    if presented is not None:
        keep_presented(claims, presented)
    return claims, header, location


def _load_user(jwt_header: Contents, jwt_data: Contents) -> dict[str, Any] | None:
    """Find the token's user; ``None`` if the app has no ``user_lookup_loader``.

    An identity of another issuer may be that of one of the app's users, so it has a loader of its
    own. Without that loader, such a token has no user.
    """
    manager = this_app().extensions[MANAGER]
    callback, of_issuers = manager._user_lookup_callback, manager._issuer_user_lookup_callback
    if callback is None and of_issuers is None:
        return None
    if issuer_of(jwt_data) is None:
        if callback is None:
            return None
        user = callback(jwt_header, jwt_data)
    else:
        user = None if of_issuers is None else of_issuers(jwt_header, jwt_data)
    if user is None:
        identity = jwt_data[identity_claim_of(jwt_data)]
        error = UserLookupError(f"user_lookup returned None for {identity}", jwt_header, jwt_data)
        raise _with_challenge(error, "user_not_found", str(identity))
    return {"loaded_user": user}


def _decode_jwt_from_headers() -> tuple[str, None]:
    """Return the text of the token in the header, without verifying it."""
    app = this_app()
    in_header = _requirement(False, False, False, "headers", True, False, {})
    return engine_of(app).locate(this_request(), in_header), None


def _requirement(
    optional: bool | Literal["lenient"],
    fresh: bool,
    refresh: bool,
    locations: LocationType,
    verify_type: bool,
    skip_revocation_check: bool,
    more: dict[str, Any],
) -> Requirement:
    """Return the engine's form of a guard's arguments, which is made once for all requests."""
    if locations is not None and not isinstance(locations, str):
        is_set = isinstance(locations, (set, frozenset))
        locations = frozenset(iter(locations)) if is_set else tuple(locations)
    try:
        return _cached_requirement(
            optional, fresh, refresh, locations, verify_type, skip_revocation_check, **more
        )
    except TypeError:
        # An argument cannot be hashed.
        return Requirement(
            optional, fresh, refresh, locations, verify_type, skip_revocation_check, **more
        )


_cached_requirement = lru_cache(maxsize=256)(Requirement)


def _with_challenge(error: Exception, code: str, identity: str = "") -> Exception:
    """Add the challenge of a rejection to its exception, if challenges are on."""
    app = this_app()
    if app.config["JWT_WWW_AUTHENTICATE"]:
        challenge = engine_of(app).challenge(code, identity)
        error.www_authenticate = challenge  # type: ignore[attr-defined]
    return error
