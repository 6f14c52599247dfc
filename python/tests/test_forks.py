"""Faults that only show after a fork.

A forked process must be able to use what it inherited, and must not repeat its parent's random
numbers.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from select import select
from threading import Event
from time import monotonic
from typing import Any

import pytest
from bare_apps import ONE, OTHER, ask, bearer, both_families, key_pair, make_app, token_of
from flask import Flask

from jwt_extended.flask import (
    decode_token,
)

#: After how many seconds a forked process counts as deadlocked.
PATIENCE = 60.0
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@forks
@both_families
def test_processes_forked_after_first_use_share_no_randomness(algorithm: str) -> None:
    app = make_app(algorithm=algorithm)
    assert_family_is_well(lambda: app, [token_of(app) for _ in range(20)])


@forks
@both_families
def test_processes_forked_before_first_use_share_no_randomness(algorithm: str) -> None:
    work = f"import {__name__} as it; it.fork_before_first_use({algorithm!r})"
    python = [sys.executable, "-W", "error", "-c", work]
    subprocess.run(python, cwd=Path(__file__).parent, check=True, timeout=3 * PATIENCE)


@forks
@both_families
@pytest.mark.usefixtures("restless_threads")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_forked_while_threads_are_busy_does_not_hang(algorithm: str) -> None:
    app, other = make_app(ONE, algorithm), make_app(OTHER, algorithm)
    # A fork during an import can make Python hang, and Flask's first request imports modules.
    assert ask(app, bearer(token_of(other)))[0] == 422
    done = Event()

    def keep_busy(_thread: int) -> None:
        while not done.is_set():
            token = token_of(app)
            assert ask(app, bearer(token))[0] == 200
            assert ask(other, bearer(token))[0] == 422

    with ThreadPoolExecutor(4) as pool:
        busy = pool.map(keep_busy, range(4))
        try:
            for _ in range(10):
                assert_family_is_well(lambda: app, [token_of(app)], children=2)
        finally:
            done.set()
        list(busy)


def fork_before_first_use(algorithm: str) -> None:
    """Fork in an interpreter that has imported the package but not used it."""
    key_pair(ONE)  # the same for all processes
    assert_family_is_well(lambda: make_app(algorithm=algorithm), [])


def assert_family_is_well(app: Callable[[], Flask], earlier: list[str], children: int = 4) -> None:
    """Create tokens in forked processes and in this one: all must be valid and different."""

    def make() -> list[str]:
        mine = app()
        assert all(ask(mine, bearer(token)) == (200, "alice") for token in earlier)
        assert ask(mine, bearer("not.a.token"))[0] == 422
        return [token_of(mine) for _ in range(50)]

    forked = [fork(make) for _ in range(children)]
    tokens = earlier + make()
    for result in [result_of(*each) for each in forked]:
        assert isinstance(result, list), result
        tokens += result
    with app().app_context():
        claims = [decode_token(token) for token in tokens]
    assert len({each["jti"] for each in claims}) == len(tokens)
    assert len({each["csrf"] for each in claims}) == len(tokens)
    # The first half of an ES256 signature is made from its nonce. A repeated nonce reveals the key.
    assert len({token.rpartition(".")[2][:42] for token in tokens}) == len(tokens)


def fork(work: Callable[[], list[str]]) -> tuple[int, int]:
    """Run a function in a forked process. Return its process id and the pipe of its result."""
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        return process, reader
    try:
        with os.fdopen(writer, "w") as pipe:
            try:
                result: Any = work()
            except BaseException:
                result = traceback.format_exc()
            json.dump(result, pipe)
    finally:
        os._exit(0)  # skip the cleanup of the test run


def result_of(process: int, pipe: int) -> Any:
    """Return the result of a forked process; a string if it failed."""
    said, part, deadline = b"", b"anything", monotonic() + PATIENCE
    while part and select([pipe], [], [], max(0.0, deadline - monotonic()))[0]:
        said += (part := os.read(pipe, 1 << 16))
    os.close(pipe)
    if part:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return "a forked process hangs" if part else json.loads(said)
