"""Protecting every view unless it is exempt, and the view that publishes keys."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, request

from .internal_utils import ENGINE

#: What `jwt_required` and `jwt_exempt` leave on a view: that it sees to itself.
SEES_TO_ITSELF = "_jwt_extended_sees_to_itself"

V = TypeVar("V", bound=Callable[..., Any] | Blueprint)


def jwt_exempt(view: V) -> V:
    """Leave a view, a view class or a whole blueprint open under ``JWT_PROTECT_BY_DEFAULT``.

    ::

        @app.post("/login")
        @jwt_exempt
        def login(): ...

        jwt_exempt(app.view_functions["static"])
    """
    setattr(view, SEES_TO_ITSELF, True)
    return view


def install_views(app: Flask) -> None:
    """Install what ``JWT_PROTECT_BY_DEFAULT`` and ``JWT_JWKS_URL`` ask for."""
    if app.config["JWT_PROTECT_BY_DEFAULT"]:
        app.before_request(_protect)
    if url := app.config["JWT_JWKS_URL"]:
        if not isinstance(url, str) or not url.startswith("/"):
            raise RuntimeError('JWT_JWKS_URL must be a path, such as "/.well-known/jwks.json"')
        app.add_url_rule(url, "jwt_extended_jwks", jwt_exempt(jwks))


def jwks() -> Response:
    """Answer the public keys as a JWK Set (RFC 7517). Shared secrets are never in it."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    answer = Response(
        app.extensions[ENGINE].jwk_set(app.config), mimetype="application/jwk-set+json"
    )
    answer.cache_control.public = True
    answer.cache_control.max_age = 300
    return answer


def _protect() -> None:
    from .view_decorators import verify_jwt_in_request

    if not _sees_to_itself():
        verify_jwt_in_request()


def _sees_to_itself() -> bool:
    endpoint = request.endpoint
    if endpoint is None:
        # There is no such page, and saying so gives nothing away.
        return True
    if any(
        getattr(current_app.blueprints[name], SEES_TO_ITSELF, False) for name in request.blueprints
    ):
        return True
    view: Any = current_app.view_functions[endpoint]
    if getattr(view, SEES_TO_ITSELF, False):
        return True
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return False
    method = request.method.lower()
    handler = getattr(view_class, method, None)
    if handler is None and method == "head":
        handler = getattr(view_class, "get", None)
    return any(getattr(part, SEES_TO_ITSELF, False) for part in (view_class, handler))
