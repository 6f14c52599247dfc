"""Measures a guard and a refresh with each store, and a bare GET by redis-py if it is installed.

::

    python benches/stores.py

Starts its own Redis and PostgreSQL, as the tests do. A guard is `verify_jwt_in_request`, including
the verification of the token but not Flask's part of a request.
"""

import sys
import timeit
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from store_servers import Postgres, redis_in

from jwt_extended.flask import (
    JWTManager,
    login_user,
    refresh_tokens,
    verify_jwt_in_request,
)


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        redis = stack.enter_context(redis_in(folder))
        postgres = Postgres()
        stack.callback(postgres.stop)
        print(f"{'what':<34}{'best us':>9}{'median us':>11}")
        if find_spec("redis"):
            import redis as redis_py

            client: Any = redis_py.Redis(port=redis.port)
            measured("redis-py, GET", lambda: client.get("a name"), 200)
        for name, url in (
            ("memory", "memory"),
            ("SQLite", f"sqlite:{folder}/sessions.db"),
            ("Redis", redis.url()),
            ("PostgreSQL", postgres.url()),
        ):
            with_store(name, url)


def with_store(name: str, url: str) -> None:
    app = Flask(name)
    app.config.update(
        JWT_SECRET_KEY="a secret of at least thirty-two bytes, for this", JWT_STORE=url
    )
    JWTManager(app)
    with app.app_context():
        pair = login_user("alice")
    with app.test_request_context(headers={"Authorization": f"Bearer {pair.access_token}"}):
        measured(f"{name}, guard", verify_jwt_in_request, 200)
    # The same token is refreshed within its grace: each call creates two tokens and one successor.
    with app.test_request_context(headers={"Authorization": f"Bearer {pair.refresh_token}"}):
        verify_jwt_in_request(refresh=True)
        measured(f"{name}, refresh_tokens", refresh_tokens, 50)


def measured(what: str, work: Callable[[], Any], calls: int) -> None:
    work()
    taken = [each / calls * 1e6 for each in timeit.repeat(work, number=calls, repeat=21)]
    print(f"{what:<34}{min(taken):>9.1f}{median(taken):>11.1f}", flush=True)


if __name__ == "__main__":
    main()
