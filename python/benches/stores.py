"""What a guard and a refresh cost with each store, beside a bare GET by redis-py if that is there.

::

    python benches/stores.py

Starts a Redis and a PostgreSQL of its own, as the tests do. A guard is `verify_jwt_in_request`,
with the check of the token and without Flask's part of a request.
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
    # The same token again and again, within its grace: two tokens are made, and the second anew.
    with app.test_request_context(headers={"Authorization": f"Bearer {pair.refresh_token}"}):
        verify_jwt_in_request(refresh=True)
        measured(f"{name}, refresh_tokens", refresh_tokens, 50)


def measured(what: str, work: Callable[[], Any], calls: int) -> None:
    work()
    taken = [each / calls * 1e6 for each in timeit.repeat(work, number=calls, repeat=21)]
    print(f"{what:<34}{min(taken):>9.1f}{median(taken):>11.1f}", flush=True)


if __name__ == "__main__":
    main()
