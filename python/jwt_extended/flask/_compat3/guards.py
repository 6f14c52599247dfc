"""The guards of 3.x, which were one decorator and one function for each kind of token."""

from collections.abc import Callable
from typing import Any, TypeVar

from .. import view_decorators
from .warn import warn_of

F = TypeVar("F", bound=Callable[..., Any])


def jwt_optional(fn: F) -> F:
    """Guard a view whose token is optional: 3.x for ``@jwt_required(optional=True)``."""
    return _guarded("jwt_optional", "optional", fn)


def fresh_jwt_required(fn: F) -> F:
    """Guard a view with a fresh token: 3.x for ``@jwt_required(fresh=True)``."""
    return _guarded("fresh_jwt_required", "fresh", fn)


def jwt_refresh_token_required(fn: F) -> F:
    """Guard a view with a refresh token: 3.x for ``@jwt_required(refresh=True)``."""
    return _guarded("jwt_refresh_token_required", "refresh", fn)


def verify_jwt_in_request_optional() -> None:
    """Verify an optional token: 3.x for ``verify_jwt_in_request(optional=True)``."""
    _verify("verify_jwt_in_request_optional", "optional")


def verify_fresh_jwt_in_request() -> None:
    """Verify a fresh token: 3.x for ``verify_jwt_in_request(fresh=True)``."""
    _verify("verify_fresh_jwt_in_request", "fresh")


def verify_jwt_refresh_token_in_request() -> None:
    """Verify a refresh token: 3.x for ``verify_jwt_in_request(refresh=True)``."""
    _verify("verify_jwt_refresh_token_in_request", "refresh")


def _guarded(old: str, argument: str, fn: F) -> F:
    warn_of(f"@{old}", f"@jwt_required({argument}=True)", stacklevel=4)
    decorate: Any = view_decorators.jwt_required(**_only(argument))
    guarded: F = decorate(fn)
    return guarded


def _verify(old: str, argument: str) -> None:
    warn_of(f"{old}()", f"verify_jwt_in_request({argument}=True)", stacklevel=4)
    view_decorators.verify_jwt_in_request(**_only(argument))


def _only(argument: str) -> dict[str, Any]:
    return {argument: True}
