"""Logging out, and cookies that are no longer good: the views that users write."""

import time
from typing import Any

import pytest
from flask import Flask, jsonify, make_response
from flask.testing import FlaskClient
from support import SECRET, bearer, claims, sign

from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    end_all_sessions,
    get_jwt,
    get_jwt_identity,
    get_sessions,
    jwt_required,
    login_user,
    logout_user,
    refresh_tokens,
    revoke_token,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)

COOKIES = {
    "access_token_cookie",
    "csrf_access_token",
    "refresh_token_cookie",
    "csrf_refresh_token",
}
#: Longer than an access token lives, so that each is about to expire.
ALWAYS = 3600
#: The `sid` of another issuer.
FOREIGN = "5f8a3a0e-1d1e-4b0e-8f5e-5b1f0a9c6d7e"


def an_app(**options: Any) -> Flask:
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_STORE"] = "memory"
    app.config.update({f"JWT_{name}": value for name, value in options.items()})
    JWTManager(app)

    @app.post("/login")
    def login() -> Any:
        pair = login_user("alice")
        response = jsonify(pair._asdict())
        set_access_cookies(response, pair.access_token)
        set_refresh_cookies(response, pair.refresh_token)
        return response

    @app.route("/logout", methods=["GET", "POST"])
    def logout() -> Any:
        logout_user()
        return "bye"

    @app.get("/page")
    @jwt_required(optional="lenient")
    def page() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/guarded")
    @jwt_required()
    def guarded() -> Any:
        return jsonify(get_jwt())

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(refresh_tokens().refresh_token)

    @app.get("/sessions")
    @jwt_required(locations="headers")
    def sessions() -> Any:
        return jsonify(len(get_sessions()))

    return app


def cleared(response: Any) -> set[str]:
    lines = response.headers.getlist("Set-Cookie")
    return {line.split("=")[0] for line in lines if "01 Jan 1970" in line}


def an_expired(pair: dict[str, Any], client: FlaskClient) -> str:
    """Return the access token of a pair as it would be an hour later."""
    seen = client.get("/guarded", headers=bearer(pair["access_token"])).json
    past = int(time.time()) - 3600
    return sign(
        {"alg": "HS256", "typ": "JWT"}, {**seen, "iat": past, "nbf": past, "exp": past + 900}
    )


def open_sessions(app: Flask) -> int:
    with app.app_context():
        return len(get_sessions("alice"))


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
