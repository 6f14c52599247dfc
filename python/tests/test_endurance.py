"""What shows only after many requests, in many threads, or after a fork.

Memory must not grow, threads must get the answers that one alone would get, and a forked process
must be able to go on with what it inherited without repeating its parent's randomness.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import cycle, repeat
from pathlib import Path
from select import select
from threading import Barrier, Event
from time import monotonic
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.config import Config
from jwt.exceptions import InvalidSignatureError, InvalidTokenError
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    decode_token,
    get_jwt_identity,
    jwt_required,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import JWTExtendedException
from werkzeug.test import EnvironBuilder, run_wsgi_app

THREADS = 8
ONE, OTHER = "one secret of at least thirty-two bytes", "another secret, and just as long as it"

#: What the process may grow by during a whole test. One leaked byte for each of a million requests
#: is about as much; the allocator's own unrest stays well below.
MARGIN = 1 << 20
#: By how many blocks and objects of Python's. A leak has as many as there were requests.
FEW = 100

#: How long a forked process may take, in seconds, before it counts as deadlocked.
PATIENCE = 20.0

on_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


# Memory.


@on_linux
def test_a_million_guarded_requests_leave_nothing_in_memory() -> None:
    app = make_app()
    with app.test_request_context(headers=bearer(token_of(app))):
        assert_steady(verify_jwt_in_request, 1_000_000)


@on_linux
def test_fifty_thousand_requests_through_the_whole_app_leave_nothing_in_memory() -> None:
    app = make_app()
    token = token_of(app)
    cookie = {"Cookie": f"access_token_cookie={token}"}
    good = cycle([environ(bearer(token)), environ(cookie)])
    assert_steady(lambda: expect(200, app, next(good)), 50_000)


@on_linux
@pytest.mark.parametrize("kind", ["forged", "expired", "missing", "malformed"])
def test_refused_requests_leave_nothing_in_memory(kind: str) -> None:
    app = make_app()
    headers = {
        "forged": bearer(token_of(make_app(OTHER))),
        "expired": bearer(token_of(app, expires_delta=timedelta(seconds=-1))),
        "missing": {},
        "malformed": bearer("not.a.token"),
    }[kind]

    def refused() -> None:
        try:
            verify_jwt_in_request()
        except (JWTExtendedException, InvalidTokenError):
            return
        raise AssertionError("it was not refused")

    with app.test_request_context(headers=headers):
        assert_steady(refused, 30_000)
    request, status = environ(headers), 401 if kind in ("expired", "missing") else 422
    assert_steady(lambda: expect(status, app, request), 5_000)


@on_linux
def test_a_key_loader_with_more_keys_than_are_kept_leaves_nothing_in_memory() -> None:
    app = make_app()
    manager: JWTManager = app.extensions["flask-jwt-extended"]
    manager.encode_key_loader(lambda identity: f"{ONE} of {identity}")
    manager.decode_key_loader(lambda _header, claims: f"{ONE} of {claims['sub']}")
    requests = cycle([environ(bearer(token_of(app, f"tenant {n}"))) for n in range(1_000)])
    assert_steady(lambda: expect(200, app, next(requests)), 20_000)


@on_linux
def test_options_that_keep_changing_leave_nothing_in_memory() -> None:
    app = make_app()
    secrets = cycle([f"{ONE}, number {n}" for n in range(1_000)])

    def change() -> None:
        app.config["JWT_SECRET_KEY"] = next(secrets)
        create_access_token("alice")

    with app.app_context():
        assert_steady(change, 10_000)


@on_linux
@pytest.mark.parametrize(("algorithm", "times"), [("HS256", 100_000), ("ES256", 10_000)])
def test_new_tokens_leave_nothing_in_memory(algorithm: str, times: int) -> None:
    with make_app(algorithm=algorithm).app_context():
        assert_steady(lambda: create_access_token("alice"), times)
        assert_steady(lambda: decode_token(create_access_token("alice")), times // 10)


# Threads.


@pytest.mark.usefixtures("restless_threads")
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_threads_that_share_two_apps_get_the_answers_that_one_alone_would_get(
    algorithm: str,
) -> None:
    here, there = make_app(ONE, algorithm), make_app(OTHER, algorithm)

    def work(thread: int) -> None:
        for turn in range(60):
            app, other = (here, there) if (thread + turn) % 2 else (there, here)
            name = f"{thread}.{turn}"
            token = token_of(app, name)
            assert answer(app, bearer(token)) == (200, name)
            assert answer(other, bearer(token))[0] == 422
            stale = token_of(app, name, expires_delta=timedelta(seconds=-1))
            assert answer(app, bearer(stale))[0] == 401
            assert answer(app)[0] == 401
            with app.app_context():
                assert decode_token(token)["sub"] == name

    in_threads(work)


@pytest.mark.usefixtures("restless_threads")
def test_a_key_that_is_changed_under_way_counts_from_then_on() -> None:
    app = make_app()
    tokens = {secret: token_of(make_app(secret)) for secret in (ONE, OTHER)}
    done = Event()
    # The key as it is, in a tuple of its own for each change; None while it is being changed.
    now: list[tuple[str] | None] = [(ONE,)]

    def change() -> None:
        secrets = cycle([OTHER, ONE])
        while not done.is_set():
            secret = next(secrets)
            now[0] = None
            app.config["JWT_SECRET_KEY"] = secret
            now[0] = (secret,)

    def ask(_thread: int) -> None:
        for _ in range(150):
            for secret, token in tokens.items():
                before = now[0]
                status, _ = answer(app, bearer(token))
                after = now[0]
                assert status in (200, 422)
                if before is not None and before is after:
                    assert status == (200 if before == (secret,) else 422)

    with ThreadPoolExecutor(1) as changer:
        changing = changer.submit(change)
        try:
            in_threads(ask)
        finally:
            done.set()
        changing.result()
    for secret, token in tokens.items():
        assert answer(app, bearer(token))[0] == (200 if now[0] == (secret,) else 422)


def test_a_key_that_is_set_and_taken_back_while_options_are_read_does_not_stay() -> None:
    class Meanwhile(Config):
        """Plays the thread that does so."""

        plays = False

        def __getitem__(self, name: str) -> Any:
            if not self.plays or name != "JWT_SECRET_KEY":
                return super().__getitem__(name)
            self[name] = OTHER
            other = super().__getitem__(name)
            self[name] = ONE
            return other

    class App(Flask):
        config_class = Meanwhile

    app = make_app(of=App)
    good, forged = token_of(app), token_of(make_app(OTHER))
    app.config["JWT_REALM"] = "so that the options are read again"
    app.config.plays = True  # type: ignore[attr-defined]
    answer(app, bearer(good))
    app.config.plays = False  # type: ignore[attr-defined]
    assert answer(app, bearer(forged))[0] == 422
    assert answer(app, bearer(good))[0] == 200


# Forks.


@forks
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_processes_forked_after_first_use_share_keys_and_no_randomness(algorithm: str) -> None:
    app = make_app(algorithm=algorithm)
    earlier = [token_of(app) for _ in range(20)]
    check_family(lambda: app, earlier)


@forks
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_processes_forked_right_after_import_share_no_randomness(algorithm: str) -> None:
    program = f"import {__name__} as it; it.fork_before_first_use({algorithm!r})"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=Path(__file__).parent,
        check=True,
        timeout=3 * PATIENCE,
    )


@forks
@pytest.mark.usefixtures("restless_threads")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_a_process_forked_while_threads_are_busy_does_not_hang(algorithm: str) -> None:
    app, other = make_app(ONE, algorithm), make_app(OTHER, algorithm)
    done = Event()

    def keep_busy(_thread: int) -> None:
        while not done.is_set():
            token = token_of(app)
            assert answer(app, bearer(token))[0] == 200
            assert answer(other, bearer(token))[0] == 422

    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(keep_busy, thread) for thread in range(4)]
        try:
            for _ in range(10):
                check_family(lambda: app, [token_of(app)], children=2)
        finally:
            done.set()
        for one in busy:
            one.result()


def fork_before_first_use(algorithm: str) -> None:
    """Run in an interpreter that has only imported the package."""
    key_pair(ONE)  # ours alone: the package has no part in it
    check_family(lambda: make_app(algorithm=algorithm), [])


def check_family(app: Callable[[], Flask], earlier: list[str], children: int = 4) -> None:
    """Let parent and children make tokens at once, which all are good and share no randomness."""

    def make() -> list[str]:
        mine = app()
        for token in earlier:
            assert answer(mine, bearer(token)) == (200, "alice")
        assert answer(mine, bearer("not.a.token"))[0] == 422
        return [token_of(mine) for _ in range(50)]

    forked = [fork(make) for _ in range(children)]
    tokens = earlier + make()
    for process, pipe in forked:
        tokens += answer_of(process, pipe)
    with app().app_context():
        claims = [decode_token(token) for token in tokens]
    assert len({one["jti"] for one in claims}) == len(tokens)
    assert len({one["csrf"] for one in claims}) == len(tokens)
    # The first half of an ES256 signature is made from its nonce: two that are equal give away the
    # private key.
    signatures = {token.rpartition(".")[2][:42] for token in tokens}
    assert len(signatures) == len(tokens)


# What the tests are written with.


def make_app(secret: str = ONE, algorithm: str = "HS256", of: type[Flask] = Flask) -> Flask:
    app = of(__name__)
    app.testing = True  # so that an exception that is not an answer ends the test
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_ALGORITHM"] = algorithm
    if algorithm == "HS256":
        app.config["JWT_SECRET_KEY"] = secret
    else:
        app.config["JWT_PRIVATE_KEY"], app.config["JWT_PUBLIC_KEY"] = key_pair(secret)
    JWTManager(app)

    @app.get("/")
    @jwt_required()
    def guarded() -> str:
        name: str = get_jwt_identity()
        return name

    return app


@cache
def key_pair(_name: str) -> tuple[str, str]:
    key, form = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    private = key.private_bytes(
        form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def token_of(app: Flask, identity: str = "alice", **options: Any) -> str:
    with app.app_context():
        return create_access_token(identity, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def environ(headers: dict[str, str]) -> dict[str, Any]:
    return EnvironBuilder("/", headers=headers).get_environ()


def answer(app: Flask, headers: dict[str, str] | None = None) -> tuple[int, str]:
    body, status, _ = run_wsgi_app(app.wsgi_app, environ(headers or {}), buffered=True)
    return int(status[:3]), b"".join(body).decode()


def expect(expected: int, app: Flask, request: dict[str, Any]) -> None:
    def start_response(status: str, _headers: Any, _error: Any = None) -> Any:
        assert int(status[:3]) == expected

    app.wsgi_app(request.copy(), start_response)


def assert_steady(work: Callable[[], Any], times: int) -> None:
    """Do something so many times, after a warm-up, and see that nothing is left of it."""

    def run(times: int) -> tuple[int, int, int]:
        for _ in repeat(None, times):
            work()
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), sys.getallocatedblocks(), len(gc.get_objects())

    before = run(max(times // 10, 2_000))
    after = run(times)
    grown = [there - here for here, there in zip(before, after, strict=True)]
    assert grown[0] < MARGIN, f"{grown[0]} bytes after {times} times"
    assert max(grown[1:]) < FEW, f"{grown[1]} blocks, {grown[2]} objects after {times} times"


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let Python go from thread to thread every 10 microseconds rather than every 5,000."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def in_threads(work: Callable[[int], None]) -> None:
    start = Barrier(THREADS)

    def run(thread: int) -> None:
        start.wait()
        work(thread)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))


def fork(work: Callable[[], list[str]]) -> tuple[int, int]:
    """Do something in a forked process, and return its number and where it will say the result."""
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        return process, reader
    try:
        result: Any = work()
    except BaseException:
        result = traceback.format_exc()
    try:
        with os.fdopen(writer, "w") as pipe:
            json.dump(result, pipe)
    finally:
        os._exit(0)  # without what the tests do at their end


def answer_of(process: int, reader: int) -> list[str]:
    text, deadline = b"", monotonic() + PATIENCE
    try:
        while select([reader], [], [], max(0.0, deadline - monotonic()))[0]:
            part = os.read(reader, 1 << 16)
            if not part:
                break
            text += part
        else:
            os.kill(process, signal.SIGKILL)
            raise AssertionError("a forked process hangs")
    finally:
        os.close(reader)
        os.waitpid(process, 0)
    result = json.loads(text)
    assert isinstance(result, list), result
    return result
