"""An app that uses every function for sessions, helpers to call it, and a clock."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, jsonify, request
from support import bearer, guarded_app

from jwt_extended.flask import (
    TokenPair,
    end_other_sessions,
    end_session,
    get_jwt_identity,
    get_sessions,
    jwt_required,
    login_user,
    logout_user,
    password_changed,
    refresh_tokens,
)

REVOKED = (401, {"msg": "Token has been revoked"})
REPLAYED = (
    401,
    {"msg": "Token was used before, so its session has ended. Log in again"},
)


class Clock:
    """The time that the engine reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = time.time()
        monkeypatch.setattr(time, "time", lambda: self._now)

    def advance(self, seconds: float) -> None:
        self._now += seconds


def sessions_app(setup: Callable[[Any], object] | None = None, **options: Any) -> Flask:
    """Return an app with views to log in, refresh, list and end sessions."""
    if options.get("STORE"):
        # A busy machine may need longer than the default.
        options = {"STORE_TIMEOUT": 60, **options}
    app = guarded_app(setup=setup, **options)

    @app.post("/login/<user>")
    def login(user: str) -> Any:
        return jsonify(login_user(user, label=request.args.get("label"))._asdict())

    @app.post("/next")
    @jwt_required(refresh=True)
    def refresh_next() -> Any:
        return jsonify(refresh_tokens()._asdict())

    @app.get("/sessions")
    @jwt_required()
    def sessions() -> Any:
        return jsonify([[session.id, session.label, session.current] for session in get_sessions()])

    @app.delete("/sessions/<name>")
    @jwt_required()
    def end(name: str) -> Any:
        return jsonify(end_session(name))

    @app.post("/sessions/others")
    @jwt_required(verify_type=False)
    def others() -> Any:
        return jsonify(end_other_sessions())

    @app.post("/logout")
    @jwt_required(verify_type=False)
    def logout() -> Any:
        logout_user()
        return jsonify(logout=True)

    @app.post("/password")
    @jwt_required(fresh=True)
    def password() -> Any:
        return jsonify(password_changed(get_jwt_identity())._asdict())

    return app


def login(app: Flask, user: str = "alice", label: str | None = None) -> TokenPair:
    answer = app.test_client().post(f"/login/{user}", query_string=label and {"label": label})
    assert answer.status_code == 200, answer.json
    return TokenPair(**answer.json)


def ask(app: Flask, path: str, token: str, method: str = "POST") -> tuple[int, Any]:
    answer = app.test_client(use_cookies=False).open(path, method=method, headers=bearer(token))
    return answer.status_code, answer.json


def refreshed(app: Flask, token: str) -> TokenPair:
    status, said = ask(app, "/next", token)
    assert status == 200, said
    return TokenPair(**said)


def opens(app: Flask, *tokens: str) -> list[bool]:
    answers = [ask(app, "/any", token) for token in tokens]
    assert all(answer[0] == 200 or answer == REVOKED for answer in answers), answers
    return [status == 200 for status, _ in answers]


#: Seconds after which the grace of a used refresh token is over.
LATER = timedelta(seconds=11).total_seconds()
