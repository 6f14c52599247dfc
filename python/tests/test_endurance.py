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
from datetime import timedelta
from functools import cache
from itertools import cycle, repeat
from pathlib import Path
from select import select
from threading import Event
from time import monotonic
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    decode_token,
    get_jwt_identity,
    jwt_required,
    verify_jwt_in_request,
)

ONE, OTHER = "one secret of at least thirty-two bytes", "another secret, and just as long as it"

#: By how many bytes memory may grow after the warm-up: what allocator and caches do comes to less
#: than half of it, and one byte for each of a million requests to as much.
BYTES = 1 << 20
#: By how many of Python's blocks and objects: those it keeps for later come to less than half.
BLOCKS = 500
#: After how many seconds a forked process counts as deadlocked.
PATIENCE = 20.0

in_memory = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
both_families = pytest.mark.parametrize("algorithm", ["HS256", "ES256"])


@in_memory
def test_a_million_guarded_requests_leave_nothing_in_memory() -> None:
    app = make_app()
    with app.test_request_context(environ_base=bearer(token_of(app))):
        assert_steady(verify_jwt_in_request, 1_000_000)


@in_memory
def test_fifty_thousand_requests_to_the_whole_app_leave_nothing_in_memory() -> None:
    app = make_app()
    token = token_of(app)
    both = cycle([bearer(token), {"HTTP_COOKIE": f"access_token_cookie={token}"}])
    assert_steady(lambda: expect(200, app, next(both)), 50_000)


@in_memory
@pytest.mark.parametrize("kind", ["forged", "expired", "missing", "malformed"])
def test_refused_requests_leave_nothing_in_memory(kind: str) -> None:
    app = make_app()
    status, fields = {
        "forged": (422, bearer(token_of(make_app(OTHER)))),
        "expired": (401, bearer(token_of(app, expires_delta=timedelta(seconds=-1)))),
        "missing": (401, {}),
        "malformed": (422, bearer("not.a.token")),
    }[kind]
    assert_steady(lambda: expect(status, app, fields), 10_000)


@in_memory
def test_a_key_loader_with_more_keys_than_are_kept_leaves_nothing_in_memory() -> None:
    app = make_app()
    manager = app.extensions["flask-jwt-extended"]
    manager.encode_key_loader(lambda tenant: f"{ONE}, for {tenant}")
    manager.decode_key_loader(lambda _header, claims: f"{ONE}, for {claims['sub']}")
    tokens = cycle([token_of(app, f"tenant {n}") for n in range(1_000)])
    assert_steady(lambda: expect(200, app, bearer(next(tokens))), 20_000)


@in_memory
def test_an_option_that_keeps_changing_leaves_nothing_in_memory() -> None:
    app = make_app()
    secrets = cycle([f"{ONE}, number {n}" for n in range(1_000)])

    def change() -> None:
        app.config["JWT_SECRET_KEY"] = next(secrets)
        create_access_token("alice")

    with app.app_context():
        assert_steady(change, 10_000)


@in_memory
@pytest.mark.parametrize(("algorithm", "times"), [("HS256", 100_000), ("ES256", 10_000)])
def test_tokens_made_and_decoded_leave_nothing_in_memory(algorithm: str, times: int) -> None:
    with make_app(algorithm=algorithm).app_context():
        assert_steady(lambda: decode_token(create_access_token("alice")), times)


@both_families
@pytest.mark.usefixtures("restless_threads")
def test_eight_threads_get_the_answers_that_one_alone_would_get(algorithm: str) -> None:
    apps = make_app(ONE, algorithm), make_app(OTHER, algorithm)

    def work(thread: int) -> None:
        for turn in range(60):
            app, other = apps if (thread + turn) % 2 else reversed(apps)
            token = token_of(app, f"{thread}.{turn}")
            assert ask(app, bearer(token)) == (200, f"{thread}.{turn}")
            assert ask(other, bearer(token))[0] == 422
            assert ask(app, bearer(token_of(app, expires_delta=timedelta(seconds=-1))))[0] == 401
            assert ask(app, {})[0] == 401
            with app.app_context():
                assert decode_token(token)["sub"] == f"{thread}.{turn}"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


@pytest.mark.usefixtures("restless_threads")
def test_a_key_that_is_changed_under_way_counts_from_then_on() -> None:
    app = make_app()
    tokens = {secret: token_of(make_app(secret)) for secret in (ONE, OTHER)}
    # The key as it is, in a tuple of its own for each change; empty while it is being changed.
    now: tuple[str, ...] = (ONE,)
    done = Event()

    def change() -> None:
        nonlocal now
        secrets = cycle([OTHER, ONE])
        while not done.is_set():
            changed = (next(secrets),)
            now = ()
            app.config["JWT_SECRET_KEY"] = changed[0]
            now = changed

    def work(_thread: int) -> None:
        for _ in range(150):
            for secret, token in tokens.items():
                before = now
                status, _ = ask(app, bearer(token))
                if before and now is before:
                    assert status == (200 if before == (secret,) else 422)
                assert status in (200, 422)

    with ThreadPoolExecutor(9) as pool:
        changing = pool.submit(change)
        try:
            list(pool.map(work, range(8)))
        finally:
            done.set()
        changing.result()
    for secret, token in tokens.items():
        assert ask(app, bearer(token))[0] == (200 if now == (secret,) else 422)


def test_a_key_that_is_set_and_taken_back_while_options_are_read_does_not_stay() -> None:
    app = make_app()
    good, forged = token_of(app), token_of(make_app(OTHER))

    # The thread that does so is played by the options that are read before the key and after it.
    class Before(tuple[str, ...]):
        def __iter__(self) -> Iterator[str]:
            app.config["JWT_SECRET_KEY"] = OTHER
            return super().__iter__()

    class After(str):
        def partition(self, separator: str) -> tuple[str, str, str]:
            app.config["JWT_SECRET_KEY"] = ONE
            return super().partition(separator)

    app.config.update(JWT_TOLERATE=Before(), JWT_STORE=After("memory"))
    assert ask(app, {})[0] == 401
    assert app.config["JWT_SECRET_KEY"] == ONE
    assert ask(app, bearer(forged))[0] == 422
    assert ask(app, bearer(good))[0] == 200


@forks
@both_families
def test_processes_forked_after_first_use_share_keys_but_no_randomness(algorithm: str) -> None:
    app = make_app(algorithm=algorithm)
    assert_family_is_well(lambda: app, [token_of(app) for _ in range(20)])


@forks
@both_families
def test_processes_forked_between_import_and_first_use_share_no_randomness(algorithm: str) -> None:
    work = f"import {__name__} as it; it.fork_before_first_use({algorithm!r})"
    python = [sys.executable, "-W", "error", "-c", work]
    subprocess.run(python, cwd=Path(__file__).parent, check=True, timeout=3 * PATIENCE)


@forks
@both_families
@pytest.mark.usefixtures("restless_threads")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_forked_while_threads_are_busy_does_not_hang(algorithm: str) -> None:
    app, other = make_app(ONE, algorithm), make_app(OTHER, algorithm)
    # Python itself may hang if a module was being imported, and Flask's first request imports some.
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
    """Run in an interpreter that has imported the package and done nothing with it."""
    key_pair(ONE)  # for all processes alike
    assert_family_is_well(lambda: make_app(algorithm=algorithm), [])


def assert_family_is_well(app: Callable[[], Flask], earlier: list[str], children: int = 4) -> None:
    """Let forked processes and this one make tokens: all good ones, and none like another."""

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
    # Of an ES256 signature, the first half comes of its nonce: two alike give the private key away.
    assert len({token.rpartition(".")[2][:42] for token in tokens}) == len(tokens)


def fork(work: Callable[[], list[str]]) -> tuple[int, int]:
    """Do something in a forked process: its number, and the pipe that its result comes from."""
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
        os._exit(0)  # and do nothing of what the tests do at their end


def result_of(process: int, pipe: int) -> Any:
    """Return what a forked process has come to; a text if it has come to nothing."""
    said, part, deadline = b"", b"anything", monotonic() + PATIENCE
    while part and select([pipe], [], [], max(0.0, deadline - monotonic()))[0]:
        said += (part := os.read(pipe, 1 << 16))
    os.close(pipe)
    if part:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return "a forked process hangs" if part else json.loads(said)


def make_app(secret: str = ONE, algorithm: str = "HS256") -> Flask:
    app = Flask(__name__)
    app.testing = True  # so that an exception that is no answer ends the test
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_ALGORITHM"] = algorithm
    app.config["JWT_SECRET_KEY"] = secret
    if algorithm == "ES256":
        app.config["JWT_PRIVATE_KEY"], app.config["JWT_PUBLIC_KEY"] = key_pair(secret)
    JWTManager(app)
    app.add_url_rule("/", view_func=jwt_required()(lambda: get_jwt_identity()))
    return app


@cache
def key_pair(_name: str) -> tuple[bytes, bytes]:
    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    form, public = serialization.PrivateFormat.PKCS8, serialization.PublicFormat
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return private, key.public_key().public_bytes(pem, public.SubjectPublicKeyInfo)


def token_of(app: Flask, identity: str = "alice", **options: Any) -> str:
    with app.app_context():
        return create_access_token(identity, **options)


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def ask(app: Flask, fields: dict[str, str]) -> tuple[int, str]:
    """Return status and body of the answer to a request, by the least that WSGI has it by."""
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", **fields}
    seen: list[str] = []
    body = app.wsgi_app(request, lambda status, *_: seen.append(status))
    return int(seen[0][:3]), b"".join(body).decode()


def expect(status: int, app: Flask, fields: dict[str, str]) -> None:
    assert ask(app, fields)[0] == status


def assert_steady(work: Callable[[], Any], times: int) -> None:
    """Do something so many times, after a warm-up, and see that memory is as it was before.

    What other tests have left to be cleared away may show itself once, a leak each time.
    """

    def use_after(times: int) -> tuple[int, int, int]:
        for _ in repeat(None, times):
            work()
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), sys.getallocatedblocks(), len(gc.get_objects())

    before = use_after(times // 10 + 2_000)
    for _ in range(2):
        after = use_after(times)
        rss, blocks, objects = map(int.__sub__, after, before)
        if rss < BYTES and max(blocks, objects) < BLOCKS:
            return
        before = after
    assert rss < BYTES, f"{rss} bytes more after {times} times"
    assert max(blocks, objects) < BLOCKS, f"{blocks} blocks and {objects} objects more"


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let Python go from thread to thread every 10 microseconds rather than every 5,000."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)
