"""Fixtures of several files."""

import sys
from collections.abc import Iterator
from types import ModuleType

import flask_jwt_extended as upstream
import pytest

import jwt_extended.flask as ours


@pytest.fixture(params=[ours, upstream], ids=["ours", "upstream"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    """Each of the two packages, of which something is true alike."""
    return request.param


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let Python go from thread to thread every 10 microseconds rather than every 5,000."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)
