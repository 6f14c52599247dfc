"""Guards: ``@jwt_required()`` around a view, or ``verify_jwt_in_request()`` inside one."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload
from warnings import warn

from flask import Flask, current_app, request
from flask.globals import app_ctx

from .._core import Engine, Presented, Requirement
from ._views import SEES_TO_ITSELF
from .default_callbacks import default_blocklist_callback, default_token_verification_callback
from .exceptions import (  # noqa: F401 - apps import them from here
    CSRFError,
    FreshTokenRequired,
    InvalidHeaderError,
    InvalidQueryParamError,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
)
from .internal_utils import ENGINE, MANAGER, NO_MANAGER, get_jwt_manager, manager_of
from .typing import LocationType

if TYPE_CHECKING:
    from .jwt_manager import JWTManager

P = ParamSpec("P")
R = TypeVar("R")
Contents = dict[str, Any]
#: Header, claims and location of a token, and a refresh token itself.
Found = tuple[Contents, Contents, str, Presented | None]
#: The arguments of `jwt_required`, in order.
Asked = tuple[Any, Any, Any, LocationType, Any, Any]


def verify_jwt_in_request(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> tuple[Contents, Contents] | None:
    """Check the token of the current request: what ``jwt_required`` does, for use inside a view.

    An OPTIONS request is let through unseen, as browsers send it without tokens.

    :param optional: whether the request may do without a token. A bad token is refused all the
        same.
    :param fresh: whether the token must be fresh.
    :param refresh: whether it must be a refresh token; else it must be none.
    :param locations: where to look for it instead of in ``JWT_TOKEN_LOCATION``: a location, or
        several.
    :param verify_type: whether the type matters. If not, cookies and JSON are looked for by the
        names that ``refresh`` says.
    :param skip_revocation_check: whether to do without asking if it was revoked.
    :return: header and claims of the token; ``None`` for an optional token that is not there,
        and for OPTIONS.
    :raises JWTExtendedException: or one of PyJWT's, if the request must not pass. Not caught, it
        becomes the answer.
    """
    requirement = Requirement(
        optional, fresh, refresh, locations, verify_type, skip_revocation_check
    )
    asked = (optional, fresh, refresh, locations, verify_type, skip_revocation_check)
    verified: tuple[Contents, Contents] | None = _verify(requirement, asked)
    return verified


# To see whether a test has put something else in its place.
_verify_jwt_in_request = verify_jwt_in_request


@overload
def jwt_required(optional: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def jwt_required(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def jwt_required(
    optional: Any = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> Any:
    """Let a view be reached with a good token alone.

    ::

        @app.get("/protected")
        @jwt_required()
        def protected():
            return jsonify(logged_in_as=get_jwt_identity())

    The view may be an ``async def`` function. Without parentheses, as in Flask-JWT-Extended 3,
    it works as well.

    :param optional: whether the request may do without a token. A bad token is refused all the
        same.
    :param fresh: whether the token must be fresh.
    :param refresh: whether it must be a refresh token; else it must be none.
    :param locations: where to look for it instead of in ``JWT_TOKEN_LOCATION``: a location, or
        several.
    :param verify_type: whether the type matters. If not, cookies and JSON are looked for by the
        names that ``refresh`` says.
    :param skip_revocation_check: whether to do without asking if it was revoked.
    """
    if callable(optional):
        warn(
            "@jwt_required is the 3.x form; use @jwt_required()",
            DeprecationWarning,
            stacklevel=2,
        )
        return jwt_required()(optional)
    requirement = Requirement(
        optional, fresh, refresh, locations, verify_type, skip_revocation_check
    )

    asked = (optional, fresh, refresh, locations, verify_type, skip_revocation_check)

    def wrapper(fn: Callable[P, R]) -> Callable[P, R]:
        # Flask asks this anew for every request, which takes as long as half a guard.
        waits = iscoroutinefunction(fn)

        @wraps(fn)
        def decorator(*args: P.args, **kwargs: P.kwargs) -> R:
            if verify_jwt_in_request is _verify_jwt_in_request:
                _verify(requirement, asked)
            else:
                verify_jwt_in_request(*asked)
            if waits:
                result: R = current_app.ensure_sync(fn)(*args, **kwargs)
                return result
            return fn(*args, **kwargs)

        setattr(decorator, SEES_TO_ITSELF, True)
        return decorator

    # Class-based views list decorators before they are applied.
    setattr(wrapper, SEES_TO_ITSELF, True)
    return wrapper


def _verify(requirement: Requirement, asked: Asked) -> Any:
    context = app_ctx._get_current_object()  # type: ignore[attr-defined]
    the_request = request._get_current_object()  # type: ignore[attr-defined]
    if the_request.method == "OPTIONS":
        return None
    app = context.app
    try:
        manager = app.extensions[MANAGER]
    except KeyError:
        raise RuntimeError(NO_MANAGER) from None
    if _decode_jwt_from_request is _own_decode:
        found = _admitted(app, manager, the_request, requirement, asked[5])
    else:
        found = _decoded_in_another_way(asked)
    g = context.g
    if found is None:
        g._jwt_extended_jwt = {}
        g._jwt_extended_jwt_header = {}
        g._jwt_extended_jwt_user = {"loaded_user": None}
        g._jwt_extended_jwt_location = None
        return None
    header, claims, location, presented = found
    # Last, and only if all callbacks have agreed.
    if manager._user_lookup_callback is None and _load_user is _own_load_user:
        g._jwt_extended_jwt_user = None
    else:
        g._jwt_extended_jwt_user = _load_user(header, claims)
    g._jwt_extended_jwt_header = header
    g._jwt_extended_jwt = claims
    g._jwt_extended_jwt_location = location
    if presented is not None:
        # With its claims, by which it is told from one of an earlier guard of the same request.
        g._jwt_extended_presented = (claims, presented)
    return header, claims


def _decoded_in_another_way(asked: Asked) -> Found | None:
    """Ask what a test has put in place of :func:`_decode_jwt_from_request`."""
    optional, fresh, refresh, locations, verify_type, skip_revocation_check = asked
    try:
        claims, header, location = _decode_jwt_from_request(
            locations, fresh, refresh, verify_type, skip_revocation_check
        )
    except NoAuthorizationError:
        if not optional:
            raise
        return None
    return header, claims, location, None


def _admitted(
    app: Flask,
    manager: "JWTManager",
    the_request: Any,
    requirement: Requirement,
    skip_revocation_check: bool,
) -> Found | None:
    """Ask the engine, and then the app's own callbacks."""
    engine: Engine = app.extensions[ENGINE]
    found = engine.guard(app.config, the_request, requirement, manager._decode_key)
    if found is None:
        return None
    in_blocklist = manager._token_in_blocklist_callback
    if (
        in_blocklist is not default_blocklist_callback
        and not skip_revocation_check
        and in_blocklist(*found[:2])
    ):
        raise _challenging(RevokedTokenError(*found[:2]), "token_revoked")
    verified = manager._token_verification_callback
    if verified is not default_token_verification_callback and not verified(*found[:2]):
        raise _challenging(
            UserClaimsVerificationError("User claims verification failed", *found[:2]),
            "claims_refused",
        )
    return found


def _load_user(jwt_header: Contents, jwt_data: Contents) -> dict[str, Any] | None:
    """Find the token's user, if the app has said how."""
    callback = get_jwt_manager()._user_lookup_callback
    if callback is None:
        return None
    user = callback(jwt_header, jwt_data)
    if user is None:
        identity = jwt_data[current_app.config["JWT_IDENTITY_CLAIM"]]
        error = UserLookupError(f"user_lookup returned None for {identity}", jwt_header, jwt_data)
        raise _challenging(error, "user_not_found", str(identity))
    return {"loaded_user": user}


def _decode_jwt_from_request(
    locations: LocationType,
    fresh: bool,
    refresh: bool = False,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> tuple[Contents, Contents, str]:
    """Return claims, header and location of the request's token, for guards of an app's own."""
    requirement = Requirement(False, fresh, refresh, locations, verify_type, skip_revocation_check)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    the_request = request._get_current_object()  # type: ignore[attr-defined]
    found = _admitted(app, manager_of(app), the_request, requirement, skip_revocation_check)
    if found is None:
        raise AssertionError("a token that is not optional is there, or an exception is raised")
    header, claims, location, _ = found
    return claims, header, location


def _decode_jwt_from_headers() -> tuple[str, None]:
    """Return the text of the token in the header, which nobody has checked."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    the_request = request._get_current_object()  # type: ignore[attr-defined]
    in_header = Requirement(False, False, False, "headers", True, True)
    return app.extensions[ENGINE].locate(app.config, the_request, in_header), None


# To see whether a test has put something else in their place.
_own_decode = _decode_jwt_from_request
_own_load_user = _load_user


def _challenging(error: Exception, code: str, identity: str = "") -> Exception:
    """Put the challenge of a refusal onto its exception, if challenges are on."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if app.config["JWT_WWW_AUTHENTICATE"]:
        challenge = app.extensions[ENGINE].challenge(app.config, code, identity)
        error.www_authenticate = challenge  # type: ignore[attr-defined]
    return error
