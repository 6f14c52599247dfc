"""An app with a store and views to log in, refresh and log out."""

from collections.abc import Callable
from typing import Any

from flask import Flask, jsonify
from support import bearer, guarded_app

from jwt_extended.flask import (
    TokenPair,
    create_access_token,
    end_all_sessions,
    get_jwt_identity,
    get_jwt_session,
    jwt_required,
    login_user,
    logout_user,
    revoke_token,
    verify_jwt_in_request,
)

REVOKE: dict[str, Callable[..., None]] = {
    "token": revoke_token,
    "session": logout_user,
    "everywhere": end_all_sessions,
}
REVOKED = (401, {"msg": "Token has been revoked"})


def an_app(setup: Callable[[Any], object] | None = None, **options: Any) -> Flask:
    """Return an app with a store, and views to log in, refresh and log out in three ways."""
    app = guarded_app(setup=setup, **{"STORE": "memory", **options})

    @app.post("/login/<user>")
    def login(user: str) -> Any:
        return jsonify(login_user(user)._asdict())

    @app.post("/renew")
    @jwt_required(refresh=True)
    def renew() -> Any:
        return jsonify(create_access_token(get_jwt_identity(), session=get_jwt_session()))

    @app.post("/logout/<how>")
    @jwt_required(verify_type=False)
    def logout(how: str) -> Any:
        REVOKE[how]()
        return jsonify(session=get_jwt_session())

    @app.get("/hurried")
    @jwt_required(skip_revocation_check=True)
    def hurried() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/hurried-inside")
    def hurried_inside() -> Any:
        verify_jwt_in_request(skip_revocation_check=True)
        return jsonify(get_jwt_identity())

    return app


def login(app: Flask, user: str = "alice") -> TokenPair:
    return TokenPair(**app.test_client().post(f"/login/{user}").json)


def refreshed(app: Flask, pair: TokenPair) -> str:
    answer = app.test_client().post("/renew", headers=bearer(pair.refresh_token))
    assert answer.status_code == 200
    return answer.json


def logout(app: Flask, how: str, value: str) -> Any:
    answer = app.test_client().post(f"/logout/{how}", headers=bearer(value))
    assert answer.status_code == 200
    return answer.json


def said(app: Flask, value: str, path: str = "/any") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value))
    return answer.status_code, answer.get_json(silent=True)


def opens(app: Flask, *values: str) -> list[bool]:
    answers = [said(app, value) for value in values]
    assert all(answer[0] == 200 or answer == REVOKED for answer in answers)
    return [status == 200 for status, _ in answers]
