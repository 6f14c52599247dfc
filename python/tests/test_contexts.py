"""What a guard found belongs to its request, also where requests share an app context.

Flask reuses an app context that is pushed already: by a fixture of pytest, or by a view that sends
a request to its own app.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, copy_current_request_context, g, jsonify, request
from support import bearer, make_app, token

import jwt_extended.flask as ours
from jwt_extended.flask import get_jwt, get_jwt_identity, jwt_required, verify_jwt_in_request

ADMIN, BOB = bearer(token(sub="admin")), bearer(token(sub="bob"))
REFRESH = bearer(token(sub="admin", type="refresh"))


def identity() -> Any:
    """Return the identity of the request's token; "nobody" if no guard has run."""
    try:
        return get_jwt_identity()
    except RuntimeError:
        return "nobody"


def everything() -> list[Any]:
    """Return what each function says of the request's token, or that it raises."""
    functions: list[Callable[[], Any]] = [
        ours.get_jwt,
        ours.get_jwt_header,
        ours.get_jwt_identity,
        ours.get_current_user,
        lambda: ours.current_user.upper(),
        ours.get_jwt_session,
        ours.refresh_tokens,
    ]
    said: list[Any] = [ours.get_jwt_request_location()]
    for function in functions:
        try:
            said.append(function())
        except RuntimeError:
            said.append("raises")
    return said


UNGUARDED = [None, *["raises"] * 7]


@pytest.fixture
def app() -> Flask:
    app = make_app(setup=lambda manager: manager.user_lookup_loader(lambda _, data: data["sub"]))
    app.add_url_rule("/guarded", "guarded", jwt_required()(identity))
    app.add_url_rule("/optional", "optional", jwt_required(optional=True)(lambda: str(identity())))
    app.add_url_rule("/refresh", "refresh", jwt_required(refresh=True)(identity))
    app.add_url_rule("/open", "open", lambda: jsonify(everything()))
    app.add_url_rule("/who", "who", identity, methods=["GET", "POST", "OPTIONS"])

    @app.get("/outer")
    @jwt_required(optional=True)
    def outer() -> Any:
        """Send a request to the app, as endpoints for batches do, and tell both identities."""
        before, path = identity(), request.args["path"]
        headers = BOB if request.args.get("as") else {}
        inner = app.test_client().get(path, headers=headers).text
        return jsonify([before, inner, identity(), ours.get_jwt().get("sub")])

    @app.post("/rotate")
    @jwt_required(refresh=True)
    def rotate() -> Any:
        app.test_client().get("/guarded", headers=BOB)
        app.test_client().get("/refresh", headers=REFRESH)
        return jsonify(ours.refresh_tokens().access_token)

    return app


@pytest.fixture
def pushed(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def test_an_unguarded_view_does_not_see_the_last_identity(pushed: Flask) -> None:
    client = pushed.test_client()
    assert client.get("/guarded", headers=ADMIN).text == "admin"
    assert client.get("/open").json == UNGUARDED
    assert client.get("/open", headers=ADMIN).json == UNGUARDED
    assert client.get("/refresh", headers=REFRESH).text == "admin"
    assert client.get("/open").json == UNGUARDED


@pytest.mark.parametrize("path", ["/guarded", "/optional", "/refresh"])
def test_a_rejected_request_does_not_see_the_last_identity(pushed: Flask, path: str) -> None:
    seen: list[Any] = []
    pushed.after_request(lambda answer: seen.append(identity()) or answer)
    client = pushed.test_client()
    client.get("/guarded", headers=ADMIN)
    client.get(path, headers=bearer("x"))
    assert seen == ["admin", "nobody"]


def test_an_options_request_does_not_see_the_last_identity(pushed: Flask) -> None:
    pushed.add_url_rule("/preflight", "preflight", jwt_required()(identity), methods=["OPTIONS"])
    client = pushed.test_client()
    client.get("/guarded", headers=ADMIN)
    assert client.options("/preflight").text == "nobody"


def test_an_optional_guard_without_a_token_finds_nobody(pushed: Flask) -> None:
    client = pushed.test_client()
    client.get("/guarded", headers=ADMIN)
    assert client.get("/optional").text == "None"
    assert client.get("/optional", headers=BOB).text == "bob"


def test_code_after_the_request_sees_no_identity(pushed: Flask) -> None:
    pushed.test_client().get("/guarded", headers=ADMIN)
    assert everything() == UNGUARDED


def test_a_client_that_keeps_the_context_shows_the_identity(pushed: Flask) -> None:
    with pushed.test_client() as client:
        client.get("/guarded", headers=ADMIN)
        assert (identity(), ours.current_user) == ("admin", "admin")
        client.get("/who")
        assert identity() == "nobody"


@pytest.mark.parametrize("context", ["pushed", "app"])
@pytest.mark.parametrize(
    ("inner", "headers", "expected"),
    [
        ("/who", ADMIN, ["admin", "nobody", "admin", "admin"]),
        ("/guarded&as=bob", ADMIN, ["admin", "bob", "admin", "admin"]),
        ("/guarded&as=bob", {}, [None, "bob", None, None]),
        ("/optional", ADMIN, ["admin", "None", "admin", "admin"]),
    ],
)
def test_a_request_within_a_request_has_its_own_identity(
    request: pytest.FixtureRequest, context: str, inner: str, headers: Any, expected: list[Any]
) -> None:
    app: Flask = request.getfixturevalue(context)
    assert app.test_client().get(f"/outer?path={inner}", headers=headers).json == expected


def test_a_refresh_survives_a_request_within_it(app: Flask) -> None:
    answer = app.test_client().post("/rotate", headers=REFRESH)
    assert answer.status_code == 200
    with app.app_context():
        assert ours.decode_token(answer.json)["sub"] == "admin"


def test_nested_request_contexts_have_their_own_identity(pushed: Flask) -> None:
    with pushed.test_request_context(headers=ADMIN):
        verify_jwt_in_request()
        with pushed.test_request_context(headers=BOB):
            assert identity() == "nobody"
            verify_jwt_in_request()
            assert identity() == "bob"
        assert (identity(), get_jwt()["sub"]) == ("admin", "admin")


def test_a_copied_request_context_has_the_identity(app: Flask) -> None:
    seen: list[Any] = []
    with app.test_request_context(headers=ADMIN):
        verify_jwt_in_request()
        thread = threading.Thread(
            target=copy_current_request_context(lambda: seen.append(identity()))
        )
        thread.start()
        thread.join()
    assert seen == ["admin"]


def test_a_failing_second_guard_keeps_the_first_identity(app: Flask) -> None:
    with app.test_request_context(headers=ADMIN):
        verify_jwt_in_request()
        with pytest.raises(ours.exceptions.FreshTokenRequired):
            verify_jwt_in_request(fresh=True)
        assert identity() == "admin"


def test_an_identity_that_a_test_has_set_counts(pushed: Flask) -> None:
    client = pushed.test_client()
    client.get("/guarded", headers=ADMIN)
    g._jwt_extended_jwt, g._jwt_extended_jwt_user = {"sub": "carol"}, {"loaded_user": "Carol"}
    assert client.get("/who").text == "carol"
    assert (identity(), ours.get_current_user()) == ("carol", "Carol")
    assert client.get("/guarded", headers=BOB).text == "bob"


def test_sessions_are_listed_without_the_last_session(pushed: Flask) -> None:
    pushed.config["JWT_STORE"] = "memory"
    session = ours.decode_token(ours.login_user("admin").access_token)["sid"]
    client = pushed.test_client()
    headers = bearer(ours.create_access_token("admin", session=session))
    assert client.get("/guarded", headers=headers).text == "admin"
    assert [one.current for one in ours.get_sessions("admin")] == [False]
