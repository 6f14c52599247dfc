"""Compares requests per second under gunicorn with Flask-JWT-Extended.

::

    python benches/servers.py
    python benches/servers.py --seconds 10 --rounds 5

Each package runs in its own gunicorn with one sync worker, on a free port of the loopback
interface. wrk calls them in turns, with one thread and four connections: an open view, a guarded
view with the token in the header, and one with the token in a cookie. The table shows the median of
all rounds. Most of the time of a request is spent in gunicorn and Flask. `guard.py` measures the
guard alone.

The exit status is 2 if wrk is missing.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import monotonic

from app import OURS, THEIRS

HERE = Path(__file__).parent

#: How many seconds a server may take until its first answer.
PATIENCE = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--rounds", type=int, default=3, help="of all runs")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print(
            "wrk is missing; install it with `apt-get install wrk` or `brew install wrk`, "
            "or from https://github.com/wg/wrk",
            file=sys.stderr,
        )
        return 2
    # Raise, so that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    with ExitStack() as stack:
        ports = {name: stack.enter_context(gunicorn(name)) for name in (OURS, THEIRS)}
        found = rates(ports, arguments.rounds, arguments.seconds)
    print(f"{'what':<28}{'ours req/s':>12}{'theirs req/s':>14}{'ratio':>8}")
    for what, (ours, theirs) in found.items():
        print(f"{what:<28}{ours:>12.0f}{theirs:>14.0f}{ours / theirs:>8.2f}")
    return 0


def rates(ports: dict[str, int], rounds: int, seconds: int) -> dict[str, list[float]]:
    """Return the requests per second of each server, for each kind of request."""
    requests = {name: kinds_of_requests(port) for name, port in ports.items()}
    kinds = list(requests[OURS])
    seen: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds):
        # The order alternates, so that neither package always comes second.
        order = list(ports)[:: -1 if turn % 2 else 1]
        for kind in kinds:
            for name in order:
                path, field = requests[name][kind]
                rate = wrk(f"http://127.0.0.1:{ports[name]}{path}", field, seconds)
                seen.setdefault((kind, name), []).append(rate)
                print(f"round {turn + 1}: {kind}, {name}: {rate:.0f} req/s", file=sys.stderr)
    return {kind: [median(seen[kind, name]) for name in ports] for kind in kinds}


def kinds_of_requests(port: int) -> dict[str, tuple[str, str]]:
    """Return the path and the header field of each kind of request.

    The open view gets the token as well, so that only the guard differs.
    """
    token = get(port, "/login")
    header, cookie = f"Authorization: Bearer {token}", f"Cookie: access_token_cookie={token}"
    return {
        "open": ("/open", header),
        "guarded, token in the header": ("/guarded", header),
        "guarded, token in a cookie": ("/guarded", cookie),
    }


def wrk(url: str, field: str, seconds: int) -> float:
    """Return the requests per second.

    :raises RuntimeError: if a request failed.
    """
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", "-H", field, url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + PATIENCE)
    rate = re.search(r"^Requests/sec:\s*([\d.]+)", run.stdout, re.MULTILINE)
    if run.returncode or rate is None or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        raise RuntimeError(f"wrk did not get its answers:\n{run.stdout}{run.stderr}")
    return float(rate[1])


@contextmanager
def gunicorn(package_name: str) -> Iterator[int]:
    """Run a server with the app and guards of a package, and yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--worker-class=sync", "--workers=1"]
    command += [f"--bind=127.0.0.1:{port}", "--log-level=warning", "--no-control-socket"]
    command += [f"app:create_app({package_name!r})"]
    # A new session: Ctrl-C only reaches this process, which then stops the server and its worker.
    server = subprocess.Popen(command, cwd=HERE, start_new_session=True)
    try:
        wait_until_ready(server, port)
        yield port
    finally:
        end(server)


def wait_until_ready(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        with suppress(OSError):
            get(port, "/open")
            return
        with suppress(subprocess.TimeoutExpired):
            raise RuntimeError(f"gunicorn ended at once, with status {server.wait(timeout=0.05)}")
    raise RuntimeError(f"gunicorn did not answer within {PATIENCE:.0f} seconds")


def end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # The whole session, because killing the master leaves its worker running.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def get(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path} was answered {response.status}")
        return response.read().decode()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
