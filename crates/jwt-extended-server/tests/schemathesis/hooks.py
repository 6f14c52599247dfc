"""What schemathesis must know beside the server's description: who logs in, and which requests are no HTTP.

`cargo xtask test` gives the users and the client in environment variables, and the server's address to schemathesis.
"""

import base64
import os
import time
from typing import Any

import requests
import schemathesis

PASSWORD = os.environ["SERVER_PASSWORD"]
CLIENT = f"{os.environ['SERVER_CLIENT']}:{os.environ['SERVER_CLIENT_SECRET']}"

# Their requests end sessions or use tokens up, so each gets a session of its own, of users of its own.
USED_UP = {
    ("POST", "/logout"): ("leaver", "access_token"),
    ("DELETE", "/sessions"): ("leaver", "access_token"),
    ("DELETE", "/sessions/{id}"): ("leaver", "access_token"),
    ("POST", "/password"): ("leaver", "access_token"),
    ("POST", "/refresh"): ("refresher", "refresh_token"),
}

_kept: tuple[float, str] | None = None


def log_in(base_url: str, username: str, token: str) -> str:
    body = {"username": username, "password": PASSWORD}
    answer = requests.post(f"{base_url.rstrip('/')}/token", json=body, timeout=10)
    answer.raise_for_status()
    return str(answer.json()[token])


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/(introspect|revoke)$")
class Client:
    """The credentials of a service."""

    def get(self, case: Any, context: Any) -> str:
        return base64.b64encode(CLIENT.encode()).decode()

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Basic {data}"


@schemathesis.auth(refresh_interval=None).skip_for(path_regex="^/(introspect|revoke|login|token)$")
class Tokens:
    """The token of a user."""

    def get(self, case: Any, context: Any) -> str:
        global _kept
        operation = case.operation
        name = USED_UP.get((operation.method.upper(), operation.path))
        if name is not None:
            return log_in(operation.base_url, *name)
        if _kept is None or _kept[0] < time.monotonic() - 60:
            _kept = (time.monotonic(), log_in(operation.base_url, "reader", "access_token"))
        return _kept[1]

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leaves out what no client sends.

    The names in a form are headers of its parts, which hold no control characters (RFC 9110 section 5.5), and a client
    that proves itself in the header does not do so again in the body (RFC 6749 section 2.3).
    """
    if not isinstance(case.body, dict):
        return True
    if case.media_type == "multipart/form-data":
        return all(str(name).isprintable() for name in case.body)
    return "client_id" not in case.body and "client_secret" not in case.body
