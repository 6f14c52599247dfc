"""Fixtures for pytest, which finds them where this package is installed.

pytest imports this file at every start. So it imports neither Flask nor the helpers before a test
asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from .flask.testing import JWTClient


@pytest.fixture
def jwt_client(app: Flask) -> JWTClient:
    """Return a client that logs in, for the app of your fixture ``app``."""
    from .flask.testing import jwt_client

    return jwt_client(app)


@pytest.fixture
def jwt_travel() -> Iterator[Callable[..., None]]:
    """Move the clock until the end of the test: ``jwt_travel(minutes=20)``."""
    from .flask.testing import travel

    with ExitStack() as moved:

        def move(
            *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
        ) -> None:
            moved.enter_context(travel(days=days, hours=hours, minutes=minutes, seconds=seconds))

        yield move
