"""``JWT_ISSUERS`` whose keys are fetched: when, how often, and what happens meanwhile."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from providers import OTHER_KEY, Provider, foreign, jwk, running
from support import bearer, guarded_app, token

from jwt_extended.flask import decode_token
from jwt_extended.flask.exceptions import KeysUnavailableError

UNAVAILABLE = "The keys of https://idp.example cannot be had right now. Try again in a moment"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as server:
        yield server


def said(app: Flask, value: str) -> Any:
    return app.test_client().get("/access", headers=bearer(value))


def status(app: Flask, value: str) -> int:
    code: int = said(app, value).status_code
    return code


def test_the_first_token_waits_for_the_keys(provider: Provider, store: str) -> None:
    app = guarded_app(ISSUERS=[provider.entry()], STORE=store, STORE_TIMEOUT=5)
    assert provider.fetches == 0
    assert [status(app, foreign()) for _ in range(3)] == [200] * 3
    assert provider.fetches == 1


def test_without_a_store_too(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    assert status(app, foreign()) == 200


def test_other_threads_run_while_a_guard_waits(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    provider.open.clear()
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(status, app, foreign()) for _ in range(4)]
        assert status(app, token()) == 200
        assert not any(future.done() for future in waiting)
        provider.open.set()
        assert [future.result() for future in waiting] == [200] * 4
    assert provider.fetches == 1


def test_keys_stay_when_another_option_changes(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    assert status(app, foreign()) == 200
    app.config["JWT_DECODE_LEEWAY"] = 5
    app.config["JWT_ISSUERS"] = [provider.entry()]
    assert status(app, foreign()) == 200
    assert provider.fetches == 1


def test_an_issuer_that_is_down_means_503(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.status = 500
    app = guarded_app(ISSUERS=[provider.entry()])
    answer = said(app, foreign())
    assert (answer.status_code, answer.json) == (503, {"msg": UNAVAILABLE})
    assert answer.headers["Retry-After"] == "30"
    assert "JWT_ISSUERS: " in caplog.text
    assert "500" in caplog.text
    assert status(app, token()) == 200


def test_an_optional_guard_does_not_let_it_pass(provider: Provider) -> None:
    provider.status = 500
    app = guarded_app(ISSUERS=[provider.entry()])
    client = app.test_client()
    assert client.get("/optional", headers=bearer(foreign())).status_code == 503


def test_decode_token_does_not_fetch(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    with app.app_context():
        with pytest.raises(KeysUnavailableError):
            decode_token(foreign())
        assert provider.fetches == 0
        assert status(app, foreign()) == 200
        assert decode_token(foreign())["sub"] == "42"


def test_an_unknown_key_is_looked_for_once(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    provider.keys.append(jwk(OTHER_KEY, "b1"))
    assert status(app, foreign(OTHER_KEY, "b1")) == 200
    assert [status(app, foreign(kid=f"c{at}")) for at in range(5)] == [422] * 5
    assert provider.fetches <= 2


def test_an_unused_issuer_is_not_asked(provider: Provider) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    assert status(app, token()) == 200
    assert status(app, "garbage") == 422
    assert provider.fetches == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("fetched_before", [True, False])
def test_a_forked_process_fetches_for_itself(provider: Provider, fetched_before: bool) -> None:
    app = guarded_app(ISSUERS=[provider.entry()])
    if fetched_before:
        assert status(app, foreign()) == 200
    child = os.fork()
    if child == 0:
        os._exit(0 if status(app, foreign()) == 200 else 1)
    # The server answers from threads of this process.
    deadline = time.monotonic() + 30
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert done == (child, 0)
    assert threading.active_count() > 1
