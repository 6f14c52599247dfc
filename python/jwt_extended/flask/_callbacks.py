"""Callbacks that have to be waited for, called where nobody waits."""

from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import Any

from flask import current_app


def synchronous(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callback that is waited for, if it has to be: a coroutine would count as a yes."""

    @wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = callback(*args, **kwargs)
        return _waited_for(result) if hasattr(type(result), "__await__") else result

    # `wraps` lets it pass for what it no longer is.
    call.__dict__.pop("_is_coroutine_mark", None)
    return call


def _waited_for(result: Any) -> Any:
    """Wait as Flask waits for its async views; also inside of one, where a loop runs already."""

    async def wait() -> Any:
        return await result

    run = current_app.ensure_sync(wait)
    try:
        get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1) as another_thread:
        return another_thread.submit(copy_context().run, run).result()
