"""Logging out, and cookies that are no longer good: the views that users write."""

from typing import Any

import pytest
from browsers import COOKIES, FOREIGN, an_app, an_expired, cleared, open_sessions
from support import SECRET, bearer, claims, sign

from jwt_extended.flask import (
    end_all_sessions,
    get_jwt_identity,
    jwt_required,
    logout_user,
    revoke_token,
)


def test_an_expired_token_logs_out() -> None:
    app = an_app()
    client = app.test_client()
    pair = client.post("/login").json
    expired = an_expired(pair, client)
    assert client.get("/guarded", headers=bearer(expired)).status_code == 401
    client.set_cookie("access_token_cookie", expired)
    response = client.get("/logout")
    assert (response.status_code, cleared(response), open_sessions(app)) == (200, COOKIES, 0)


def test_a_second_logout_succeeds_and_clears_the_cookies() -> None:
    app = an_app()
    client = app.test_client()
    pair = client.post("/login").json
    other = app.test_client()
    other.set_cookie("access_token_cookie", pair["access_token"])
    assert client.get("/logout").status_code == 200
    response = other.get("/logout")
    assert (response.status_code, cleared(response)) == (200, COOKIES)


def test_a_rejected_logout_clears_the_cookies() -> None:
    app = an_app()
    client = app.test_client()
    client.set_cookie("access_token_cookie", "garbage")
    response = client.get("/logout")
    assert (response.status_code, cleared(response)) == (422, COOKIES)
    for site, clears in (("same-origin", COOKIES), ("cross-site", set())):
        response = app.test_client().post("/logout", headers={"Sec-Fetch-Site": site})
        assert (response.status_code, cleared(response)) == (401, clears)


def test_a_forged_logout_ends_and_clears_nothing() -> None:
    app = an_app()
    client = app.test_client()
    client.post("/login")
    response = client.post("/logout")
    assert (response.json, cleared(response)) == ({"msg": "Missing CSRF token"}, set())
    assert open_sessions(app) == 1


def test_a_logout_needs_a_store() -> None:
    app = an_app(STORE=None)
    context = app.test_request_context(headers=bearer(sign({"alg": "HS256"}, claims())))
    with context, pytest.raises(RuntimeError, match="JWT_STORE"):
        logout_user()


def test_a_lenient_page_clears_a_stale_cookie() -> None:
    app = an_app()
    client = app.test_client()
    pair = client.post("/login").json
    assert client.get("/page").json == "alice"
    stale = app.test_client()
    for cookie in (an_expired(pair, client), "garbage"):
        stale.set_cookie("access_token_cookie", cookie)
        response = stale.get("/page")
        access = {"access_token_cookie", "csrf_access_token"}
        assert (response.json, cleared(response)) == (None, access), "the refresh token may be good"
        assert "no-store" in response.headers["Cache-Control"]
    client.get("/logout")
    stale.set_cookie("access_token_cookie", pair["access_token"])
    response = stale.get("/page")
    assert (response.json, cleared(response)) == (None, COOKIES)
    assert app.test_client().get("/page").headers.getlist("Set-Cookie") == []
    for header in (pair["access_token"], "garbage"):
        assert app.test_client().get("/page", headers=bearer(header)).status_code in (401, 422)


def test_a_key_loader_is_not_asked_about_garbage() -> None:
    app = an_app(CLEAR_REJECTED_COOKIES=True)
    app.extensions["flask-jwt-extended"].decode_key_loader(lambda *_: SECRET)
    access = {"access_token_cookie", "csrf_access_token"}
    for path, answer in (("/page", 200), ("/guarded", 422)):
        client = app.test_client()
        client.set_cookie("access_token_cookie", "garbage")
        response = client.get(path)
        assert (response.status_code, cleared(response)) == (answer, access)


def test_a_rejection_clears_useless_cookies_if_the_app_wants_it() -> None:
    for wanted in (False, True):
        app = an_app(CLEAR_REJECTED_COOKIES=wanted)
        client = app.test_client()
        client.set_cookie("access_token_cookie", "garbage")
        access = {"access_token_cookie", "csrf_access_token"} if wanted else set()
        assert cleared(client.get("/guarded")) == access
        pair = client.post("/login").json
        client.get("/logout")
        client.set_cookie("access_token_cookie", pair["access_token"])
        assert cleared(client.get("/guarded")) == (COOKIES if wanted else set())


def test_a_replayed_cookie_is_cleared_if_the_app_wants_it() -> None:
    client = an_app(CLEAR_REJECTED_COOKIES=True, REFRESH_GRACE=0).test_client()
    client.post("/login")
    csrf = {"X-CSRF-TOKEN": client.get_cookie("csrf_refresh_token").value}
    assert client.post("/refresh", headers=csrf).status_code == 200
    response = client.post("/refresh", headers=csrf)
    assert (response.status_code, cleared(response)) == (401, COOKIES)


def test_a_login_replaces_the_session_of_the_same_browser() -> None:
    app = an_app()
    client = app.test_client()
    for _ in range(3):
        client.post("/login")
    app.test_client().post("/login")
    assert open_sessions(app) == 2


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        ('{"id": 1}', {"id": 1}),
        ("1e2", 100.0),
        ('"Jos\\u00e9"', "José"),
        ("true", True),
        ("[1, 2]", [1, 2]),
    ],
)
def test_a_revocation_finds_an_identity_in_any_json(written: str, identity: Any) -> None:
    app = an_app(VERIFY_SUB=False)
    members = ", ".join(f'"{name}": {value}' for name, value in _raw(written).items())
    text = sign('{"alg":"HS256","typ":"JWT"}', "{" + members + "}")

    @app.post("/everywhere")
    @jwt_required()
    def everywhere() -> Any:
        assert get_jwt_identity() == identity
        end_all_sessions()
        return "done"

    client = app.test_client()
    assert client.post("/everywhere", headers=bearer(text)).status_code == 200
    assert client.post("/everywhere", headers=bearer(text)).status_code == 401


def _raw(subject: str) -> dict[str, Any]:
    """Return the claims of a token as JSON texts, with this one for the subject."""
    texts = {name: value for name, value in claims(sub="x").items() if name != "fresh"}
    raw = {name: f'"{value}"' if isinstance(value, str) else value for name, value in texts.items()}
    return {**raw, "fresh": "false", "sub": subject}


def test_a_value_and_its_text_are_different_users() -> None:
    app = an_app(VERIFY_SUB=False)
    one, text = sign({"alg": "HS256"}, claims(sub=1)), sign({"alg": "HS256"}, claims(sub="1"))
    client = app.test_client()
    with app.app_context():
        end_all_sessions(1)
    assert client.get("/guarded", headers=bearer(one)).status_code == 401
    assert client.get("/guarded", headers=bearer(text)).status_code == 200


def test_the_sid_of_another_issuer_is_no_session_of_ours() -> None:
    app = an_app()

    @app.post("/revoke")
    @jwt_required()
    def revoke() -> Any:
        revoke_token()
        return "done"

    client = app.test_client()
    for path, jti in (("/logout", "one"), ("/revoke", "two")):
        text = sign({"alg": "HS256"}, claims(sid=FOREIGN, jti=jti))
        assert client.get("/guarded", headers=bearer(text)).status_code == 200
        assert client.post(path, headers=bearer(text)).status_code == 200
        assert client.get("/guarded", headers=bearer(text)).status_code == 401
