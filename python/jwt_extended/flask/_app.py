"""The current app, its engine, and work that waits for its first request."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Request, current_app, request
from flask.ctx import AppContext
from flask.globals import app_ctx
from werkzeug.local import LocalProxy

from .._core import Compiled, Engine

#: The key of an app's :class:`~jwt_extended.flask.JWTManager` in ``app.extensions``: upstream's.
MANAGER = "flask-jwt-extended"
#: The key of an app's engine in ``app.extensions``.
ENGINE = "jwt-extended"
#: The key of the line of code that connected an app with its manager, in ``app.extensions``.
_LINE = "jwt-extended-line"

NO_MANAGER = "You must initialize a JWTManager with this flask application before using this method"


# Flask's proxies look the object up for every attribute, so hot code asks for it once.

#: Returns the current app itself rather than its proxy.
this_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
#: Returns the current app context itself rather than its proxy. Its ``g`` is Flask's ``g``.
this_context: Callable[[], AppContext] = app_ctx._get_current_object  # type: ignore[attr-defined]
#: Returns the current request itself rather than its proxy.
this_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


def engine_of(app: Flask) -> Compiled:
    """Return an app's engine, with the app's options as they are now.

    :raises RuntimeError: if the app has no manager.
    """
    try:
        engine: Engine = app.extensions[ENGINE]
    except KeyError:
        raise RuntimeError(NO_MANAGER) from None
    return engine.at(app.config)


def engine_and_app() -> tuple[Compiled, Flask]:
    """Return the current app's engine, and the app.

    :raises RuntimeError: if the app has no manager.
    """
    app = this_app()
    return engine_of(app), app


def remember_line(app: Flask, stacklevel: int) -> None:
    """Remember the line that connects an app, for warnings that come later.

    :param stacklevel: that of :func:`warnings.warn`, called in place of this function.
    """
    frame = sys._getframe(stacklevel)
    module = frame.f_globals.get("__name__", "__main__")
    app.extensions[_LINE] = (module, frame.f_code.co_filename, frame.f_lineno)


def connected_at(app: Flask) -> tuple[str, str, int]:
    """Return the module, the file and the line that connected an app with its manager."""
    line: tuple[str, str, int] = app.extensions[_LINE]
    return line


def real_app(app: Any) -> Any:
    """Return the app behind a proxy such as ``current_app``; anything else as it is."""
    while isinstance(app, LocalProxy):
        app = app._get_current_object()
    return app


def replaced(app: Flask, method: str) -> Callable[..., Any] | None:
    """Return what replaces a method on this one app; ``None`` if the app has that of its class.

    Keep this rather than the bound method: an app that refers to itself stays in memory until the
    garbage collector runs.
    """
    found: Callable[..., Any] | None = vars(app).get(method)
    usual = getattr(found, "__func__", None) is getattr(type(app), method)
    return None if usual else found


def before_first_request(app: Flask, steps: Sequence[Callable[[Flask], None]]) -> None:
    """Run some steps when the first request comes, each with the app.

    By then the app has all its options, extensions and views.
    """
    usual = replaced(app, "full_dispatch_request")

    def first(*arguments: Any) -> Any:
        app = this_app()
        for step in steps:
            step(app)
        own = vars(app)
        # Only once, unless something else has wrapped this function meanwhile.
        if own.get("full_dispatch_request") is first:
            if usual is None:
                # Another thread may have done so.
                own.pop("full_dispatch_request", None)
            else:
                own["full_dispatch_request"] = usual
        if usual is None:
            return type(app).full_dispatch_request(app, *arguments)
        return usual(*arguments)

    app.full_dispatch_request = first  # type: ignore[method-assign]
