"""The interface of Flask-JWT-Extended 3, each name with a warning that says the new one."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar
from warnings import warn

from flask import Flask, current_app, g, has_app_context

from ._callbacks import synchronous
from .default_callbacks import default_blocklist_callback

if TYPE_CHECKING:
    from .jwt_manager import JWTManager

F = TypeVar("F", bound=Callable[..., Any])


def jwt_optional(fn: F) -> F:
    """Guard a view that may do without a token: 3.x for ``@jwt_required(optional=True)``."""
    return _guarded("@jwt_optional", "@jwt_required(optional=True)", fn, optional=True)


def fresh_jwt_required(fn: F) -> F:
    """Guard a view with a fresh token: 3.x for ``@jwt_required(fresh=True)``."""
    return _guarded("@fresh_jwt_required", "@jwt_required(fresh=True)", fn, fresh=True)


def jwt_refresh_token_required(fn: F) -> F:
    """Guard a view with a refresh token: 3.x for ``@jwt_required(refresh=True)``."""
    return _guarded("@jwt_refresh_token_required", "@jwt_required(refresh=True)", fn, refresh=True)


def verify_jwt_in_request_optional() -> None:
    """Check a token if there is one: 3.x for ``verify_jwt_in_request(optional=True)``."""
    _verify("verify_jwt_in_request_optional", optional=True)


def verify_fresh_jwt_in_request() -> None:
    """Check a fresh token: 3.x for ``verify_jwt_in_request(fresh=True)``."""
    _verify("verify_fresh_jwt_in_request", fresh=True)


def verify_jwt_refresh_token_in_request() -> None:
    """Check a refresh token: 3.x for ``verify_jwt_in_request(refresh=True)``."""
    _verify("verify_jwt_refresh_token_in_request", refresh=True)


def get_raw_jwt() -> dict[str, Any]:
    """Return the claims of the current token, ``{}`` without one: 3.x for ``get_jwt()``."""
    _warn("get_raw_jwt()", "get_jwt()")
    return _of_the_request("_jwt_extended_jwt")


def get_raw_jwt_header() -> dict[str, Any]:
    """Return the header of the current token: 3.x for ``get_jwt_header()``."""
    _warn("get_raw_jwt_header()", "get_jwt_header()")
    return _of_the_request("_jwt_extended_jwt_header")


def get_jwt_claims() -> dict[str, Any]:
    """Return what ``user_claims_loader`` put into the current token; ``{}`` without one."""
    _warn("get_jwt_claims()", "get_jwt()")
    claims = _of_the_request("_jwt_extended_jwt")
    user_claims: dict[str, Any] = _user_claims(claims) if claims else {}
    return user_claims


# Loaders: methods of JWTManager.


def user_claims_loader(self: "JWTManager", callback: F) -> F:
    """Set the claims of a user, nested under ``JWT_USER_CLAIMS``: 3.x."""
    _warn("user_claims_loader", "additional_claims_loader")
    self._legacy_user_claims = synchronous(callback)
    return callback


def user_loader_callback_loader(self: "JWTManager", callback: F) -> F:
    """Set how the user of an identity is found: 3.x for ``user_lookup_loader``."""
    _warn("user_loader_callback_loader", "user_lookup_loader")
    load = synchronous(callback)
    self._user_lookup_callback = lambda _, data: load(_identity(data))
    return callback


def user_loader_error_loader(self: "JWTManager", callback: F) -> F:
    """Set the answer for an unknown identity: 3.x for ``user_lookup_error_loader``."""
    _warn("user_loader_error_loader", "user_lookup_error_loader")
    answer = synchronous(callback)
    self._user_lookup_error_callback = lambda _, data: answer(_identity(data))
    return callback


def token_in_blacklist_loader(self: "JWTManager", callback: F) -> F:
    """Set how revoked tokens are known: 3.x for ``token_in_blocklist_loader``.

    Unlike 3.x, it is asked unless ``JWT_BLACKLIST_ENABLED`` is set to ``False``: whoever says how
    revoked tokens are known wants them refused.
    """
    _warn("token_in_blacklist_loader", "token_in_blocklist_loader")
    is_revoked = synchronous(callback)

    def check(_: dict[str, Any], data: dict[str, Any]) -> Any:
        options = current_app.config
        if not options.get("JWT_BLACKLIST_ENABLED", True):
            return False
        checked = options.get("JWT_BLACKLIST_TOKEN_CHECKS", ("access", "refresh"))
        return data["type"] in checked and is_revoked(data)

    self._token_in_blocklist_callback = check
    return callback


def claims_verification_loader(self: "JWTManager", callback: F) -> F:
    """Set the app's judgement of user claims: 3.x for ``token_verification_loader``."""
    _warn("claims_verification_loader", "token_verification_loader")
    verify = synchronous(callback)
    # Refresh tokens have no user claims to judge.
    self._token_verification_callback = lambda _, data: (
        data["type"] == "refresh" or verify(_user_claims(data))
    )
    return callback


def claims_verification_failed_loader(self: "JWTManager", callback: F) -> F:
    """Set the answer to refused claims: 3.x for ``token_verification_failed_loader``."""
    _warn("claims_verification_failed_loader", "token_verification_failed_loader")
    answer = synchronous(callback)
    self._token_verification_failed_callback = lambda _, __: answer()
    return callback


def of_contents(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Let a loader of 3.x, which took less, be called with header and claims."""
    taken = _positional(callback)
    if taken >= 2:
        return callback
    _warn(
        "a loader that takes less than two arguments",
        "header and claims as its arguments",
        stacklevel=4,
    )
    return (lambda _, data: callback(data)) if taken else (lambda _, __: callback())


def with_user_claims(
    manager: "JWTManager",
    token_type: str,
    identity: Any,
    claims: dict[str, Any] | None,
    given: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """Add what ``user_claims_loader`` says, or the caller, as 3.x did: in a dict of its own."""
    callback = manager._legacy_user_claims
    if callback is None and given is None:
        return claims
    options = current_app.config
    user_claims = given
    if given is not None:
        _warn("user_claims=", "additional_claims=", stacklevel=4)
    elif callback and (token_type == "access" or options.get("JWT_CLAIMS_IN_REFRESH_TOKEN")):  # noqa: S105
        user_claims = callback(identity)
    if not user_claims:
        return claims
    return {options.get("JWT_USER_CLAIMS", "user_claims"): user_claims, **(claims or {})}


def _guarded(old: str, new: str, fn: F, **asked: bool) -> F:
    from .view_decorators import jwt_required

    _warn(old, new, stacklevel=4)
    guarded: F = jwt_required(**asked)(fn)  # type: ignore[call-overload]
    return guarded


def _verify(old: str, **asked: bool) -> None:
    from .view_decorators import verify_jwt_in_request

    ((name, _),) = asked.items()
    _warn(f"{old}()", f"verify_jwt_in_request({name}=True)", stacklevel=4)
    verify_jwt_in_request(**asked)  # type: ignore[arg-type]


def check_options(app: Flask, stacklevel: int) -> None:
    """Say what became of the options of 3.x."""
    for name, new in OPTIONS.items():
        if name in app.config:
            _warn(name, new, stacklevel=stacklevel + 2)


def check_blacklist(app: Flask, manager: "JWTManager") -> None:
    """Refuse, as 3.x did, to look for revoked tokens where nobody knows them."""
    asked = app.config.get("JWT_BLACKLIST_ENABLED") and app.config["JWT_STORE"] is None
    if asked and manager._token_in_blocklist_callback is default_blocklist_callback:
        raise RuntimeError(
            "JWT_BLACKLIST_ENABLED is set and nobody knows what is revoked; register a "
            "token_in_blocklist_loader, or set JWT_STORE"
        )


#: The options of 3.x that have gone, and what to use instead.
OPTIONS = {
    "JWT_BLACKLIST_ENABLED": "token_in_blocklist_loader alone",
    "JWT_BLACKLIST_TOKEN_CHECKS": "token_in_blocklist_loader, which sees the token's type",
    "JWT_USER_CLAIMS": "additional_claims_loader",
    "JWT_CLAIMS_IN_REFRESH_TOKEN": "additional_claims_loader",
}


def _of_the_request(name: str) -> dict[str, Any]:
    contents: dict[str, Any] = (g.get(name, None) if has_app_context() else None) or {}
    return contents


def _user_claims(data: dict[str, Any]) -> Any:
    return data.get(current_app.config.get("JWT_USER_CLAIMS", "user_claims"), {})


def _identity(data: dict[str, Any]) -> Any:
    return data[current_app.config["JWT_IDENTITY_CLAIM"]]


def _positional(callback: Callable[..., Any]) -> int:
    """How many arguments a callback takes; 2 if it does not say."""
    try:
        parameters = signature(callback).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in parameters)


def _warn(old: str, new: str, stacklevel: int = 3) -> None:
    message = f"{old} is the 3.x name; use {new}"
    warn(message, DeprecationWarning, stacklevel=stacklevel)


__all__ = [
    "fresh_jwt_required",
    "get_jwt_claims",
    "get_raw_jwt",
    "get_raw_jwt_header",
    "jwt_optional",
    "jwt_refresh_token_required",
    "verify_fresh_jwt_in_request",
    "verify_jwt_in_request_optional",
    "verify_jwt_refresh_token_in_request",
]
