"""Answers rejections before Flask-RESTful and Flask-RESTX do.

These extensions replace the app's ``handle_user_exception``. They do not know the exceptions of
this package, and would answer them with 500.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from ._app import replaced, this_app
from ._errors import HANDLED


def answer_first(app: Flask) -> None:
    """Put the app's own error handlers in front of those of its REST extensions.

    Must run after all extensions are set up, because the last one to replace the handler wins.
    """
    others = replaced(app, "handle_user_exception")
    if others is not None and not isinstance(others, _FirstErrorHandler):
        app.handle_user_exception = _FirstErrorHandler(  # type: ignore[method-assign,assignment]
            others
        )


class _FirstErrorHandler:
    """Replaces an app's ``handle_user_exception``. It does not refer to the app."""

    def __init__(self, others: Callable[..., Any]) -> None:
        self._others = others

    def __call__(self, *arguments: Any) -> Any:
        error = arguments[-1]
        if isinstance(error, HANDLED) and not _handled_by_rest_api(self._others, error):
            app = this_app()
            return type(app).handle_user_exception(app, *arguments)
        return self._others(*arguments)


def _handled_by_rest_api(handler: Any, error: Exception) -> bool:
    """Return whether the API of the current view has its own handler for an exception.

    Each extension wraps the previous handler in a ``partial`` of an API's method.
    """
    while isinstance(handler, partial):
        api = getattr(handler.func, "__self__", None)
        if api is not None and api._has_fr_route():
            return _api_has_handler(api, error)
        handler = handler.args[0] if handler.args else None
    return False


def _api_has_handler(api: Any, error: Exception) -> bool:
    by_name = getattr(api, "errors", None) or {}
    by_class = getattr(api, "_own_and_child_error_handlers", None) or {}
    defined_in = type(api).handle_error.__module__.partition(".")[0]
    return (
        type(error).__name__ in by_name
        or isinstance(error, tuple(by_class))
        or getattr(api, "_default_error_handler", None) is not None
        # A subclass of the app's own overrides `handle_error`.
        or defined_in not in ("flask_restful", "flask_restx")
    )
