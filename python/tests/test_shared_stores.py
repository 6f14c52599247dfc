"""Stores that processes share: what holds for all of them together, and what when one is away."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from app_process import AppProcess
from flask import Flask
from rotations import REVOKED, ask, login, opens, refreshed, sessions_app
from store_servers import Redis, free_port, redis_in, until
from support import bearer, make_app
from test_forks import fork, forks, result_of

from jwt_extended.flask import end_all_sessions, get_sessions, login_user
from jwt_extended.flask.exceptions import StoreUnavailableError

UNAVAILABLE = "The token's state cannot be checked right now. Try again in a moment"
shared = pytest.mark.parametrize("store", ["redis", "postgres", "sqlite"], indirect=True)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may do anything to."""
    with redis_in(tmp_path) as server:
        yield server


def timed(app: Flask, token: str) -> tuple[int, Any, float]:
    start = time.monotonic()
    answer = ask(app, "/any", token)
    return *answer, time.monotonic() - start


@shared
def test_what_one_process_ends_the_others_refuse_with_the_next_request(store: str) -> None:
    with AppProcess(store) as one, AppProcess(store) as two:
        status, pair = one.ask("/login/alice")
        assert status == 200
        access, refresh = pair["access_token"], pair["refresh_token"]
        assert two.ask("/access", access)[0] == 200
        status, new = two.ask("/next", refresh)
        assert status == 200
        assert one.ask("/next", refresh)[1]["refresh_token"] == new["refresh_token"]
        assert one.ask("/logout", access)[0] == 200
        for process in (two, one):
            for path, token in (
                ("/access", access),
                ("/access", new["access_token"]),
                ("/next", new["refresh_token"]),
            ):
                assert process.ask(path, token) == REVOKED


@shared
def test_sessions_outlive_the_process(store: str) -> None:
    with AppProcess(store) as one:
        _, pair = one.ask("/login/alice")
    app = sessions_app(STORE=store)
    assert opens(app, *pair.values(), *refreshed(app, pair["refresh_token"])) == [True] * 4


@forks
@shared
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_forked_after_first_use_has_a_connection_of_its_own(store: str) -> None:
    app = sessions_app(STORE=store)
    pair, bob = login(app), login(app, "bob")

    def work() -> list[str]:
        assert opens(app, *pair) == [True, True]
        mine = login(app)
        assert opens(app, *refreshed(app, mine.refresh_token)) == [True, True]
        # And its own children do.
        grandchild = result_of(*fork(lambda: [str(opens(app, *mine)[0]), *login(app)]))
        assert grandchild[0] == "True", grandchild
        return [*mine, *grandchild[1:]]

    forked = [fork(work) for _ in range(4)]
    # Meanwhile this one goes on.
    for _ in range(20):
        assert opens(app, *pair) == [True, True]
    # All of them first: one that hangs is killed then, and left behind by no failure.
    for tokens in [result_of(*process) for process in forked]:
        assert isinstance(tokens, list), tokens
        assert opens(app, *tokens) == [True] * 4
    with app.app_context():
        assert len(get_sessions("alice")) == 1 + 4 * 2
        end_all_sessions("alice")
    assert opens(app, *pair, *bob) == [False, False, True, True]


# SQLite is not among them: a fork in the middle of a call may leave its locks taken in the child.
@forks
@pytest.mark.parametrize("store", ["redis", "postgres"], indirect=True)
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_forked_while_threads_ask_does_not_hang(store: str) -> None:
    app = sessions_app(STORE=store, STORE_TIMEOUT=10)
    pair, done = login(app), Event()
    opens(app, *pair)

    def keep_busy(_: int) -> None:
        while not done.is_set():
            assert opens(app, *pair) == [True, True]

    with ThreadPoolExecutor(4) as pool:
        busy = pool.map(keep_busy, range(4))
        try:
            for _ in range(10):
                result = result_of(*fork(lambda: [str(opens(app, *pair))]))
                assert result == ["[True, True]"], result
        finally:
            done.set()
        list(busy)


@forks
@shared
def test_the_workers_of_a_server_that_has_loaded_the_app_share_the_store(
    store: str, tmp_path: Path
) -> None:
    port, tests = free_port(), Path(__file__).parent
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=3", "preloaded:app"]
    environment = {**os.environ, "STORE": store, "PYTHONPATH": f"{tests}:{tests / 'programs'}"}
    server = subprocess.Popen(
        [*command, f"--bind=127.0.0.1:{port}", "--log-level=error", "--no-control-socket"],
        cwd=tmp_path,
        env=environment,
    )

    def ask(method: str, path: str, token: str = "") -> requests.Response:
        # Each over a connection of its own, which any of the workers may take.
        headers = {"Connection": "close", **(bearer(token) if token else {})}
        url = f"http://127.0.0.1:{port}{path}"
        return requests.request(method, url, headers=headers, timeout=20)

    def answers() -> bool:
        try:
            return ask("GET", "/process").ok
        except requests.ConnectionError:
            return False

    try:
        until(answers)
        tokens = ask("POST", "/login/alice").json()
        for _ in range(10):
            tokens = ask("POST", "/next", tokens["refresh_token"]).json()
            statuses = [ask("GET", "/access", tokens["access_token"]).status_code for _ in range(3)]
            assert statuses == [200] * 3
        assert len({ask("GET", "/process").text for _ in range(50)}) > 1, "only one was asked"
        assert ask("POST", "/logout", tokens["refresh_token"]).ok
        after = [ask("GET", "/access", tokens["access_token"]).status_code for _ in range(20)]
        assert after == [401] * 20
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_a_frozen_store_is_503_in_time_holds_up_nobody_else_and_recovers(
    own_redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    app = sessions_app(STORE=own_redis.url(), STORE_TIMEOUT=0.5)
    app.logger.disabled = False
    free = make_app()
    pair = login(app)
    own_redis.freeze()
    try:
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(timed, app, pair.access_token) for _ in range(4)]
            # Other threads of Python go on: hundreds of tokens are made in the time of one wait.
            made = 0
            while not all(each.done() for each in waiting):
                with free.app_context():
                    login_user("bob")
                made += 1
            for each in waiting:
                status, said, taken = each.result()
                assert (status, said) == (503, {"msg": UNAVAILABLE})
                assert 0.4 < taken < 1.5
        assert made > 50
        answer = app.test_client().get("/any", headers=bearer(pair.access_token))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert ask(app, "/next", pair.refresh_token)[0] == 503
        for attempt in (lambda: get_sessions("alice"), lambda: login_user("alice")):
            with app.app_context(), pytest.raises(StoreUnavailableError):
                attempt()
    finally:
        own_redis.thaw()
    assert "JWT_STORE: " in caplog.text
    assert "did not answer within 500ms" in caplog.text
    assert opens(app, *pair) == [True, True]
    # It was not turned while nobody was told, or is turned to the same successor.
    assert opens(app, *refreshed(app, pair.refresh_token)) == [True, True]


def test_an_app_starts_before_its_store_and_goes_on_after_it_was_away(tmp_path: Path) -> None:
    server = Redis(tmp_path)
    app = sessions_app(STORE=server.url(), STORE_TIMEOUT=timedelta(seconds=1))
    app.logger.disabled = True
    assert app.test_client().post("/login/alice").status_code == 503
    for _ in range(2):
        server.start()
        try:
            pair = login(app)
            assert opens(app, *pair) == [True, True]
        finally:
            server.stop()
        assert ask(app, "/any", pair.access_token)[0] == 503
        assert ask(app, "/optional", pair.access_token)[0] == 503


def test_a_postgres_that_is_not_there_is_503_and_says_nothing_of_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = sessions_app(STORE="postgresql://app:hush@127.0.0.1:1/app")
    app.logger.disabled = False
    assert app.test_client().post("/login/alice").status_code == 503
    assert "JWT_STORE: the store is unavailable" in caplog.text
    assert "hush" not in caplog.text


def test_a_sqlite_file_that_cannot_be_is_503_and_why_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = sessions_app(STORE=f"sqlite:{tmp_path}/no/such/folder/sessions.db")
    app.logger.disabled = False
    assert app.test_client().post("/login/alice").status_code == 503
    assert "the file cannot be made: No such file or directory" in caplog.text
    (tmp_path / "no/such/folder").mkdir(parents=True)
    assert opens(app, *login(app)) == [True, True]


def test_a_guard_asks_the_store_once(redis: Redis) -> None:
    app = sessions_app(STORE=redis.url())
    pair = login(app)
    opens(app, *pair)

    before = redis.commands()
    for _ in range(10):
        assert opens(app, pair.access_token) == [True]
    # The question itself is one of them.
    assert redis.commands() - before == 10 + 1


def test_a_timeout_that_is_set_later_holds_from_the_next_request_on(own_redis: Redis) -> None:
    app = sessions_app(STORE=own_redis.url())
    app.logger.disabled = True
    pair = login(app)
    app.config["JWT_STORE_TIMEOUT"] = 0.2
    assert opens(app, *pair) == [True, True]
    own_redis.freeze()
    try:
        status, _, taken = timed(app, pair.access_token)
    finally:
        own_redis.thaw()
    assert status == 503
    assert taken < 0.9


def test_another_shared_store_is_refused_while_the_app_runs(redis: Redis) -> None:
    app = sessions_app(STORE=redis.url())
    login(app)
    app.config["JWT_STORE"] = redis.url()
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_STORE cannot change"):
        get_sessions("alice")


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted by Linux's own means")
def test_what_waits_for_a_shared_store_starts_when_one_is_asked(tmp_path: Path) -> None:
    program = f"""
import os
from rotations import login, sessions_app
count = lambda: len(os.listdir("/proc/self/task"))
before = count()
apps = [sessions_app(STORE=where) for where in ("memory", "sqlite:{tmp_path}/sessions.db")]
login(apps[0])
assert count() == before, "a thread for nothing"
login(apps[1])
assert count() > before
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=True)
