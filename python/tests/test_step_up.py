"""Step-up (RFC 9470): views that ask for a recent or a stronger login."""

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask, jsonify
from support import bearer, make_app

from jwt_extended.flask import (
    create_access_token,
    decode_token,
    jwt_required,
    login_user,
    refresh_tokens,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import InsufficientLoginError

OLD = (401, {"msg": "A more recent login is required"})
WEAK = (401, {"msg": "A stronger login is required"})


def guarded(app: Flask, **asked: Any) -> Flask:
    app.add_url_rule("/view", "view", jwt_required(**asked)(lambda: jsonify("done")))
    return app


def said(app: Flask, token: str) -> tuple[int, Any]:
    answer = app.test_client().get("/view", headers=bearer(token))
    return answer.status_code, answer.json


def made(app: Flask, **about: Any) -> str:
    with app.app_context():
        return create_access_token("alice", **about)


@pytest.mark.parametrize("max_age", [300, 300.5, timedelta(minutes=5)])
def test_a_guard_asks_for_a_recent_login(max_age: Any) -> None:
    app = guarded(make_app(), max_age=max_age)
    now = datetime.now(timezone.utc)
    assert said(app, made(app, auth_time=now - timedelta(minutes=4))) == (200, "done")
    assert said(app, made(app, auth_time=time.time() - 400)) == OLD
    assert said(app, made(app, auth_time=time.time() + 400)) == OLD
    assert said(app, made(app)) == OLD


def test_a_guard_asks_for_a_class_of_login() -> None:
    app = guarded(make_app(), acr=["gold", "platinum"])
    assert said(app, made(app, acr="platinum")) == (200, "done")
    assert said(app, made(app, acr="silver")) == WEAK
    assert said(app, made(app)) == WEAK


@pytest.mark.parametrize("store", ["memory", None])
def test_a_login_dates_itself(store: str | None) -> None:
    app = guarded(make_app(STORE=store), max_age=60)
    with app.app_context():
        assert said(app, login_user("alice").access_token) == (200, "done")
        earlier = login_user("alice", auth_time=time.time() - 90)
        assert said(app, earlier.access_token) == OLD


@pytest.mark.parametrize("store", ["memory", None])
def test_a_refresh_keeps_how_and_when_the_user_logged_in(store: str | None) -> None:
    app = make_app(STORE=store)

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(refresh_tokens({"acr": "platinum", "auth_time": int(time.time())}))

    about = {"auth_time": int(time.time()) - 50, "acr": "gold", "amr": ["pwd", "otp"]}
    with app.app_context():
        pair = login_user("alice", **about)
        answer = app.test_client().post("/refresh", headers=bearer(pair.refresh_token))
        for token in [*pair, *filter(None, answer.json)]:
            data = decode_token(token)
            assert {name: data[name] for name in about} == about


def test_a_refresh_does_not_make_a_login_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    app = guarded(make_app(STORE="memory"), max_age=60)

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(refresh_tokens().access_token)

    with app.app_context():
        pair = login_user("alice")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 120)
    later = app.test_client().post("/refresh", headers=bearer(pair.refresh_token)).json
    assert said(app, later) == OLD


def test_a_refusal_carries_the_challenge_if_challenges_are_on() -> None:
    app = guarded(make_app(WWW_AUTHENTICATE=True), max_age=300, acr="gold platinum")
    answer = app.test_client().get("/view", headers=bearer(made(app)))
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", '
        'error_description="A more recent login is required", '
        'max_age="300", acr_values="gold platinum"'
    )


def test_a_loader_answers_instead() -> None:
    app = guarded(make_app(), acr="gold")
    manager = app.extensions["flask-jwt-extended"]
    manager.insufficient_login_loader(lambda header, data: (jsonify(data["sub"]), 418))
    assert said(app, made(app)) == (418, "alice")


def test_the_exception_says_what_is_asked_for() -> None:
    app = make_app()
    with (
        app.test_request_context(headers=bearer(made(app))),
        pytest.raises(InsufficientLoginError) as raised,
    ):
        verify_jwt_in_request(max_age=timedelta(minutes=1), acr=["gold", "platinum"])
    error = raised.value
    assert (error.max_age, error.acr, error.jwt_data["sub"]) == (60, ("gold", "platinum"), "alice")


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"max_age": 0}, ValueError, "max_age must be more than zero"),
        ({"max_age": -1}, ValueError, "max_age must be more than zero"),
        ({"max_age": float("nan")}, ValueError, "max_age must be more than zero"),
        ({"max_age": True}, TypeError, "max_age must be a timedelta or seconds, not a bool"),
        ({"max_age": "5m"}, TypeError, "max_age must be a timedelta or seconds, not a str"),
        ({"acr": []}, ValueError, "acr must name a class of login"),
        ({"acr": ""}, ValueError, "acr must name a class of login"),
        ({"acr": 1}, TypeError, "acr must be a string or an iterable of strings"),
    ],
)
def test_a_mistake_shows_when_the_view_is_decorated(
    asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        jwt_required(**asked)


@pytest.mark.parametrize(
    ("about", "error", "message"),
    [
        ({"auth_time": "now"}, TypeError, "auth_time must be a datetime or a Unix time"),
        ({"auth_time": -1}, ValueError, "auth_time must not be before 1970"),
        ({"acr": ["gold"]}, TypeError, "acr must be a string, not a list"),
        ({"acr": ""}, ValueError, "acr must be one name"),
        ({"amr": 5}, TypeError, "amr must be a string or an iterable of strings"),
    ],
)
def test_a_token_says_nothing_without_meaning(
    about: dict[str, Any], error: type[Exception], message: str
) -> None:
    with make_app().app_context(), pytest.raises(error, match=message):
        create_access_token("alice", **about)
