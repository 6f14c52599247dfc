"""Protecting every view unless it is exempt, and the view that publishes keys."""

from collections.abc import Callable, Mapping
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
    if not callable(view) and not isinstance(view, Blueprint):
        raise TypeError("jwt_exempt wants a view, a view class or a blueprint, and not its name")
    setattr(view, SEES_TO_ITSELF, True)
    return view


def install_views(app: Flask) -> None:
    """Install what ``JWT_JWKS_URL`` asks for."""
    if url := app.config["JWT_JWKS_URL"]:
        if not isinstance(url, str) or not url.startswith("/"):
            raise RuntimeError('JWT_JWKS_URL must be a path, such as "/.well-known/jwks.json"')
        app.add_url_rule(url, "jwt_extended_jwks", jwt_exempt(jwks))


def protect_by_default(app: Flask) -> None:
    """Guard every view, before all else that an app does before a view, if that is asked for."""
    functions = app.before_request_funcs.setdefault(None, [])
    if app.config["JWT_PROTECT_BY_DEFAULT"] and _protect not in functions:
        functions.insert(0, _protect)


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
    blueprints = (current_app.blueprints.get(name) for name in request.blueprints)
    view: Any = current_app.view_functions[endpoint]
    if any(map(_is_marked, (*blueprints, view))):
        return True
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return False
    method = request.method.lower()
    handler = getattr(view_class, method, None)
    if handler is None and method == "head":
        handler = getattr(view_class, "get", None)
    parts = (handler, view_class.dispatch_request, *_method_decorators(view_class, method))
    # A class that is exempt does not open those that are derived from it.
    return vars(view_class).get(SEES_TO_ITSELF) is True or any(map(_is_marked, parts))


def _is_marked(part: Any) -> bool:
    return getattr(part, SEES_TO_ITSELF, False) is True


def _method_decorators(view_class: Any, method: str) -> Any:
    """Return what Flask-RESTful and Flask-RESTX put around a method."""
    decorators = getattr(view_class, "method_decorators", ())
    return decorators.get(method, ()) if isinstance(decorators, Mapping) else decorators
