"""Calls async callbacks from synchronous code, the way Flask runs its async views."""

from collections.abc import Callable
from typing import Any

from flask import current_app

from .._common.awaiting import awaited


def synchronous(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback so that an awaitable it returns is awaited."""
    return awaited(callback, lambda wait: current_app.ensure_sync(wait))
