"""Checks the test helpers where the page about them does not, and runs that page."""

import re
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, redirect
from flask.views import MethodView
from support import guarded_app, make_app

from jwt_extended.flask import (
    create_access_token,
    get_jwt,
    get_jwt_identity,
    get_jwt_request_location,
    get_sessions,
    jwt_refresh_token_required,
    jwt_required,
    verify_jwt_in_request,
)
from jwt_extended.flask.testing import (
    JWTClient,
    auth_headers,
    jwt_client,
    travel,
    travel_to,
    without_protection,
)

PAGE = Path(__file__).parents[1] / "docs" / "testing.md"
COOKIES: dict[str, Any] = {"TOKEN_LOCATION": "cookies"}


def client_of(**options: Any) -> JWTClient:
    return jwt_client(guarded_app(**options))


def statuses(client: JWTClient, *paths: str, method: str = "POST") -> list[int]:
    return [client.open(f"/{path}", method=method).status_code for path in paths]


def test_the_programs_of_the_page_work(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / "test_page.py"
    file.write_text("\n".join(blocks))
    plugin = ["-p", "jwt_extended.pytest_plugin", "-p", "no:cacheprovider"]
    arguments = ["-q", "-W", "error", "--rootdir", str(tmp_path), *plugin, str(file)]
    program = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(re.findall('^def test_', file.read_text(), re.MULTILINE))} passed" in run.stdout


@pytest.mark.parametrize(
    ("module", "unloaded"),
    [("jwt_extended.pytest_plugin", "flask"), ("jwt_extended.flask.testing", "pytest")],
)
def test_a_module_loads_only_what_it_needs(module: str, unloaded: str) -> None:
    program = f"import {module}, sys; sys.exit({unloaded!r} in sys.modules)"
    # Isolated: the tests' folder has the sources of the package beside it, which lack the core.
    subprocess.run([sys.executable, "-I", "-c", program], check=True)


def test_a_login_without_a_manager_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="You must initialize a JWTManager"):
        jwt_client(Flask("an_app")).login("alice")


def test_a_client_sends_each_view_its_token() -> None:
    client = client_of()
    client.login("alice", fresh=True)
    assert statuses(client, "access", "fresh", "refresh", "optional") == [200] * 4
    client.login("alice", refresh=True)
    assert statuses(client, "access", "refresh") == [422, 200]
    client.logout()
    assert statuses(client, "access", "refresh", "optional") == [401, 401, 200]


def test_a_client_sends_cookies_with_their_csrf_values() -> None:
    for more in ({}, {"CSRF_IN_COOKIES": False}, {"COOKIE_CSRF_PROTECT": False}):
        client = client_of(**COOKIES, **more)
        client.login("alice")
        assert statuses(client, "access", "refresh") == [200, 200]
        assert statuses(client, "access", "refresh", method="GET") == [200, 200]
        client.logout()
        assert statuses(client, "access", "refresh") == [401, 401]


def test_a_login_with_the_refresh_token_sets_no_other_cookie() -> None:
    client = client_of(**COOKIES)
    client.login("alice", refresh=True)
    assert client.get_cookie("access_token_cookie") is None
    assert statuses(client, "access", "refresh") == [401, 200]


@pytest.mark.parametrize("text", ["no token", "a.W10.c", "a.x.c"])
def test_a_test_may_set_a_cookie_that_is_no_token(text: str) -> None:
    client = client_of(**COOKIES)
    client.set_cookie("access_token_cookie", text)
    assert statuses(client, "access", method="GET") == [422]
    assert statuses(client, "access", method="POST") == [401]


def test_a_host_that_is_not_trusted_is_answered() -> None:
    app = guarded_app()
    client = jwt_client(app)
    client.login("alice")
    app.config["TRUSTED_HOSTS"] = ["a.example"]
    assert statuses(client, "access") == [400]


def test_a_client_follows_the_options_of_cookies() -> None:
    options = {name: f"X-{name}" for name in ("ACCESS_CSRF_HEADER_NAME", "REFRESH_COOKIE_NAME")}
    paths = {"REFRESH_COOKIE_PATH": "/refresh", "REFRESH_CSRF_COOKIE_PATH": "/refresh"}
    client = client_of(**COOKIES, **options, **paths, COOKIE_DOMAIN=".localhost")
    client.login("alice")
    assert statuses(client, "access", "refresh") == [200, 200]
    client.logout()
    assert statuses(client, "access", "refresh") == [401, 401]


def test_a_client_follows_the_options_of_headers() -> None:
    client = client_of(HEADER_NAME="X-Token", HEADER_TYPE="")
    client.login("alice")
    assert statuses(client, "access") == [200]
    assert client.get("/access", headers={"X-Token": "mine"}).status_code == 422


def test_a_location_is_chosen_among_those_of_the_app() -> None:
    client = client_of(TOKEN_LOCATION=["headers", "cookies"])
    client.login("alice", location="cookies")
    assert statuses(client, "in-cookie", "in-header") == [200, 401]
    client.login("alice")
    assert statuses(client, "in-cookie", "in-header") == [401, 200]
    with pytest.raises(RuntimeError, match='does not contain "cookies"'):
        client_of().login("alice", location="cookies")
    with pytest.raises(RuntimeError, match="neither"):
        client_of(TOKEN_LOCATION="json").login("alice")


def test_a_failed_login_changes_nothing() -> None:
    client = client_of()
    client.login("alice")
    with pytest.raises(RuntimeError, match="JWT_STORE"):
        client.login("bob", revoked=True)
    assert client.get("/access").json["identity"] == "alice"


def test_expired_tokens_have_just_expired() -> None:
    client = client_of(DECODE_LEEWAY=30, STORE="memory", ACCESS_TOKEN_EXPIRES=timedelta(hours=2))
    client.login("alice", expired=True)
    assert client.get("/access").json == {"msg": "Token has expired"}
    assert statuses(client, "refresh") == [200]
    client.login("alice", expired=True, refresh=True)
    assert client.get("/refresh").json == {"msg": "Token has expired"}
    with pytest.raises(RuntimeError, match="never expire"):
        client_of(ACCESS_TOKEN_EXPIRES=False).login("alice", expired=True)


def test_revoked_tokens_are_revoked_alone() -> None:
    client = client_of(**COOKIES, STORE="memory")
    client.login("alice", revoked=True)
    assert client.get("/access").json == {"msg": "Token has been revoked"}
    assert statuses(client, "refresh") == [200]
    client.login("alice", revoked=True, expired=True)
    assert client.get("/access").json == {"msg": "Token has expired"}


def test_a_login_leaves_the_session_of_a_kept_request_alone() -> None:
    app = guarded_app(STORE="memory")
    with jwt_client(app) as client:
        client.login("alice")
        assert client.get("/access").status_code == 200
        client.login("alice")
        with app.app_context():
            assert len(get_sessions("alice")) == 2
        assert get_jwt_identity() == "alice"


def test_a_login_takes_a_user_where_the_app_does() -> None:
    def setup(manager: Any) -> None:
        manager.user_identity_loader(lambda user: user["id"])

    client = client_of(setup=setup)
    client.login({"id": "7"}, additional_claims={"role": "admin"})
    said = client.get("/access").json
    assert (said["identity"], said["jwt"]["role"]) == ("7", "admin")


def test_views_in_classes_get_their_tokens_too() -> None:
    app = make_app()

    class Tokens(MethodView):
        @jwt_required()
        def get(self) -> Any:
            return jsonify(get_jwt()["type"])

        @jwt_required(refresh=True)
        def post(self) -> Any:
            return jsonify(get_jwt()["type"])

    class Next(MethodView):
        decorators = (jwt_required(refresh=True),)

        def get(self) -> Any:
            return jsonify(get_jwt()["type"])

    app.add_url_rule("/tokens", view_func=Tokens.as_view("tokens"))
    app.add_url_rule("/next", view_func=Next.as_view("next"))
    client = jwt_client(app)
    client.login("alice")
    answers = client.get("/tokens"), client.post("/tokens"), client.get("/next")
    assert [answer.json for answer in answers] == ["access", "refresh", "refresh"]
    assert client.get("/missing").status_code == 404


def test_a_redirect_gets_the_token_of_its_view() -> None:
    app = guarded_app()
    app.add_url_rule("/to", view_func=jwt_required(refresh=True)(lambda: redirect("/access")))
    client = jwt_client(app)
    client.login("alice")
    assert client.get("/to", follow_redirects=True).json["identity"] == "alice"


def test_another_user_leaves_the_client_alone() -> None:
    app = guarded_app(**COOKIES)
    app.test_client_class = JWTClient
    client = app.test_client()
    assert isinstance(client, JWTClient)
    client.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    client.login("alice")
    with client.as_("bob") as bob:
        assert bob.get("/access").json["identity"] == "bob"
        assert bob.environ_base["REMOTE_ADDR"] == "10.0.0.1"
    assert client.get("/access").json["identity"] == "alice"


def test_a_client_may_be_without_cookies() -> None:
    app = guarded_app(TOKEN_LOCATION=["headers", "cookies"])
    app.test_client_class = JWTClient
    client = app.test_client(use_cookies=False)
    assert isinstance(client, JWTClient)
    assert statuses(client, "access") == [401]
    client.login("alice")
    assert statuses(client, "access") == [200]
    assert statuses(client.as_("bob"), "access") == [200]
    with pytest.raises(TypeError, match="use_cookies"):
        client.login("alice", location="cookies")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_guards_of_3_x_get_their_tokens_and_open_too() -> None:
    for more in ({}, {"INTERFACE_VERSION": 3}):
        app = make_app(**more)
        app.testing = True
        view = jwt_refresh_token_required(lambda: jsonify(get_jwt_identity()))
        app.add_url_rule("/refresh", view_func=view)
        client = jwt_client(app)
        client.login("alice")
        assert client.get("/refresh").json == "alice"
        with without_protection(app, "bob"):
            assert client.get("/refresh").json == "bob"


def test_headers_suit_any_client() -> None:
    for options in ({}, COOKIES, {**COOKIES, "COOKIE_CSRF_PROTECT": False}):
        app = guarded_app(**options)
        client = app.test_client(use_cookies=False)
        for path, more in (("access", {}), ("refresh", {"refresh": True})):
            headers = auth_headers(app, "alice", **more)
            assert client.post(f"/{path}", headers=headers).status_code == 200


def test_travels_add_up_and_end() -> None:
    start = time.time()
    with travel(hours=1), travel(minutes=-30, seconds=1):
        assert time.time() - start == pytest.approx(1801, abs=60)
    with pytest.raises(KeyError), travel(days=1):
        raise KeyError
    assert time.time() - start == pytest.approx(0, abs=60)


def test_a_moment_has_a_timezone() -> None:
    moment = datetime(2031, 5, 6, tzinfo=timezone.utc)
    for same in (moment, moment.timestamp()):
        with travel_to(same):
            assert time.time() - moment.timestamp() == pytest.approx(0, abs=60)
    with pytest.raises(ValueError, match="timezone"), travel_to(moment.replace(tzinfo=None)):
        pass


def test_guards_are_only_opened_under_test() -> None:
    app = guarded_app()
    with pytest.raises(RuntimeError, match="for tests"), without_protection(app):
        pass
    app.testing = True
    with without_protection(app, "alice"):
        assert app.test_client().get("/fresh").json["identity"] == "alice"
        app.testing = False
        assert app.test_client().get("/fresh").status_code == 401
    app.testing = True
    assert app.test_client().get("/fresh").status_code == 401


def test_open_guards_admit_whoever_the_test_names() -> None:
    app = guarded_app(PROTECT_BY_DEFAULT=True, STORE="memory")
    app.testing = True

    @app.get("/inside")
    def inside() -> Any:
        verify_jwt_in_request(fresh=True, scopes="a")
        get_jwt()["changed"] = True
        return jsonify(get_jwt_identity(), get_jwt_request_location())

    client, other = app.test_client(), guarded_app()
    with without_protection(app):
        assert client.get("/inside").json == [None, None]
        with without_protection(app, "alice", additional_claims={"role": "x"}):
            assert client.get("/inside").json == ["alice", "headers"]
            said = client.post("/access").json["jwt"]
            assert (said["role"], said.get("changed")) == ("x", None)
        assert client.get("/refresh").json["identity"] is None
        assert other.test_client().get("/access").status_code == 401
    assert client.get("/inside").status_code == 401


def test_open_guards_find_the_user() -> None:
    def setup(manager: Any) -> None:
        manager.user_lookup_loader(lambda header, claims: None)

    app = guarded_app(setup=setup)
    app.testing = True
    with without_protection(app, "nobody"):
        assert app.test_client().get("/access").status_code == 401


def test_the_apps_own_tokens_may_be_sent_too() -> None:
    app = guarded_app()
    with app.app_context():
        mine = create_access_token("bob")
    client = jwt_client(app)
    client.login("alice")
    headers = {"Authorization": f"Bearer {mine}"}
    assert client.get("/access", headers=headers).json["identity"] == "bob"
