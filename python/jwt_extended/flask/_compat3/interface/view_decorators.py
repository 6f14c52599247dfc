"""The guards of 3.x.

The decorators call the functions through the module, so that tests can patch them.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from ... import view_decorators as four
from ..exceptions import FreshTokenRequired, RevokedTokenError, UserLoadError
from .exceptions import CSRFError, InvalidHeaderError, NoAuthorizationError

__all__ = [
    "CSRFError",
    "FreshTokenRequired",
    "InvalidHeaderError",
    "NoAuthorizationError",
    "RevokedTokenError",
    "UserLoadError",
    "fresh_jwt_required",
    "jwt_optional",
    "jwt_refresh_token_required",
    "jwt_required",
    "verify_fresh_jwt_in_request",
    "verify_jwt_in_request",
    "verify_jwt_in_request_optional",
    "verify_jwt_refresh_token_in_request",
]

P = ParamSpec("P")
R = TypeVar("R")


def verify_jwt_in_request() -> None:
    """Verify the access token of the current request."""
    four.verify_jwt_in_request()


def verify_jwt_in_request_optional() -> None:
    """Verify the access token of the current request, if it has one."""
    four.verify_jwt_in_request(optional=True)


def verify_fresh_jwt_in_request() -> None:
    """Verify that the access token of the current request is fresh."""
    four.verify_jwt_in_request(fresh=True)


def verify_jwt_refresh_token_in_request() -> None:
    """Verify the refresh token of the current request."""
    four.verify_jwt_in_request(refresh=True)


def jwt_required(fn: Callable[P, R]) -> Callable[P, R]:
    """Guard a view with an access token."""
    return four.guarded(fn, lambda: verify_jwt_in_request())


def jwt_optional(fn: Callable[P, R]) -> Callable[P, R]:
    """Guard a view whose token is optional."""
    return four.guarded(fn, lambda: verify_jwt_in_request_optional())


def fresh_jwt_required(fn: Callable[P, R]) -> Callable[P, R]:
    """Guard a view with a fresh access token."""
    return four.guarded(fn, lambda: verify_fresh_jwt_in_request())


def jwt_refresh_token_required(fn: Callable[P, R]) -> Callable[P, R]:
    """Guard a view with a refresh token."""
    view = four.guarded(fn, lambda: verify_jwt_refresh_token_in_request())
    setattr(view, four.TAKES_REFRESH, True)
    return view


def _decode_jwt_from_request(request_type: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return claims and header of the request's token, for an app's own guards."""
    found = four._decode_jwt_from_request(None, False, refresh=request_type == "refresh")
    claims, header, _ = found or ({}, {}, None)
    return claims, header
