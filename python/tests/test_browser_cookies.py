"""Cookies that are renewed, partitioned, or of several domains."""

from typing import Any

import pytest
from browsers import ALWAYS, an_app
from flask import jsonify, make_response
from support import bearer

from jwt_extended.flask import (
    create_access_token,
    end_all_sessions,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    logout_user,
    set_access_cookies,
    unset_jwt_cookies,
)


def test_an_access_cookie_is_renewed_in_its_session() -> None:
    client = an_app(RENEW_ACCESS_COOKIE_WITHIN=ALWAYS).test_client()
    client.post("/login")
    old = client.get_cookie("access_token_cookie").value
    seen = client.get("/guarded").json
    renewed = client.get_cookie("access_token_cookie").value
    assert renewed != old
    now = client.get("/guarded").json
    assert (now["sid"], now["csrf"], now["fresh"]) == (seen["sid"], seen["csrf"], False)
    assert "Set-Cookie" not in client.get("/guarded", headers=bearer(renewed)).headers


def test_a_cookie_that_lives_on_is_not_renewed() -> None:
    client = an_app(RENEW_ACCESS_COOKIE_WITHIN=60).test_client()
    client.post("/login")
    assert "Set-Cookie" not in client.get("/guarded").headers


def test_a_renewal_brings_no_session_back() -> None:
    app = an_app(RENEW_ACCESS_COOKIE_WITHIN=ALWAYS)

    @app.get("/leave")
    @jwt_required()
    def leave() -> Any:
        logout_user()
        return "bye"

    @app.get("/end")
    @jwt_required()
    def end() -> Any:
        end_all_sessions()
        return "bye"

    for path in ("/leave", "/end"):
        client = app.test_client()
        client.post("/login")
        lines = client.get(path).headers.getlist("Set-Cookie")
        assert all("01 Jan 1970" in line for line in lines), path


def test_a_token_on_the_apps_blocklist_is_not_renewed() -> None:
    app = an_app(RENEW_ACCESS_COOKIE_WITHIN=ALWAYS, STORE=None)
    revoked: list[str] = []
    manager = app.extensions["flask-jwt-extended"]
    manager.token_in_blocklist_loader(lambda _header, data: data["jti"] in revoked)

    @app.get("/revoke")
    @jwt_required()
    def revoke() -> Any:
        revoked.append(get_jwt()["jti"])
        return "bye"

    client = app.test_client()
    client.post("/login")
    assert client.get("/revoke").headers.getlist("Set-Cookie") == []


def test_a_renewal_that_fails_does_not_fail_the_request() -> None:
    app = an_app(RENEW_ACCESS_COOKIE_WITHIN=ALWAYS)
    client = app.test_client()
    client.post("/login")

    @app.extensions["flask-jwt-extended"].additional_claims_loader
    def fails(_identity: Any) -> Any:
        raise ValueError("no claims today")

    assert client.get("/guarded").status_code == 200


def test_a_renewed_token_is_not_stored_by_caches() -> None:
    app = an_app(RENEW_ACCESS_COOKIE_WITHIN=ALWAYS)

    @app.get("/public")
    @jwt_required()
    def public() -> Any:
        return "page", 200, {"Cache-Control": "public, max-age=60"}

    client = app.test_client()
    client.post("/login")
    assert client.get("/public").headers["Cache-Control"] == "no-store"


def test_upstreams_recipe_of_renewal_joins_the_session() -> None:
    app = an_app()

    @app.after_request
    def renew(response: Any) -> Any:
        try:
            token = create_access_token(identity=get_jwt_identity())
        except RuntimeError:
            return response
        set_access_cookies(response, token)
        return response

    client = app.test_client()
    pair = client.post("/login").json
    client.get("/guarded")
    renewed = client.get_cookie("access_token_cookie").value
    assert renewed != pair["access_token"]
    assert app.test_client().get("/logout", headers=bearer(pair["access_token"])).status_code == 200
    assert app.test_client().get("/guarded", headers=bearer(renewed)).status_code == 401


def test_a_token_joins_a_session_only_for_the_same_user() -> None:
    app = an_app()

    @app.post("/make")
    @jwt_required()
    def make() -> Any:
        both = [create_access_token("alice", session=False), create_access_token("bob")]
        return jsonify([create_access_token("alice"), *both])

    client = app.test_client()
    pair = client.post("/login").json
    made = client.post("/make", headers=bearer(pair["access_token"])).json
    sids = [client.get("/guarded", headers=bearer(token)).json.get("sid") for token in made]
    own = client.get("/guarded", headers=bearer(pair["access_token"])).json["sid"]
    assert sids == [own, None, None]


def test_cookies_are_partitioned_when_set_and_cleared() -> None:
    app = an_app(COOKIE_PARTITIONED=True, COOKIE_SECURE=True)
    response = app.test_client().post("/login")
    with app.test_request_context():
        unset_jwt_cookies(gone := make_response(""))
    for answer in (response, gone):
        lines = answer.headers.getlist("Set-Cookie")
        assert len(lines) == 4
        assert all(line.endswith("; Partitioned") for line in lines)


def test_cookies_of_former_domains_are_cleared() -> None:
    app = an_app(COOKIE_DOMAIN="example.com", FORMER_COOKIE_DOMAINS=["old.example.com"])
    lines = app.test_client().post("/login").headers.getlist("Set-Cookie")
    gone = [line for line in lines if "01 Jan 1970" in line]
    assert len(lines) == 12
    assert len(gone) == 8
    assert sum("Domain=old.example.com" in line for line in gone) == 4
    assert sum("Domain" not in line for line in gone) == 4, "those of the host alone"


def test_a_login_clears_a_host_cookie_beside_the_one_of_a_domain() -> None:
    app = an_app(COOKIE_DOMAIN="example.com")
    assert len(app.test_client().post("/login").headers.getlist("Set-Cookie")) == 4
    twice = {"Cookie": "access_token_cookie=a; access_token_cookie=b"}
    lines = (
        app.test_client(use_cookies=False)
        .post("/login", headers=twice)
        .headers.getlist("Set-Cookie")
    )
    assert sum("01 Jan 1970" in line and "Domain" not in line for line in lines) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"COOKIE_PARTITIONED": True}, "JWT_COOKIE_PARTITIONED needs JWT_COOKIE_SECURE"),
        ({"RENEW_ACCESS_COOKIE_WITHIN": "soon"}, "JWT_RENEW_ACCESS_COOKIE_WITHIN must be"),
        ({"RENEW_ACCESS_COOKIE_WITHIN": 0}, "JWT_RENEW_ACCESS_COOKIE_WITHIN must be"),
        ({"FORMER_COOKIE_DOMAINS": ["no host!"]}, "former_cookie_domains"),
    ],
)
def test_unusable_options_of_cookies_are_rejected(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RuntimeError, match="(?i)" + said):
        an_app(**options)
