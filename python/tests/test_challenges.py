"""``WWW-Authenticate``: how a rejection tells a client what to do (RFC 6750, RFC 9470).

Upstream never sends it, so ``JWT_WWW_AUTHENTICATE`` turns it on. The engine's own tests cover its
syntax. Bodies and statuses stay upstream's.
"""

from typing import Any

import flask_restful
import pytest
from flask import Flask, Response, jsonify
from support import HEADER, SECRET, bearer, guarded_app, sign, token

from jwt_extended.flask import (
    create_access_token,
    decode_token,
    end_all_sessions,
    jwt_required,
    login_user,
)

LOCATIONS = ["headers", "cookies", "query_string", "json"]
COOKIE = {"Cookie": f"access_token_cookie={token()}"}
INVALID = 'Bearer error="invalid_token", error_description="{}"'
MALFORMED = 'Bearer error="invalid_request", error_description="{}"'


def challenged(**options: Any) -> Flask:
    return guarded_app(**{"WWW_AUTHENTICATE": True, **options})


def with_loader(name: str, callback: Any, **options: Any) -> Flask:
    return challenged(setup=lambda manager: getattr(manager, name)(callback), **options)


def ask(app: Flask, value: str | None = None, path: str = "/access", **request: Any) -> Any:
    headers = {**(bearer(value) if value else {}), **request.pop("headers", {})}
    client = app.test_client(use_cookies=False)
    return client.open(path, headers=headers, **{"method": "GET", **request})


def challenges(answer: Any) -> list[str]:
    return answer.headers.getlist("WWW-Authenticate")


# No token: a bare challenge.


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"headers": {"Authorization": ""}},
        {"headers": {"Authorization": "Basic YTpi"}},
        {"headers": {"Authorization": "Bearer one, Bearer two"}},
        {"path": "/fresh"},
        {"path": "/refresh"},
        {"path": "/in-cookie"},
        {"method": "POST", "json": {"access_token": None}},
        {"method": "HEAD"},
    ],
)
def test_no_token_gets_a_bare_challenge_without_an_error_code(request_: dict[str, Any]) -> None:
    answer = ask(challenged(TOKEN_LOCATION=LOCATIONS), **request_)
    assert (answer.status_code, challenges(answer)) == (401, ["Bearer"])


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Missing CSRF token"),
        ({"X-CSRF-TOKEN": "another"}, "CSRF double submit tokens do not match"),
        ({"X-CSRF-TOKEN": "the csrf value", "Sec-Fetch-Site": "cross-site"}, None),
    ],
)
def test_a_missing_csrf_value_gets_a_bare_challenge(
    headers: dict[str, str], message: str | None
) -> None:
    app = challenged(TOKEN_LOCATION=["cookies"], CSRF_REFUSE_CROSS_SITE=True)
    answer = ask(app, method="POST", headers={**COOKIE, **headers})
    assert (answer.status_code, challenges(answer)) == (401, ["Bearer"])
    assert message in (None, answer.json["msg"])


# A token that is rejected.

BAD_TOKENS = [
    ("garbage", "Not enough segments"),
    ("a.b.c.d", "Too many segments"),
    ("e" * 70_000, "The token is longer than 65536 bytes"),
    (sign({"alg": "none"}, {}), "The specified alg value is not allowed"),
    (sign({"alg": "HS256", "crit": ["x"]}, {}), "Unsupported critical extension: x"),
    (sign(HEADER, "[]"), "Invalid payload string: must be a json object"),
    (f"{token()[:-4]}AAAA", "Signature verification failed"),
    (token(exp=1), "Token has expired"),
    (token(nbf=2**40), "The token is not yet valid (nbf)"),
    (token(sub=None), "Missing claim: sub"),
    (token(sub=5), "Subject must be a string"),
    (token(type="refresh"), "Only non-refresh tokens are allowed"),
]


@pytest.mark.parametrize(("value", "description"), BAD_TOKENS)
@pytest.mark.parametrize("has_loader", [False, True])
def test_an_invalid_token_gets_invalid_token_with_the_reason(
    value: str, description: str, has_loader: bool
) -> None:
    app = with_loader("decode_key_loader", lambda *_: SECRET) if has_loader else challenged()
    for path in ("/access", "/optional"):
        answer = ask(app, value, path)
        assert answer.status_code == (401 if description == "Token has expired" else 422)
        (challenge,) = challenges(answer)
        assert challenge == INVALID.format(description)


@pytest.mark.parametrize(
    ("options", "value", "description"),
    [
        ({"DECODE_ISSUER": "us"}, token(iss="them"), "Invalid issuer"),
        ({"DECODE_ISSUER": "us"}, token(), "Token is missing the 'iss' claim"),
        ({"DECODE_AUDIENCE": "us"}, token(aud="them"), "Audience doesn't match"),
        ({"STORE": "memory"}, token(jti=None), "Missing claim: jti"),
        ({"TOLERATE": []}, token(exp=None), "Missing claim: exp"),
    ],
)
def test_a_token_rejected_by_options_gets_invalid_token(
    options: dict[str, Any], value: str, description: str
) -> None:
    answer = ask(challenged(**options), value)
    assert (answer.status_code, challenges(answer)) == (422, [INVALID.format(description)])


@pytest.mark.parametrize(
    ("loader", "verdict", "status", "description"),
    [
        ("token_in_blocklist_loader", True, 401, "Token has been revoked"),
        ("token_verification_loader", False, 400, "User claims verification failed"),
        ("user_lookup_loader", None, 401, "Error loading the user alice"),
    ],
)
def test_a_token_rejected_by_the_app_gets_invalid_token(
    loader: str, verdict: Any, status: int, description: str
) -> None:
    answer = ask(with_loader(loader, lambda *_: verdict), token())
    assert (answer.status_code, challenges(answer)) == (status, [INVALID.format(description)])


def test_a_token_revoked_in_the_store_gets_invalid_token() -> None:
    app = challenged(STORE="memory")
    with app.app_context():
        end_all_sessions("alice")
    answer = ask(app, token())
    assert (answer.status_code, answer.json["msg"]) == (401, "Token has been revoked")
    assert challenges(answer) == [INVALID.format("Token has been revoked")]


def test_an_access_token_for_refreshing_gets_invalid_token() -> None:
    answer = ask(challenged(), token(), "/refresh")
    assert challenges(answer) == [INVALID.format("Only refresh tokens are allowed")]


def test_a_stale_token_gets_the_challenge_of_rfc_9470() -> None:
    answer = ask(challenged(), token(), "/fresh")
    assert (answer.status_code, answer.json["msg"]) == (401, "Fresh token required")
    (challenge,) = challenges(answer)
    error, rest = 'error="insufficient_user_authentication"', 'max_age="0"'
    assert challenge == f'Bearer {error}, error_description="Fresh token required", {rest}'


# A request that is malformed.


@pytest.mark.parametrize(
    ("request_", "description"),
    [
        (
            {"headers": {"Authorization": "Bearer one two"}},
            "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'",
        ),
        (
            {"value": token(), "path": "/access?jwt=prefix-another"},
            "Different tokens in headers and query_string. Send exactly one",
        ),
        (
            {"path": "/access?jwt=bare"},
            "Invalid value for query parameter 'jwt'. Expected the value to start with 'prefix-'",
        ),
        (
            {"method": "POST", "json": {"access_token": 5}},
            "The 'access_token' key in json data must be a string",
        ),
    ],
)
def test_a_malformed_request_gets_invalid_request(
    request_: dict[str, Any], description: str
) -> None:
    options = {"TOKEN_LOCATION": LOCATIONS, "QUERY_STRING_VALUE_PREFIX": "prefix-", "TOLERATE": []}
    answer = ask(challenged(**options), **request_)
    assert (answer.status_code, challenges(answer)) == (422, [MALFORMED.format(description)])


# The form of a challenge.


@pytest.mark.parametrize(
    ("options", "bare"),
    [
        ({"REALM": "here"}, 'Bearer realm="here"'),
        ({"REALM": 'the "house" \\'}, "Bearer realm=\"the 'house' /\""),
        ({"HEADER_TYPE": "JWT"}, "JWT"),
        ({"HEADER_TYPE": ""}, "Bearer"),
        ({"HEADER_TYPE": "JWT", "REALM": "here"}, 'JWT realm="here"'),
    ],
)
def test_a_challenge_names_the_scheme_and_the_realm(options: dict[str, Any], bare: str) -> None:
    app = challenged(**options)
    assert challenges(ask(app)) == [bare]
    scheme = options.get("HEADER_TYPE", "Bearer")
    bad = ask(app, headers={"Authorization": f"{scheme} garbage"})
    joint = ", " if "REALM" in options else " "
    rest = 'error="invalid_token", error_description="Not enough segments"'
    assert challenges(bad) == [f"{bare}{joint}{rest}"]


@pytest.mark.parametrize("realm", ["a\r\nSet-Cookie: x=y", "h\u00e9", 5, "\x7f"])
def test_a_realm_must_fit_into_a_header(realm: Any) -> None:
    with pytest.raises(RuntimeError, match="JWT_REALM must be"):
        challenged(REALM=realm)


def test_a_challenge_is_always_one_header_line() -> None:
    user = 'a "quoted" \\ back\r\nSet-Cookie: x=y\u00e9'
    answer = ask(with_loader("user_lookup_loader", lambda *_: None), token(sub=user))
    description = "Error loading the user a 'quoted' / back??Set-Cookie: x=y?"
    assert challenges(answer) == [INVALID.format(description)]
    assert "Set-Cookie" not in answer.headers


# Which answers have a challenge.


@pytest.mark.parametrize(
    ("value", "path"), [(None, "/access"), ("x", "/access"), (token(), "/fresh")]
)
@pytest.mark.parametrize("options", [{}, {"WWW_AUTHENTICATE": False}, {"REALM": "here"}])
def test_challenges_are_off_by_default(
    options: dict[str, Any], value: str | None, path: str
) -> None:
    answer = ask(guarded_app(**options), value, path)
    assert answer.status_code in (401, 422)
    assert not challenges(answer)


def test_challenges_can_be_switched_at_any_time() -> None:
    app = guarded_app()
    for on in (True, False, True):
        app.config["JWT_WWW_AUTHENTICATE"] = on
        assert challenges(ask(app)) == ["Bearer"] * on


@pytest.mark.parametrize("path", ["/access", "/optional", "/any"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_admitted_request_is_not_challenged(path: str, method: str) -> None:
    admitted = [
        ask(challenged(), token(), path, method=method),
        ask(challenged(), None, "/optional"),
    ]
    assert [(answer.status_code, challenges(answer)) for answer in admitted] == [(200, [])] * 2


def test_server_errors_have_no_challenge() -> None:
    app = with_loader("user_lookup_loader", lambda *_: {}["user"], STORE="memory:1")

    @app.get("/full")
    def full() -> None:
        login_user("one")
        login_user("another")

    for path, value, status in (
        ("/full", None, 503),
        ("/access", token(), 500),
        ("/no", None, 404),
    ):
        answer = ask(app, value, path)
        assert (answer.status_code, challenges(answer)) == (status, [])


@pytest.mark.parametrize("as_response", [False, True])
def test_the_challenge_of_a_loader_wins(as_response: bool) -> None:
    own = {"WWW-Authenticate": 'Basic realm="own"'}

    def answer_with(_: str) -> Any:
        return Response("no", 401, own) if as_response else ("no", 401, own)

    answer = ask(with_loader("unauthorized_loader", answer_with))
    assert challenges(answer) == ['Basic realm="own"']


@pytest.mark.parametrize("answer", ["no", ({"no": 1}, 418), Response("no", 403)])
def test_a_loaders_answer_gets_a_challenge_and_stays_the_same(answer: Any) -> None:
    plain = ask(guarded_app(setup=lambda manager: manager.unauthorized_loader(lambda _: answer)))
    said = ask(with_loader("unauthorized_loader", lambda _: answer))
    assert (said.status, said.data, said.mimetype) == (plain.status, plain.data, plain.mimetype)
    assert (challenges(plain), challenges(said)) == ([], ["Bearer"])


def test_views_of_flask_restful_are_challenged_as_well() -> None:
    app = challenged()

    class Resource(flask_restful.Resource):  # type: ignore[misc]
        @jwt_required()
        def get(self) -> Any:
            return jsonify(True)

    flask_restful.Api(app).add_resource(Resource, "/resource")
    assert challenges(ask(app, None, "/resource")) == ["Bearer"]
    expired = ask(app, token(exp=1), "/resource")
    assert expired.status_code == 401
    assert challenges(expired) == [INVALID.format("Token has expired")]


def test_a_token_that_the_app_decodes_is_not_challenged() -> None:
    app = challenged()
    app.add_url_rule("/read", "read", lambda: decode_token("garbage"))
    assert challenges(ask(app, None, "/read")) == []
    with app.app_context():
        value = create_access_token("alice")
    assert ask(app, value).status_code == 200
