"""Runs the table of requests and answers that every face shares, with Flask's statuses.

The table covers the engine's strict rules, so ``JWT_TOLERATE = []`` turns them on.
"""

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from support import sign

from jwt_extended.flask import (
    JWTManager,
    get_jwt_identity,
    get_jwt_request_location,
    jwt_required,
    revoke_token,
)

FILE = Path(__file__).parents[2] / "crates/jwt-extended/conformance/requests.json"
TABLE = json.loads(FILE.read_text())
GUARDS: dict[str, dict[str, Any]] = {
    "access": {},
    "fresh": {"fresh": True},
    "refresh": {"refresh": True},
    "any": {"verify_type": False},
    "optional": {"optional": True},
    "scoped": {"scopes": "read:orders"},
    "step_up": {"max_age": timedelta(seconds=3_155_760_000), "acr": "gold"},
}

BYTES = "Invalid token type. Token must be a <class 'bytes'>"

#: PyJWT's own messages, which clients of upstream know.
PYJWT_SAYS = {
    "refused token: crit_empty": "Invalid 'crit' header: must be a non-empty list",
    "refused token: payload_text": (
        "Invalid payload string: Expecting value: line 1 column 1 (char 0)"
    ),
    "refused token: payload_trailing": (
        "Invalid payload string: Extra data: line 1 column 189 (char 188)"
    ),
    "a token with a fourth segment": "Invalid payload padding",
    "two thousand dots": "Invalid header string: Expecting value: line 1 column 1 (char 0)",
    "refused audience: aud_empty": 'Token is missing the "aud" claim',
    "a JSON body whose token is a number": BYTES,
}

#: Requests that Flask or upstream read differently than the engine, with their answers.
SEEN_OTHERWISE: dict[str, tuple[int, Any]] = {
    # An identity keeps the type of the claim.
    "a number as subject, where that is allowed": (200, {"subject": 7, "location": "headers"}),
    # WSGI joins headers of the same name with commas, which breaks cookies.
    "cookies in two headers": (401, {"msg": 'Missing cookie "access_token_cookie"'}),
    "two cookies of one name, in two headers": (422, {"msg": "Invalid payload padding"}),
    # With `verify_type=False`, upstream only reads one of the two cookies.
    "any type: only the refresh cookie": (401, {"msg": 'Missing cookie "access_token_cookie"'}),
    # Werkzeug reads the first of two fields, and Python's json the last of two members.
    "two form fields": (200, {"subject": "alice", "location": "cookies"}),
    "a JSON body that is two keys": (200, {"subject": "alice", "location": "json"}),
    # For upstream, a falsy token is a missing token.
    "a JSON body whose token is an object": (
        401,
        {"msg": 'Missing "access_token" key in json data.'},
    ),
}


@cache
def app_of(config: str) -> Flask:
    """Return an app with the table's options of this name."""
    app = Flask(config)
    app.config.update({f"JWT_{name.upper()}": v for name, v in TABLE["configs"][config].items()})
    app.config.update(
        JWT_SECRET_KEY=TABLE["secret"],
        JWT_LONGEST_LIFETIME=False,
        JWT_STORE="memory",
        JWT_TOLERATE=[],
        JWT_WWW_AUTHENTICATE=True,
        JWT_COOKIE_SECURE=True,
    )
    app.config.setdefault("JWT_MAX_TOKEN_LENGTH", 8192)
    app.config.setdefault("JWT_CSRF_REFUSE_CROSS_SITE", True)
    JWTManager(app)

    def view() -> Any:
        return jsonify(subject=get_jwt_identity(), location=get_jwt_request_location())

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    for name, asked in GUARDS.items():
        app.add_url_rule(f"/{name}", name, jwt_required(**asked)(view), methods=methods)
    with app.app_context():
        for jti in TABLE["revoked_tokens"]:
            revoke_token({"jti": jti, app.config["JWT_IDENTITY_CLAIM"]: "alice"})
        # `revoked_sessions` need no action: a session that was never opened counts as ended.
    return app


def filled(text: str) -> str:
    """Return a text with the names of tokens replaced by the tokens."""
    for name, recipe in TABLE["tokens"].items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", recipe.get("text") or made(recipe))
    return text


def made(recipe: dict[str, str]) -> str:
    """Return a token of the table's own apps."""
    secret = TABLE["secret" if recipe["key"] == "secret" else "other_secret"]
    return sign(recipe["header"], recipe["payload"], secret)


def test_case_names_are_unique_and_exceptions_have_a_case() -> None:
    names = [case["name"] for case in TABLE["cases"]]
    assert len(set(names)) == len(names) > 200
    assert {*PYJWT_SAYS, *SEEN_OTHERWISE} <= set(names)


@pytest.mark.parametrize("case", TABLE["cases"], ids=[case["name"] for case in TABLE["cases"]])
def test_flask_answers_as_the_table_says(case: dict[str, Any]) -> None:
    answer = (
        app_of(case["config"])
        .test_client(use_cookies=False)
        .open(
            f"/{case['guard']}",
            method=case["method"],
            headers=[(name, filled(value)) for name, value in case.get("headers", [])],
            query_string=filled(case.get("query") or ""),
            data=filled(case.get("body") or ""),
        )
    )
    if seen := SEEN_OTHERWISE.get(case["name"]):
        assert (answer.status_code, answer.json) == seen
        return
    expected = case["answer"]
    assert answer.status_code == case.get("flask_status", expected["status"])
    if case["method"] == "HEAD":
        return
    if "msg" in expected:
        message = PYJWT_SAYS.get(case["name"], expected["msg"])
        assert list(answer.json.values()) == [message]
        if message == expected["msg"]:
            assert answer.headers["WWW-Authenticate"] == expected["challenge"]
    else:
        assert answer.json == {name: expected[name] for name in ("subject", "location")}
