"""The published keys, fetched over HTTP by another library: PyJWT's ``PyJWKClient``.

It finds a key by the token's ``kid``, which the keys of ``JWT_KEY_RING`` have.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import jwt
import pytest
from flask import Flask
from key_pairs import PAIRS, UNKNOWN_TO_PYJWT, made, private
from support import guarded_app
from werkzeug.serving import make_server


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port, and yield its address."""
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("algorithm", sorted({*PAIRS} - {*UNKNOWN_TO_PYJWT}))
def test_pyjwkclient_verifies_our_tokens_by_the_published_keys(algorithm: str) -> None:
    ring = [{"private_key": private(PAIRS[algorithm]), "algorithm": algorithm}]
    app = guarded_app(KEY_RING=ring, JWKS_URL="/jwks")
    value = made(app)
    with served(app) as address:
        key = jwt.PyJWKClient(f"{address}/jwks").get_signing_key_from_jwt(value)
    assert jwt.decode(value, key, [algorithm])["sub"] == "alice"
