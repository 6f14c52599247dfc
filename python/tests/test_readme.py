"""Runs the programs of the package's README unchanged."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, jsonify
from key_pairs import made, private, public, said
from rotations import LATER, Clock
from support import SECRET, bearer, guarded_app, make_app, status

import jwt_extended.flask as ours
from jwt_extended.flask import JWTManager, jwt_required

README = (Path(__file__).parents[1] / "README.md").read_text()


def program(heading: str) -> str:
    """Return the first Python code under a heading."""
    section = README.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    return section.partition("```python\n")[2].partition("```")[0]


def test_the_program_of_sessions_works(
    store: str, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setenv("JWT_STORE", store)
    names: dict[str, Any] = {"__name__": "app"}
    exec(program("Sessions and revocation"), names)
    # A busy machine may need longer than the default.
    names["app"].config["JWT_STORE_TIMEOUT"] = 60
    client = names["app"].test_client()

    def ask(path: str, token: str, method: str = "POST") -> Any:
        answer = client.open(path, method=method, headers=bearer(token))
        return answer.status_code, answer.json

    def login(device: str) -> Any:
        clock.advance(1)
        headers = {"User-Agent": device}
        return client.post("/login", json={"username": "testuser"}, headers=headers).json

    revoked = (401, {"msg": "Token has been revoked"})
    one, two, three = (login(device) for device in ("phone", "laptop", "desk"))
    code, new = ask("/refresh", one["refresh_token"])
    assert code == 200
    assert ask("/logout", new["access_token"]) == (200, {"logout": True})
    assert ask("/refresh", new["refresh_token"]) == revoked
    code, listed = ask("/sessions", two["access_token"], "GET")
    assert [(each["device"], each["this"]) for each in listed] == [
        ("desk", False),
        ("laptop", True),
    ]
    path = f"/sessions/{listed[0]['id']}"
    ends = [ask(path, two["access_token"], "DELETE") for _ in range(2)]
    assert ends == [(200, {"ended": True}), (200, {"ended": False})]
    assert ask("/sessions", three["access_token"], "GET") == revoked
    login("tablet")
    assert ask("/sessions/end-others", two["access_token"]) == (200, {"ended": 1})
    code, four = ask("/password", two["access_token"])
    assert code == 200
    assert ask("/refresh", two["refresh_token"]) == revoked
    assert ask("/refresh", four["refresh_token"])[0] == 200
    clock.advance(LATER)
    stolen = (401, {"msg": "Somebody else has used your session. Log in again"})
    assert ask("/refresh", four["refresh_token"]) == stolen
    assert ask("/sessions", four["access_token"], "GET") == revoked


def test_the_recipe_for_rotating_keys_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (tmp_path / "2025.pub.pem").write_text(public(old))
    (tmp_path / "2026.pem").write_text(private(new))
    monkeypatch.chdir(tmp_path)
    app = Flask("an_app")
    exec(program("Rotating keys"), {"app": app})
    JWTManager(app)
    app.add_url_rule("/access", view_func=jwt_required()(lambda: {"identity": "seen"}))
    published = jwt.PyJWKSet.from_dict(app.test_client().get("/.well-known/jwks.json").json)

    old_2025 = {"kid": "2025", "algorithm": "ES256"}
    new_2026 = {"kid": "2026", "algorithm": "ES256"}
    before = guarded_app(
        KEY_RING=[{**old_2025, "private_key": old}, {**new_2026, "public_key": public(new)}]
    )
    values = made(before), made(app)
    assert [jwt.get_unverified_header(value)["kid"] for value in values] == ["2025", "2026"]
    for value in values:
        key = published[jwt.get_unverified_header(value)["kid"]]
        assert jwt.decode(value, key, algorithms=["ES256"])["sub"] == "alice"
        assert said(app, value)[0] == said(before, value)[0] == 200


def test_the_program_of_protected_views_works() -> None:
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = SECRET
    code = program("Protected by default").replace("def login(): ...", 'def login(): return "in"')
    exec(code, {"app": app})
    app.add_url_rule("/other", view_func=lambda: "in")
    JWTManager(app)
    client = app.test_client()
    answers = (
        client.post("/login"),
        client.get("/other"),
        client.get("/static/none"),
        client.get("/x"),
    )
    assert [answer.status_code for answer in answers] == [200, 401, 404, 404]


def test_the_program_of_testing_an_app_works() -> None:
    names: dict[str, Any] = {"__name__": "app"}
    exec(README.partition("```python\n")[2].partition("```")[0], names)
    exec(program("Testing an app"), names)


def test_the_readme_lists_valid_tolerances() -> None:
    words = re.findall(
        r"`([a-z_]+)`", README.partition("\n### Strict rules\n")[2].partition("\n## ")[0]
    )
    assert status(guarded_app(TOLERATE=words)) == 401


def test_the_program_of_issuers_names_options_that_exist() -> None:
    app = Flask("an_app")
    names: dict[str, Any] = {"app": app, **vars(ours), "jsonify": jsonify}
    exec(program("Accept tokens of your identity provider"), names)
    JWTManager(app)  # without a key of its own, and without asking the provider
    assert app.test_client().get("/orders").status_code == 401


def test_the_fields_of_an_issuer_are_all_listed() -> None:
    with pytest.raises(RuntimeError, match="unknown field") as raised:
        make_app(ISSUERS=[{"issuer": "https://a.example", "audience": "x", "other": 1}])
    fields = set(re.findall(r"`(\w+)`", str(raised.value).partition("expected")[2]))
    section = README.partition("### Accept tokens of your identity provider")[2]
    table = section.partition("| Field |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == fields


def test_the_program_of_scopes_works() -> None:
    app = make_app()
    names: dict[str, Any] = {"app": app, "timedelta": timedelta, **vars(ours)}
    with app.app_context():
        exec(program("Scopes and recent logins"), names)
    token = names["pair"].access_token
    client = app.test_client()
    app.view_functions["order"] = jwt_required(scopes="write:orders")(lambda: "done")
    assert client.post("/orders", headers=bearer(token)).status_code == 200
    assert client.post("/refunds", headers=bearer(token)).status_code == 403
