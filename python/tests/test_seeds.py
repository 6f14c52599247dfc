"""Runs two published examples unchanged, with a real server and a real client.

They use the interface of Flask-JWT-Extended 3, and run twice: with one import line changed, and
unchanged under upstream's name. Each server is a separate process with Python's default warnings.
"""

import subprocess
import sys
from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

PROGRAMS = Path(__file__).parent / "programs"
OURS, UPSTREAM = "jwt_extended.flask", "flask_jwt_extended"
BOB = {"username": "bob", "password": "asdf"}
MISSING_CSRF = (401, {"msg": "Missing CSRF token"})

SERVE = """
import sys
from pathlib import Path
from waitress import create_server

path, package = sys.argv[1:]
if package == "flask_jwt_extended":
    from jwt_extended.flask import install_as_flask_jwt_extended
    install_as_flask_jwt_extended()
source = Path(path).read_text(encoding="utf-8")
assert source.count("\\nfrom jwt_extended.flask import (") == 1
source = source.replace("\\nfrom jwt_extended.flask import (", f"\\nfrom {package} import (")
program = {"__name__": "program"}
exec(compile(source, path, "exec"), program)
server = create_server(program["app"], host="127.0.0.1", port=0)
print(server.effective_port, flush=True)
server.run()
"""


class Server(NamedTuple):
    url: str
    log: Path

    def warnings(self, program: str) -> set[str]:
        """Return the deprecation warnings for lines of a program."""
        mark = f"{program}:"
        lines = [line for line in self.log.read_text().splitlines() if mark in line]
        return {line.partition("DeprecationWarning: ")[2] for line in lines} - {""}


def serve(program: str, package: str, folder: Path) -> Iterator[Server]:
    log = folder / "stderr"
    command = [sys.executable, "-W", "default::DeprecationWarning", "-c", SERVE]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [*command, str(PROGRAMS / program), package],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            assert port, log.read_text()
            yield Server(f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()


@pytest.fixture(scope="module", params=[OURS, UPSTREAM])
def class_based_views(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("class_based_views")
    yield from serve("class_based_views.py", request.param, folder)


@pytest.fixture(scope="module", params=[OURS, UPSTREAM])
def one_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    yield from serve("one_file.py", request.param, tmp_path_factory.mktemp("one_file"))


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy for 127.0.0.1
        yield session


def said(answer: requests.Response) -> tuple[int, object]:
    return answer.status_code, answer.json()


class TestClassBasedViews:
    @pytest.fixture(autouse=True)
    def _server(self, class_based_views: Server, browser: requests.Session) -> None:
        self.server, self.browser = class_based_views, browser

    def ask(self, method: str, path: str, token: str | None = None) -> tuple[int, object]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return said(self.browser.request(method, self.server.url + path, headers=headers))

    def login(self) -> tuple[str, str]:
        tokens = self.browser.post(f"{self.server.url}/login", json=BOB).json()
        assert list(tokens) == ["access_token", "refresh_token"]
        return tokens["access_token"], tokens["refresh_token"]

    @pytest.mark.parametrize("wrong", [{"username": "alice"}, {"password": "ASDF"}])
    def test_a_login_with_a_wrong_name_or_password_is_rejected(self, wrong: dict[str, str]) -> None:
        answer = self.browser.post(f"{self.server.url}/login", json=BOB | wrong)
        assert said(answer) == (401, {"message": "Invalid Credentials!"})

    @pytest.mark.parametrize("field", ["username", "password"])
    def test_a_login_without_a_field_gets_the_parsers_answer(self, field: str) -> None:
        rest = {name: value for name, value in BOB.items() if name != field}
        answer = self.browser.post(f"{self.server.url}/login", json=rest)
        assert said(answer) == (400, {"message": {field: "This field cannot be blank."}})

    def test_the_token_of_a_login_opens_both_levels(self) -> None:
        access_token, _ = self.login()
        assert self.ask("GET", "/protected", access_token) == (200, None)
        assert self.ask("POST", "/protected", access_token) == (200, None)

    def test_a_refreshed_token_is_not_fresh(self) -> None:
        _, refresh_token = self.login()
        status, answer = self.ask("POST", "/refresh", refresh_token)
        assert status == 200
        new_token = answer["access_token"]
        assert self.ask("GET", "/protected", new_token) == (200, None)
        assert self.ask("POST", "/protected", new_token) == (401, {"msg": "Fresh token required"})

    @pytest.mark.parametrize(
        "ask", [("GET", "/protected"), ("POST", "/protected"), ("POST", "/refresh")]
    )
    def test_without_a_token_every_guard_rejects(self, ask: tuple[str, str]) -> None:
        assert self.ask(*ask) == (401, {"msg": "Missing Authorization Header"})

    def test_an_access_token_does_not_refresh(self) -> None:
        access_token, _ = self.login()
        refused = (422, {"msg": "Only refresh tokens are allowed"})
        assert self.ask("POST", "/refresh", access_token) == refused

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_refresh_token_opens_neither_level(self, method: str) -> None:
        _, refresh_token = self.login()
        refused = (422, {"msg": "Only non-refresh tokens are allowed"})
        assert self.ask(method, "/protected", refresh_token) == refused

    def test_a_malformed_token_is_unprocessable(self) -> None:
        assert self.ask("GET", "/protected", "x") == (422, {"msg": "Not enough segments"})

    def test_its_warnings_name_the_replacements(self) -> None:
        assert self.server.warnings("class_based_views.py") == {
            "@jwt_refresh_token_required is the 3.x name; use @jwt_required(refresh=True)",
            "@jwt_required is the 3.x form; use @jwt_required()",
            "@fresh_jwt_required is the 3.x name; use @jwt_required(fresh=True)",
        }


class TestOneFile:
    @pytest.fixture(autouse=True)
    def _server(self, one_file: Server, browser: requests.Session) -> None:
        self.server, self.browser = one_file, browser

    def ask(self, method: str, path: str, csrf: str | None = None) -> tuple[int, object]:
        """Send a request like a page's script, with the CSRF value of a cookie if one is named."""
        headers = {} if csrf is None else {"X-CSRF-TOKEN": self.browser.cookies[csrf]}
        return said(self.browser.request(method, self.server.url + path, headers=headers))

    def login(self, password: str = "testpass") -> requests.Response:
        user = {"username": "testuser", "password": password}
        return self.browser.post(f"{self.server.url}/login", json=user)

    def test_a_wrong_password_sets_no_cookie(self) -> None:
        answer = self.login("adminpass")
        assert said(answer) == (401, {"msg": "Bad username or password"})
        assert "Set-Cookie" not in answer.headers

    def test_scripts_can_read_the_csrf_values_but_not_the_tokens(self) -> None:
        answer = self.login()
        assert said(answer) == (200, {"login": True})
        cookies = cookies_set_by(answer)
        assert {name: bool(cookie["httponly"]) for name, cookie in cookies.items()} == {
            "access_token_cookie": True,
            "csrf_access_token": False,
            "refresh_token_cookie": True,
            "csrf_refresh_token": False,
        }
        for cookie in cookies.values():
            assert (cookie["path"], cookie["secure"], cookie["domain"]) == ("/", "", "")
            # Session cookies, which last until the browser is closed.
            assert (cookie["max-age"], cookie["expires"], cookie["samesite"]) == ("", "", "")

    def test_without_cookies_every_guard_rejects(self) -> None:
        access = (401, {"msg": 'Missing cookie "access_token_cookie"'})
        assert self.ask("GET", "/protected") == access
        assert self.ask("POST", "/logout") == access
        refresh = (401, {"msg": 'Missing cookie "refresh_token_cookie"'})
        assert self.ask("POST", "/refresh") == refresh

    def test_reading_needs_only_the_cookie(self) -> None:
        self.login()
        assert self.ask("GET", "/protected") == (200, {"logged_in_as": "testuser"})

    def test_a_refresh_replaces_only_the_access_cookies(self) -> None:
        self.login()
        before = self.browser.cookies.get_dict()
        assert self.ask("POST", "/refresh") == MISSING_CSRF
        assert self.ask("POST", "/refresh", csrf="csrf_refresh_token") == (200, {"refresh": True})
        after = self.browser.cookies.get_dict()
        changed = {name for name in before if after[name] != before[name]}
        assert changed == {"access_token_cookie", "csrf_access_token"}
        assert self.ask("GET", "/protected") == (200, {"logged_in_as": "testuser"})

    @pytest.mark.parametrize(
        ("path", "foreign"),
        [("/refresh", "csrf_access_token"), ("/logout", "csrf_refresh_token")],
    )
    def test_the_csrf_value_must_match_the_cookie(self, path: str, foreign: str) -> None:
        self.login()
        refused = (401, {"msg": "CSRF double submit tokens do not match"})
        assert self.ask("POST", path, csrf=foreign) == refused

    def test_access_and_refresh_cookies_cannot_be_swapped(self) -> None:
        self.login()
        refresh_token = self.browser.cookies["refresh_token_cookie"]
        self.browser.cookies.clear()
        self.browser.cookies["access_token_cookie"] = refresh_token
        refused = (422, {"msg": "Only non-refresh tokens are allowed"})
        assert self.ask("GET", "/protected") == refused

    def test_after_the_logout_the_old_cookies_are_revoked(self) -> None:
        self.login()
        old = self.browser.cookies.copy()
        assert self.ask("POST", "/logout") == MISSING_CSRF
        assert self.ask("POST", "/logout", csrf="csrf_access_token") == (200, {"logout": True})
        assert self.browser.cookies.get_dict() == {}
        self.browser.cookies = old
        assert self.ask("GET", "/protected") == (401, {"msg": "Token has been revoked"})
        # The refresh token is still valid: the program relies on its expiry, and says so.
        assert self.ask("POST", "/refresh", csrf="csrf_refresh_token") == (200, {"refresh": True})
        assert self.ask("GET", "/protected") == (200, {"logged_in_as": "testuser"})

    def test_its_warnings_name_the_replacements(self) -> None:
        self.login()
        self.ask("POST", "/logout", csrf="csrf_access_token")
        assert self.server.warnings("one_file.py") == {
            "token_in_blacklist_loader is the 3.x name; use token_in_blocklist_loader",
            "@jwt_required is the 3.x form; use @jwt_required()",
            "@jwt_refresh_token_required is the 3.x name; use @jwt_required(refresh=True)",
            "get_raw_jwt() is the 3.x name; use get_jwt()",
        }


def cookies_set_by(answer: requests.Response) -> dict[str, "Morsel[str]"]:
    cookies = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(line)
    return dict(cookies)
