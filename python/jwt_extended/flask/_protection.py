"""Protects every view by default, and serves the public keys.

For ``JWT_PROTECT_BY_DEFAULT``, ``JWT_EXEMPT``, ``jwt_exempt`` and ``JWT_JWKS_URL``.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, request
from flask.views import MethodView

from .._common.options.exempt import Exempt, exempt

# The module rather than its function, so that tests can patch the function.
from . import view_decorators
from ._app import engine_of, this_app, this_request
from .view_decorators import SELF_GUARDED

V = TypeVar("V", bound=Callable[..., Any] | Blueprint)


def jwt_exempt(view: V) -> V:
    """Exempt a view, a view class or a whole blueprint from ``JWT_PROTECT_BY_DEFAULT``.

    ::

        @app.post("/login")
        @jwt_exempt
        def login(): ...

        jwt_exempt(app.view_functions["static"])
    """
    if not callable(view) and not isinstance(view, Blueprint):
        raise TypeError("jwt_exempt takes a view, a view class or a blueprint, not its name")
    setattr(view, SELF_GUARDED, True)
    return view


def serve_public_keys(app: Flask) -> None:
    """Add the view that ``JWT_JWKS_URL`` asks for."""
    if url := app.config["JWT_JWKS_URL"]:
        if not isinstance(url, str) or not url.startswith("/"):
            raise RuntimeError('JWT_JWKS_URL must be a path, such as "/.well-known/jwks.json"')
        app.add_url_rule(url, "jwt_extended_jwks", jwt_exempt(jwks))


def protect_by_default(app: Flask) -> None:
    """Guard every view if ``JWT_PROTECT_BY_DEFAULT`` is set, before anything else runs."""
    functions = app.before_request_funcs.setdefault(None, [])
    is_set_up = any(isinstance(function, _Protection) for function in functions)
    if app.config["JWT_PROTECT_BY_DEFAULT"] and not is_set_up:
        functions.insert(0, _Protection(exempt(app.config)))


def jwks() -> Response:
    """Return the public keys as a JWK Set (RFC 7517). It never contains shared secrets.

    Clients may keep it for ``JWT_JWKS_MAX_AGE``, and ask with ``If-None-Match`` whether it changed.
    """
    status, headers, body = engine_of(this_app()).jwk_set(this_request())
    return Response(body, status, headers)


class _Protection:
    """Guards the views of an app, before each request."""

    def __init__(self, listed: Exempt) -> None:
        self._listed = listed

    def __call__(self) -> None:
        if not self._is_listed() and not _is_exempt():
            view_decorators.verify_jwt_in_request()

    def _is_listed(self) -> bool:
        rule, endpoint = request.url_rule, request.endpoint
        if rule is None or endpoint is None:
            return False
        return self._listed.covers(rule.rule, [endpoint, *request.blueprints])


def _is_exempt() -> bool:
    """Return whether the request's view is exempt or has its own guard."""
    endpoint = request.endpoint
    if endpoint is None:
        # No view matches. The 404 reveals nothing.
        return True
    blueprints = (current_app.blueprints.get(name) for name in request.blueprints)
    view: Any = current_app.view_functions[endpoint]
    if any(map(_is_marked, (*blueprints, view))):
        return True
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return False
    # The mark of a class does not extend to its subclasses.
    return vars(view_class).get(SELF_GUARDED) is True or any(
        map(_is_marked, _called_parts(view_class, request.method.lower()))
    )


def _is_marked(part: Any) -> bool:
    # A bound method shows the attributes of its function. An instance would show those of all bases
    # of its class.
    part = getattr(part, "__func__", part)
    own = (getattr(part, "__dict__", {}), vars(type(part)))
    return any(attributes.get(SELF_GUARDED) is True for attributes in own)


def _called_parts(view_class: Any, method: str) -> Iterator[Any]:
    """Yield the parts of a view class that are certainly called for a request.

    A mark anywhere else may belong to a guard that never runs. So the methods of a class count only
    if the framework's own ``dispatch_request`` chooses among them.
    """
    dispatch = view_class.dispatch_request
    yield dispatch
    framework = _framework_of(dispatch)
    if framework is None:
        return
    handler = getattr(view_class, method, None)
    if handler is None and method == "head":
        handler = getattr(view_class, "get", None)
    yield handler
    if framework != "flask":
        decorators = view_class.method_decorators
        if isinstance(decorators, Mapping) and framework == "flask_restful":
            decorators = decorators.get(method, ())
        yield from decorators


def _framework_of(dispatch: Any) -> str | None:
    """Return the package that a ``dispatch_request`` comes from; ``None`` if it is the app's."""
    if dispatch is MethodView.dispatch_request:
        return "flask"
    for package in ("flask_restful", "flask_restx", "flask_restplus"):
        resource = getattr(sys.modules.get(package), "Resource", None)
        if resource is not None and dispatch is resource.dispatch_request:
            return package
    return None
