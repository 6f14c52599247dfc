"""Starts real servers for the tests: Redis and PostgreSQL, on free ports, in temporary folders."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

#: How many seconds a server may take to start.
PATIENCE = 60.0


def missing(program: str) -> NoReturn:
    """Skip the test, or fail in CI, where everything must be tested."""
    reason = f"{program} is not installed"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Redis:
    """A Redis that can be started, frozen and stopped. Each test uses its own database."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server") or missing("redis-server")
        self.port = free_port()
        self._databases = 0
        self._command = [
            *(program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--databases", "1000"),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until(lambda: self.says("PING") == "+PONG")

    def stop(self) -> None:
        if self._process is not None:
            self.thaw()
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it from answering, without closing its connections."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def says(self, command: str) -> str:
        """Send a command and return the first line of the answer."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.sendall(f"{command}\r\n".encode())
            return line.makefile().readline().strip()
        return ""

    def commands(self) -> int:
        """Return how many commands it has received before this one."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.sendall(b"INFO stats\r\n")
            text = line.makefile()
            while not (said := text.readline()).startswith("total_commands_processed:"):
                assert said, "no such figure"
            return int(said.partition(":")[2])

    def url(self, database: int | None = None) -> str:
        """Return the URL of a database: by default, of one that has not been used yet."""
        if database is None:
            self._databases += 1
            database = self._databases
        return f"redis://127.0.0.1:{self.port}/{database}"


class Postgres:
    """A PostgreSQL, which cannot run as root. Each test uses its own database."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        initdb = str(found[-1]) if found else shutil.which("initdb") or missing("initdb")
        self._bin = Path(initdb).parent
        self._as_user: list[str] = []
        self._folder = tempfile.mkdtemp(prefix="jwt-postgres-")
        if os.geteuid() == 0:
            setpriv = shutil.which("setpriv") or missing("setpriv")
            self._as_user = [
                *(setpriv, "--reuid=postgres", "--regid=postgres", "--clear-groups"),
                *("env", f"HOME={self._folder}"),
            ]
            shutil.chown(self._folder, "postgres", "postgres")
        self.port = free_port()
        self._databases = 0
        data = f"{self._folder}/data"
        self._run("initdb", "--auth=trust", "--username=app", "--no-sync", f"--pgdata={data}")
        self._process = subprocess.Popen(
            [
                *self._as_user,
                str(self._bin / "postgres"),
                *("-D", data, "-p", str(self.port), "-k", self._folder, "-F"),
                *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"),
            ],
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
        )
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until(lambda: subprocess.run(ready, check=False).returncode == 0)

    def url(self) -> str:
        """Create a database and return its URL."""
        self._databases += 1
        name = f"app{self._databases}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app", name)
        return f"postgresql://app@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        # Stops at once, even with open connections.
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._bin / program), *arguments]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=PATIENCE)


@contextmanager
def redis_in(folder: Path) -> Iterator[Redis]:
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("waited for too long")
        time.sleep(0.02)
