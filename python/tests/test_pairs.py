"""The contents of a login's tokens, the callbacks that provide them, and errors."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import flask_restx
import pytest
from flask import Flask, jsonify
from rotations import LATER, REPLAYED, Clock, ask, login, opens, refreshed, sessions_app
from support import bearer, make_app

from jwt_extended.flask import (
    RefreshedTokens,
    create_access_token,
    create_refresh_token,
    current_user,
    decode_token,
    end_all_sessions,
    end_other_sessions,
    end_session,
    get_sessions,
    jwt_required,
    login_user,
    password_changed,
    refresh_tokens,
    revoke_token,
    set_access_cookies,
    set_refresh_cookies,
)
from jwt_extended.flask.exceptions import (
    ReplayedTokenError,
    RevokedTokenError,
    StoreUnavailableError,
)


def read(app: Flask, *tokens: str) -> list[dict[str, Any]]:
    with app.app_context():
        return [decode_token(token) for token in tokens]


# Claims and identities.


@pytest.mark.parametrize("store", ["memory", None])
def test_additional_claims_are_kept_by_a_refresh(store: str | None) -> None:
    app = sessions_app(STORE=store)
    own = {"role": "admin", "z": [1.5, "é", {"a": None}]}
    with app.app_context():
        pair = login_user("alice", additional_claims=own)
    status, said = ask(app, "/next", pair.refresh_token)
    assert status == 200
    for data in read(app, *(token for token in said.values() if token)):
        assert {name: data.get(name) for name in own} == own


def test_the_claims_loader_replaces_old_claims_on_refresh() -> None:
    roles = {"alice": "admin"}
    app = sessions_app(
        lambda jwt: jwt.additional_claims_loader(lambda name: {"role": roles[name]}),
        STORE="memory",
    )

    @app.post("/refresh-with")
    @jwt_required(refresh=True)
    def refresh_with() -> Any:
        tokens = refresh_tokens({"role": "guest", "by": "view"}, {"by": "header"})
        return jsonify(tokens._asdict())

    pair = login(app)
    roles["alice"] = "user"
    assert [data["role"] for data in read(app, *refreshed(app, pair.refresh_token))] == ["user"] * 2
    status, said = ask(app, "/refresh-with", login(app).refresh_token)
    assert status == 200
    assert [(data["role"], data["by"]) for data in read(app, *said.values())] == [
        ("guest", "view")
    ] * 2


def test_claims_passed_to_a_refresh_replace_the_old_ones() -> None:
    app = sessions_app(STORE="memory")

    @app.post("/refresh-with-none")
    @jwt_required(refresh=True)
    def refresh_with_none() -> Any:
        return jsonify(refresh_tokens({})._asdict())

    with app.app_context():
        pair = login_user("alice", additional_claims={"role": "admin"})
    _, said = ask(app, "/refresh-with-none", pair.refresh_token)
    assert all("role" not in data for data in read(app, *said.values()))


def test_loaders_get_the_user_where_the_app_has_users() -> None:
    users = {"7": SimpleNamespace(id=7, name="alice")}

    def setup(jwt: Any) -> None:
        jwt.user_identity_loader(lambda user: str(user.id))
        jwt.user_lookup_loader(lambda _, data: users.get(data["sub"]))
        jwt.additional_claims_loader(lambda user: {"name": user.name})

    app = sessions_app(setup, STORE="memory")

    @app.post("/change")
    @jwt_required(refresh=True)
    def change() -> Any:
        return jsonify(password_changed(current_user)._asdict())

    with app.app_context():
        pair, before = login_user(users["7"]), login_user(users["7"])
    new = refreshed(app, pair.refresh_token)
    assert [(data["sub"], data["name"]) for data in read(app, *new)] == [("7", "alice")] * 2
    status, after = ask(app, "/change", new.refresh_token)
    assert status == 200
    assert opens(app, *pair, *before, *new, *after.values()) == [*[False] * 6, True, True]
    with app.app_context(), pytest.raises(TypeError, match="such as str"):
        get_sessions(users["7"])


@pytest.mark.parametrize("identity", [5, 1.5, True, {"id": [1, None]}])
def test_an_identity_keeps_its_type_in_a_refresh(identity: Any) -> None:
    app = sessions_app(STORE="memory", VERIFY_SUB=False)
    with app.app_context():
        pair = login_user(identity)
    for _ in range(2):
        pair = refreshed(app, pair.refresh_token)
        assert [data["sub"] for data in read(app, *pair)] == [identity] * 2
    status, sessions = ask(app, "/sessions", pair.access_token, "GET")
    assert (status, len(sessions)) == (200, 1)


def test_a_replaced_identity_owns_the_session() -> None:
    app = sessions_app(STORE="memory")
    with app.app_context():
        pair = login_user("alice", additional_claims={"sub": "alias"})
        assert (len(get_sessions("alice")), len(get_sessions("alias"))) == (0, 1)
        after = password_changed("alice", additional_claims={"sub": "alias"})
    assert opens(app, *pair, *after) == [False, False, True, True]
    assert [data["sub"] for data in read(app, *refreshed(app, after.refresh_token))] == [
        "alias"
    ] * 2


@pytest.mark.parametrize("claims", [{"jti": "mine"}, {"sid": "mine"}, {"sid": None}])
def test_jti_and_sid_of_a_session_cannot_be_replaced(claims: dict[str, Any]) -> None:
    asked: dict[str, Any] = {}
    app = sessions_app(lambda jwt: jwt.additional_claims_loader(lambda _: asked), STORE="memory")
    pair = login(app)
    app.testing = True
    asked.update(claims)
    with app.app_context(), pytest.raises(ValueError, match="jti and sid"):
        login_user("alice")
    with pytest.raises(ValueError, match="jti and sid"):
        ask(app, "/next", pair.refresh_token)
    # The session was not rotated.
    asked.clear()
    assert refreshed(app, pair.refresh_token)
    with app.app_context():
        assert len(get_sessions("alice")) == 1


def test_a_refresh_cannot_change_the_user() -> None:
    asked: dict[str, Any] = {}
    app = sessions_app(lambda jwt: jwt.additional_claims_loader(lambda _: asked), STORE="memory")
    pair = login(app)
    app.testing = True
    asked["sub"] = "root"
    with pytest.raises(ValueError, match="another subject"):
        ask(app, "/next", pair.refresh_token)


def test_a_failure_to_create_tokens_changes_no_session(clock: Clock) -> None:
    wrong: dict[str, Any] = {}
    app = sessions_app(lambda jwt: jwt.additional_claims_loader(lambda _: wrong), STORE="memory")
    pair = login(app)
    app.testing = True
    wrong["x"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        ask(app, "/next", pair.refresh_token)
    with app.app_context(), pytest.raises(ValueError, match="JSON compliant"):
        password_changed("alice")
    wrong.clear()
    clock.advance(LATER)
    assert refreshed(app, pair.refresh_token)


def test_a_refresh_keeps_the_csrf_value_of_the_page() -> None:
    app = sessions_app(STORE="memory", TOKEN_LOCATION="cookies")

    @app.post("/in")
    def log_in() -> Any:
        return with_cookies(login_user("alice"))

    @app.post("/on")
    @jwt_required(refresh=True)
    def go_on() -> Any:
        return with_cookies(refresh_tokens())

    def with_cookies(tokens: Any) -> Any:
        response = jsonify({})
        set_access_cookies(response, tokens.access_token)
        set_refresh_cookies(response, tokens.refresh_token)
        return response

    client = app.test_client()
    client.post("/in")
    value = client.get_cookie("csrf_refresh_token")
    assert value is not None
    for _ in range(3):
        answer = client.post("/on", headers={"X-CSRF-TOKEN": value.value})
        assert answer.status_code == 200
    assert client.get("/access").json["identity"] == "alice"


# Rejections and errors.


def test_the_replayed_token_loader_answers_a_replay(clock: Clock) -> None:
    def replay(setup: Any) -> tuple[int, Any]:
        app = sessions_app(setup, STORE="memory")
        pair = login(app)
        refreshed(app, pair.refresh_token)
        clock.advance(LATER)
        return ask(app, "/next", pair.refresh_token)

    def say(what: str) -> Any:
        return lambda header, data: ({what: [header["alg"], data["sub"]]}, 418)

    assert replay(None) == REPLAYED
    said = replay(lambda jwt: jwt.revoked_token_loader(say("revoked")))
    assert said == (418, {"revoked": ["HS256", "alice"]})
    said = replay(
        lambda jwt: (
            jwt.revoked_token_loader(say("revoked")),
            jwt.replayed_token_loader(say("replayed")),
        )
    )
    assert said == (418, {"replayed": ["HS256", "alice"]})


def test_a_restx_api_calls_the_replayed_token_loader(clock: Clock) -> None:
    managers: list[Any] = []

    def setup(jwt: Any) -> None:
        managers.append(jwt)
        jwt.revoked_token_loader(lambda *_: {"msg": "revoked"})
        jwt.replayed_token_loader(lambda *_: {"msg": "replayed"})

    app = sessions_app(setup, STORE="memory")
    api = flask_restx.Api(app)
    managers[0]._set_error_handler_callbacks(api)

    class Next(flask_restx.Resource):  # type: ignore[misc]
        @jwt_required(refresh=True)
        def post(self) -> Any:
            return refresh_tokens()._asdict()

    api.add_resource(Next, "/restx")
    pair = login(app)
    assert ask(app, "/restx", pair.refresh_token)[0] == 200
    clock.advance(LATER)
    said = [ask(app, "/restx", pair.refresh_token)[1]["msg"] for _ in range(2)]
    assert said == ["replayed", "revoked"]


def test_async_views_can_refresh(store: str) -> None:
    app = sessions_app(STORE=store)

    @app.post("/async")
    @jwt_required(refresh=True)
    async def refresh_later() -> Any:
        return jsonify(refresh_tokens()._asdict())

    status, said = ask(app, "/async", login(app).refresh_token)
    assert status == 200
    assert opens(app, *said.values()) == [True, True]


def test_a_replayed_token_error_is_a_revoked_token_error() -> None:
    assert issubclass(ReplayedTokenError, RevokedTokenError)
    error = ReplayedTokenError("a sentence", {"alg": "HS256"}, {"sub": "alice"})
    assert (str(error), error.jwt_data) == ("a sentence", {"sub": "alice"})


def test_a_replay_is_challenged(clock: Clock) -> None:
    app = sessions_app(STORE="memory", WWW_AUTHENTICATE=True)
    pair = login(app)
    refreshed(app, pair.refresh_token)
    clock.advance(LATER)
    answer = app.test_client().post("/next", headers=bearer(pair.refresh_token))
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


def test_only_a_refresh_token_refreshes() -> None:
    app = sessions_app(STORE="memory")

    @app.post("/careless")
    @jwt_required(optional=True, verify_type=False)
    def careless() -> Any:
        return jsonify(refresh_tokens()._asdict())

    pair = login(app)
    answers = [ask(app, "/careless", token)[0] for token in pair]
    assert answers == [422, 200]
    app.testing = True
    with pytest.raises(ValueError, match="nothing to refresh"):
        app.test_client().post("/careless")
    with app.app_context(), pytest.raises(RuntimeError, match="jwt_required"):
        refresh_tokens()


def test_without_a_store_only_the_access_token_is_refreshed() -> None:
    app = sessions_app()
    pair = login(app)
    for _ in range(2):
        status, said = ask(app, "/next", pair.refresh_token)
        assert (status, said["refresh_token"]) == (200, None)
        was, new = read(app, pair.refresh_token, said["access_token"])
        assert (new["sid"], new["sub"], new["fresh"]) == (was["sid"], "alice", False)


@pytest.mark.parametrize(
    "use",
    [
        lambda: get_sessions("alice"),
        lambda: end_session("a session", identity="alice"),
        lambda: password_changed("alice"),
        lambda: end_all_sessions("alice"),
    ],
)
def test_functions_that_need_a_store_say_what_to_set(use: Any) -> None:
    with make_app().app_context(), pytest.raises(RuntimeError, match="set JWT_STORE"):
        use()


@pytest.mark.parametrize(
    ("use", "kind", "said"),
    [
        (lambda: login_user("a", label=5), TypeError, "label must be a string"),
        (lambda: end_session("", identity="a"), ValueError, "all users would share it"),
        (lambda: end_session(5, identity="a"), TypeError, "session must be a string"),
        (lambda: get_sessions(""), ValueError, "the identity is empty"),
        (lambda: get_sessions([1]), TypeError, "get_sessions cannot identify a user by a list"),
        (lambda: revoke_token({"jti": "a"}), ValueError, "the claims have no sub"),
        (get_sessions, RuntimeError, "jwt_required"),
        (end_other_sessions, RuntimeError, "jwt_required"),
    ],
)
def test_invalid_sessions_labels_and_users_are_rejected(
    use: Any, kind: type[Exception], said: str
) -> None:
    with make_app(STORE="memory").app_context(), pytest.raises(kind, match=said):
        use()


def test_ending_other_sessions_needs_a_session() -> None:
    app = sessions_app(STORE="memory")
    app.testing = True
    with app.app_context():
        alone = create_access_token("alice")
    with pytest.raises(ValueError, match="belongs to no session"):
        ask(app, "/sessions/others", alone)


def test_a_login_fails_if_its_session_cannot_be_saved() -> None:
    app = sessions_app(STORE="memory:1")
    first = login(app)
    with app.app_context(), pytest.raises(StoreUnavailableError, match="cannot be opened"):
        login_user("bob")
    assert opens(app, *first) == [True, True]
    assert ask(app, "/logout", first.access_token)[0] == 200
    assert opens(app, *login(app, "bob")) == [True, True]


def test_tokens_without_an_expiry_end_with_their_session() -> None:
    for expires, ends in ((None, True), (False, False), (timedelta(days=400), True)):
        app = sessions_app(STORE="memory", ACCESS_TOKEN_EXPIRES=False, SESSION_EXPIRES=expires)
        assert ("exp" in read(app, login(app).access_token)[0]) is ends


def test_refreshed_tokens_do_not_show_in_a_repr() -> None:
    tokens = RefreshedTokens("secret", "secret")
    assert "secret" not in repr(tokens)
    assert repr(tokens._replace(refresh_token=None)).endswith("refresh_token=None)")


def test_a_bare_refresh_token_has_no_session() -> None:
    app = sessions_app(STORE="memory")
    with app.app_context():
        create_refresh_token("alice")
        assert get_sessions("alice") == []
