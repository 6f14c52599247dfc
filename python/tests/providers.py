"""Another issuer for tests: its tokens, its keys, and a server that publishes them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

IDP = "https://idp.example"
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def jwk(key: Any = KEY, kid: str = "a1") -> dict[str, Any]:
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "alg": "ES256", "use": "sig", "kid": kid}


def entry(**changes: Any) -> dict[str, Any]:
    """Return an entry of `JWT_ISSUERS` with its keys; `None` removes a field."""
    fields = {"issuer": IDP, "audience": "orders", "jwks": {"keys": [jwk()]}, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def foreign(key: Any = KEY, kid: str = "a1", typ: str = "at+jwt", **changes: Any) -> str:
    """Return a token of the issuer with some claims changed; `None` removes a claim."""
    now = int(time.time())
    usual = {"iss": IDP, "aud": "orders", "sub": "42", "iat": now - 10, "exp": now + 600}
    claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
    return jwt.encode(claims, key, "ES256", headers={"kid": kid, "typ": typ})


class Provider:
    """A server that publishes keys on this computer."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [jwk()]
        #: How often the keys were fetched.
        self.fetches = 0
        #: Answers wait for this.
        self.open = Event()
        self.open.set()
        self.status = 200
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.open.wait(5)
                provider.fetches += 1
                body = json.dumps({"keys": provider.keys}).encode()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def entry(self, **changes: Any) -> dict[str, Any]:
        """Return an entry of `JWT_ISSUERS` whose keys are fetched from this server."""
        return entry(jwks=None, jwks_uri=self.uri, allow_loopback_http=True, **changes)


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    thread = Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.open.set()
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
