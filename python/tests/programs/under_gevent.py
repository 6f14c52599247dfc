"""Serves an app under gevent, whose greenlets share one thread, and sends it many requests at once.

The argument is `JWT_STORE`. The app's callbacks let other greenlets run, wherever the engine calls
them. Prints the number of good answers.
"""

# ruff: noqa: E402 - gevent replaces modules before others import them

from gevent import monkey

monkey.patch_all()

import sys
from typing import Any

import gevent
import requests
from flask import Flask, jsonify
from gevent.pywsgi import WSGIServer
from key_pairs import PAIRS, private, public

from jwt_extended.flask import (
    JWTManager,
    get_jwt_identity,
    get_sessions,
    jwt_required,
    login_user,
    logout_user,
    refresh_tokens,
)

USERS = 20
PRIVATE, PUBLIC = private(PAIRS["ES256"]), public(PAIRS["ES256"])


def make_app(store: str) -> Flask:
    app = Flask(__name__)
    app.config["JWT_ALGORITHM"] = "ES256"
    app.config["JWT_PRIVATE_KEY"], app.config["JWT_PUBLIC_KEY"] = PRIVATE, PUBLIC
    app.config["JWT_STORE"], app.config["JWT_STORE_TIMEOUT"] = store, 30
    manager = JWTManager(app)

    def others_run(value: Any) -> Any:
        gevent.sleep(0)
        return value

    manager.additional_claims_loader(lambda _: others_run({"own": 1}))
    manager.additional_headers_loader(lambda _: others_run({}))
    manager.encode_key_loader(lambda _: others_run(PRIVATE))
    manager.decode_key_loader(lambda *_: others_run(PUBLIC))
    manager.token_in_blocklist_loader(lambda *_: others_run(False))
    manager.user_lookup_loader(lambda _, data: others_run(data["sub"]))

    @app.post("/login/<name>")
    def login(name: str) -> Any:
        return jsonify(login_user(name))

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(refresh_tokens())

    @app.get("/who")
    @jwt_required()
    def who() -> Any:
        return jsonify(get_jwt_identity(), len(get_sessions()))

    @app.post("/logout")
    @jwt_required()
    def logout() -> Any:
        logout_user()
        return jsonify()

    return app


def visit(address: str, name: str) -> int:
    """Log in, refresh and log out. Return how many answers were as they should be."""

    def ask(method: str, path: str, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, address + path, headers=headers, timeout=60)

    access, refresh = ask("POST", f"/login/{name}").json()
    good = ask("GET", "/who", access).json() == [name, 1]
    access, _ = ask("POST", "/refresh", refresh).json()
    good += ask("GET", "/who", access).json() == [name, 1]
    good += ask("POST", "/logout", access).status_code == 200
    good += ask("GET", "/who", access).status_code == 401
    return good


def main() -> None:
    server = WSGIServer(("127.0.0.1", 0), make_app(sys.argv[1]), log=None)
    server.start()
    address = f"http://127.0.0.1:{server.server_port}"
    visitors = [gevent.spawn(visit, address, f"user{number}") for number in range(USERS)]
    gevent.joinall(visitors, raise_error=True)
    server.stop()
    print(sum(visitor.value for visitor in visitors), "of", 4 * USERS)


if __name__ == "__main__":
    main()
