"""Fixtures that several files use."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import flask_jwt_extended as upstream
import pytest
from rotations import Clock
from store_servers import Postgres, Redis, redis_in

import jwt_extended.flask as ours


@pytest.fixture(params=[ours, upstream], ids=["ours", "upstream"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    """This package and upstream's, for tests that hold for both."""
    return request.param


@pytest.fixture(autouse=True)
def logging_on() -> None:
    """Undo what an earlier test disabled: apps of the same name share a logger."""
    logging.getLogger("an_app").disabled = False


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let Python switch threads every 10 microseconds rather than every 5,000."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test can advance."""
    return Clock(monkeypatch)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis for all tests that do not stop or freeze it."""
    with redis_in(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis", "postgres", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The value of `JWT_STORE` for each kind of store, which is empty."""
    match request.param:
        case "memory":
            return "memory"
        case "sqlite":
            return f"sqlite:{tmp_path}/sessions.db"
        case name:
            where: str = request.getfixturevalue(name).url()
            return where
