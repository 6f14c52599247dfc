"""Faults that only show after many requests, or in many threads.

Memory must not grow, and threads must get the same answers as a single thread.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle, repeat
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from bare_apps import ONE, OTHER, ask, bearer, both_families, make_app, token_of
from flask import Flask

from jwt_extended.flask import (
    create_access_token,
    decode_token,
    verify_jwt_in_request,
)

#: How many bytes memory may grow after the warm-up. Allocator and caches need less than half of
#: this. A leak of one byte per request reaches it after a million requests.
BYTES = 1 << 20
#: How many more blocks and objects Python may have. Its own caches need less than half of this.
BLOCKS = 500

in_memory = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc")


@in_memory
def test_a_million_guarded_requests_leak_nothing() -> None:
    app = make_app()
    with app.test_request_context(environ_base=bearer(token_of(app))):
        assert_steady(verify_jwt_in_request, 1_000_000)


@in_memory
def test_fifty_thousand_whole_requests_leak_nothing() -> None:
    app = make_app()
    token = token_of(app)
    both = cycle([bearer(token), {"HTTP_COOKIE": f"access_token_cookie={token}"}])
    assert_steady(lambda: expect(200, app, next(both)), 50_000)


@in_memory
@pytest.mark.parametrize("kind", ["forged", "expired", "missing", "malformed"])
def test_rejected_requests_leak_nothing(kind: str) -> None:
    app = make_app()
    status, fields = {
        "forged": (422, bearer(token_of(make_app(OTHER)))),
        "expired": (401, bearer(token_of(app, expires_delta=timedelta(seconds=-1)))),
        "missing": (401, {}),
        "malformed": (422, bearer("not.a.token")),
    }[kind]
    assert_steady(lambda: expect(status, app, fields), 10_000)


@in_memory
def test_a_key_loader_with_many_keys_leaks_nothing() -> None:
    app = make_app()
    manager = app.extensions["flask-jwt-extended"]
    manager.encode_key_loader(lambda tenant: f"{ONE}, for {tenant}")
    manager.decode_key_loader(lambda _header, claims: f"{ONE}, for {claims['sub']}")
    tokens = cycle([token_of(app, f"tenant {n}") for n in range(1_000)])
    assert_steady(lambda: expect(200, app, bearer(next(tokens))), 20_000)


@in_memory
def test_an_option_that_keeps_changing_leaks_nothing() -> None:
    app = make_app()
    secrets = cycle([f"{ONE}, number {n}" for n in range(1_000)])

    def change() -> None:
        app.config["JWT_SECRET_KEY"] = next(secrets)
        create_access_token("alice")

    with app.app_context():
        assert_steady(change, 10_000)


@in_memory
@pytest.mark.parametrize(("algorithm", "times"), [("HS256", 100_000), ("ES256", 10_000)])
def test_creating_and_decoding_tokens_leaks_nothing(algorithm: str, times: int) -> None:
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
def test_a_changed_key_applies_from_the_next_request_on() -> None:
    app = make_app()
    tokens = {secret: token_of(make_app(secret)) for secret in (ONE, OTHER)}
    # The current key in a tuple, which is a new object for each change; empty during a change.
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


def test_options_are_read_as_one_consistent_state() -> None:
    app = make_app()
    good, forged = token_of(app), token_of(make_app(OTHER))

    # Options that are read before and after the key play the thread that changes it.
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


def expect(status: int, app: Flask, fields: dict[str, str]) -> None:
    assert ask(app, fields)[0] == status


def assert_steady(work: Callable[[], Any], times: int) -> None:
    """Repeat something after a warm-up, and check that memory does not grow.

    Leftovers of other tests may show once, but a leak shows every time.
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


def test_dropping_old_options_cannot_deadlock() -> None:
    app, made = make_app(), []

    class Realm(str):
        def __del__(self) -> None:
            with app.app_context():
                made.append(create_access_token("from the destructor"))

    app.config["JWT_REALM"] = Realm("here")
    with app.app_context():
        create_access_token("alice")
        app.config["JWT_REALM"] = None
        create_access_token("alice")
    assert len(made) == 1
