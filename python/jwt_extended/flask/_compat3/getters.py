"""The functions of 3.x that read the current token."""

from typing import Any

from flask import current_app, has_app_context

from .._found import HEADER, JWT, found
from .warn import warn_of


def get_raw_jwt() -> dict[str, Any]:
    """Return the claims of the current token, ``{}`` without one: 3.x for ``get_jwt()``."""
    warn_of("get_raw_jwt()", "get_jwt()")
    return raw_jwt()


def get_raw_jwt_header() -> dict[str, Any]:
    """Return the header of the current token: 3.x for ``get_jwt_header()``."""
    warn_of("get_raw_jwt_header()", "get_jwt_header()")
    return raw_jwt_header()


def get_jwt_claims() -> dict[str, Any]:
    """Return the claims of ``user_claims_loader`` in the current token; ``{}`` without one."""
    warn_of("get_jwt_claims()", "get_jwt()")
    return jwt_claims()


# The same without a warning, for apps that ask for version 3.


def raw_jwt() -> dict[str, Any]:
    """Return the claims of the current token, ``{}`` without one."""
    return _of_the_request(JWT)


def raw_jwt_header() -> dict[str, Any]:
    """Return the header of the current token, ``{}`` without one."""
    return _of_the_request(HEADER)


def jwt_claims() -> dict[str, Any]:
    """Return the claims of ``user_claims_loader`` in the current token; ``{}`` without one."""
    claims = raw_jwt()
    found: dict[str, Any] = user_claims_of(claims) if claims else {}
    return found


def user_claims_of(data: dict[str, Any]) -> Any:
    """Return the nested claims of ``user_claims_loader`` in a token's claims."""
    return data.get(user_claims_key(), {})


def user_claims_key() -> str:
    """Return the claim that holds what ``user_claims_loader`` returns."""
    key: str = current_app.config.get("JWT_USER_CLAIMS", "user_claims")
    return key


def _of_the_request(name: str) -> dict[str, Any]:
    contents: dict[str, Any] = (found(name) if has_app_context() else None) or {}
    return contents
