"""Stores that processes share: with several processes, and while the store is down."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
import requests
from app_process import AppProcess
from flask import Flask
from rotations import REVOKED, ask, login, opens, refreshed, sessions_app
from store_servers import Redis, redis_in
from support import bearer, make_app
from test_forks import fork, forks, result_of

from jwt_extended.flask import end_all_sessions, get_sessions, login_user
from jwt_extended.flask.exceptions import StoreUnavailableError

UNAVAILABLE = "The token's state cannot be checked right now. Try again in a moment"
shared = pytest.mark.parametrize("store", ["redis", "postgres", "sqlite"], indirect=True)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may stop and freeze."""
    with redis_in(tmp_path) as server:
        yield server


def timed(app: Flask, token: str) -> tuple[int, Any, float]:
    start = time.monotonic()
    answer = ask(app, "/any", token)
    return *answer, time.monotonic() - start


@shared
def test_what_one_process_ends_the_others_reject(store: str) -> None:
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
def test_a_process_forked_after_first_use_reconnects(store: str) -> None:
    app = sessions_app(STORE=store)
    pair, bob = login(app), login(app, "bob")

    def work() -> list[str]:
        assert opens(app, *pair) == [True, True]
        mine = login(app)
        assert opens(app, *refreshed(app, mine.refresh_token)) == [True, True]
        # A child of the child reconnects as well.
        grandchild = result_of(*fork(lambda: [str(opens(app, *mine)[0]), *login(app)]))
        assert grandchild[0] == "True", grandchild
        return [*mine, *grandchild[1:]]

    forked = [fork(work) for _ in range(4)]
    # Meanwhile this process keeps working.
    for _ in range(20):
        assert opens(app, *pair) == [True, True]
    # Collect all results first, so that a process that hangs is killed even if the test fails.
    for tokens in [result_of(*process) for process in forked]:
        assert isinstance(tokens, list), tokens
        assert opens(app, *tokens) == [True] * 4
    with app.app_context():
        assert len(get_sessions("alice")) == 1 + 4 * 2
        end_all_sessions("alice")
    assert opens(app, *pair, *bob) == [False, False, True, True]


# Without SQLite, because a fork during a call may leave its locks taken in the child.
@forks
@pytest.mark.parametrize("store", ["redis", "postgres"], indirect=True)
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_during_requests_to_the_store_does_not_hang(store: str) -> None:
    app = sessions_app(STORE=store)
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
def test_all_workers_of_a_preloaded_app_share_the_store(store: str, tmp_path: Path) -> None:
    with Workers(store, tmp_path, 3) as workers:
        (login,) = workers.ask("POST", "/login/alice")
        tokens = login.json()
        for _ in range(3):
            (answer,) = workers.ask("POST", "/next", tokens["refresh_token"])
            tokens = answer.json()
            assert workers.statuses("/access", tokens["access_token"]) == [200] * 3
        assert workers.ask("POST", "/logout", tokens["refresh_token"])[0].ok
        assert workers.statuses("/access", tokens["access_token"]) == [401] * 3


class Workers:
    """The workers of a gunicorn that has loaded the app before it forked them."""

    def __init__(self, store: str, folder: Path, count: int) -> None:
        self._count = count
        # Connections wait at this socket until a worker takes them.
        listener = socket.create_server(("127.0.0.1", 0))
        self._port = listener.getsockname()[1]
        tests, bind = Path(__file__).parent, f"--bind=fd://{listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "--preload", f"--workers={count}", bind]
        self._server = subprocess.Popen(
            [*command, "--log-level=error", "--no-control-socket", "--timeout=0", "preloaded:app"],
            cwd=folder,
            env={
                **os.environ,
                "STORE": store,
                "MEETINGS": str(folder),
                "PYTHONPATH": os.pathsep.join(
                    [str(tests), str(tests / "programs"), os.environ.get("PYTHONPATH", "")]
                ),
            },
            pass_fds=[listener.fileno()],
        )
        listener.close()

    def ask(self, method: str, path: str, token: str = "", together: int = 1) -> list[Any]:
        """Send a request so many times at once: each is answered by another worker."""
        headers = {
            "Connection": "close",
            "X-Meeting": f"{uuid4()}/{together}",
            **(bearer(token) if token else {}),
        }
        url = f"http://127.0.0.1:{self._port}{path}"
        with ThreadPoolExecutor(together) as pool:
            asked = [
                pool.submit(requests.request, method, url, headers=headers, timeout=60)
                for _ in range(together)
            ]
        answers = [each.result() for each in asked]
        assert len({answer.headers["X-Worker"] for answer in answers}) == together
        return answers

    def statuses(self, path: str, token: str) -> list[int]:
        """Return the status that each worker answers with."""
        return [answer.status_code for answer in self.ask("GET", path, token, self._count)]

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(timeout=60)


def test_a_frozen_store_is_503_in_time(own_redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    app = sessions_app(STORE=own_redis.url())
    pair = login(app)
    own_redis.freeze()
    app.config["JWT_STORE_TIMEOUT"] = 0.5
    try:
        with ThreadPoolExecutor(4) as pool:
            for waiting in [pool.submit(timed, app, pair.access_token) for _ in range(4)]:
                status, said, taken = waiting.result()
                assert (status, said) == (503, {"msg": UNAVAILABLE})
                # The server itself would never answer.
                assert 0.4 < taken < 30
        answer = app.test_client().get("/any", headers=bearer(pair.access_token))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert ask(app, "/next", pair.refresh_token)[0] == 503
        for attempt in (lambda: get_sessions("alice"), lambda: login_user("alice")):
            with app.app_context(), pytest.raises(StoreUnavailableError):
                attempt()
    finally:
        own_redis.thaw()
    app.config["JWT_STORE_TIMEOUT"] = 60
    assert "JWT_STORE: " in caplog.text
    assert "did not answer within 500ms" in caplog.text
    assert opens(app, *pair) == [True, True]
    # The failed refresh has not rotated the session, or has rotated it to the same successor.
    assert opens(app, *refreshed(app, pair.refresh_token)) == [True, True]


def test_other_threads_run_while_one_waits_for_the_store(own_redis: Redis) -> None:
    app, without_store = sessions_app(STORE=own_redis.url()), make_app()
    pair = login(app)
    own_redis.freeze()
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(opens, app, pair.access_token)
            for _ in range(50):
                with without_store.app_context():
                    login_user("bob")
            assert not waiting.done()
            own_redis.thaw()
            assert waiting.result() == [True]
    finally:
        own_redis.thaw()


def test_an_app_works_whenever_its_store_is_up(tmp_path: Path) -> None:
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


def test_a_missing_postgres_is_503_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = sessions_app(STORE="postgresql://app:hush@127.0.0.1:1/app", STORE_TIMEOUT=1)
    assert app.test_client().post("/login/alice").status_code == 503
    assert "JWT_STORE: the store is unavailable" in caplog.text
    assert "hush" not in caplog.text


@pytest.mark.parametrize(
    "scheme", ["postgresql+psycopg2", "postgresql+asyncpg", "postgresql+psycopg"]
)
def test_a_url_of_sqlalchemy_names_a_postgres(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = sessions_app(
        STORE=f"{scheme}://app:hush@127.0.0.1:1/app?sslmode=disable", STORE_TIMEOUT=1
    )
    assert app.test_client().post("/login/alice").status_code == 503
    assert "the connection has failed" in caplog.text
    assert "hush" not in caplog.text


def test_an_impossible_sqlite_file_is_503_with_the_reason_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = sessions_app(STORE=f"sqlite:{tmp_path}/no/such/folder/sessions.db")
    assert app.test_client().post("/login/alice").status_code == 503
    assert "the file cannot be created: No such file or directory" in caplog.text
    (tmp_path / "no/such/folder").mkdir(parents=True)
    assert opens(app, *login(app)) == [True, True]


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:a.db", "a.db"),
        ("sqlite:///b.db", "b.db"),
        ("sqlite+pysqlite:///{here}/c.db", "c.db"),
        ("sqlite:{here}/d.db?mode=rwc", "d.db"),
    ],
)
def test_a_sqlite_url_names_the_file_that_sqlalchemy_would_open(
    url: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = sessions_app(STORE=url.format(here=tmp_path))
    # A server may change its folder once it has loaded the app.
    monkeypatch.chdir("/")
    assert opens(app, *login(app)) == [True, True]
    assert (tmp_path / file).is_file()


def test_a_guard_sends_one_command_to_the_store(own_redis: Redis) -> None:
    app = sessions_app(STORE=own_redis.url())
    pair = login(app)
    opens(app, *pair)

    before = own_redis.commands()
    for _ in range(10):
        assert opens(app, pair.access_token) == [True]
    # Reading the number of commands is one of them.
    assert own_redis.commands() - before == 10 + 1


def test_a_store_timeout_set_later_applies_at_once(own_redis: Redis) -> None:
    app = sessions_app(STORE=own_redis.url())
    app.logger.disabled = True
    pair = login(app)
    own_redis.freeze()
    app.config["JWT_STORE_TIMEOUT"] = 0.2
    try:
        status, _, taken = timed(app, pair.access_token)
    finally:
        own_redis.thaw()
    assert status == 503
    # The timeout was a minute before.
    assert taken < 30
    app.config["JWT_STORE_TIMEOUT"] = 60
    assert opens(app, *pair) == [True, True]


def test_the_shared_store_cannot_change_while_the_app_runs(redis: Redis) -> None:
    app = sessions_app(STORE=redis.url())
    login(app)
    app.config["JWT_STORE"] = redis.url()
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_STORE cannot change"):
        get_sessions("alice")


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_the_runtime_only_starts_for_a_shared_store(tmp_path: Path) -> None:
    program = f"""
import os
from rotations import login, sessions_app
count = lambda: len(os.listdir("/proc/self/task"))
before = count()
apps = [sessions_app(STORE=where) for where in ("memory", "sqlite:{tmp_path}/sessions.db")]
login(apps[0])
assert count() == before, "a thread without need"
login(apps[1])
assert count() > before
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=True)
