"""The whole interface of Flask-JWT-Extended 3: installed under its name, or by an option.

The suite of 3.25.1 runs in `cargo xtask test`. Here is what it does not say.
"""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import jwt
import pytest
from flask import Flask, jsonify
from support import SECRET, bearer, make_app, token
from version_3 import BAD_HEADER, GUARDS, HEADER, an_app, ask, ask_with, each_way, token_3

import jwt_extended.flask as four
from jwt_extended.flask._compat3 import interface as three
from jwt_extended.flask.config import config as config_4

# Claims, statuses and sentences.


@each_way
@pytest.mark.parametrize("guard", GUARDS)
def test_tokens_of_3_x_pass_its_guards(package: ModuleType, guard: str) -> None:
    app = an_app(package)
    good = token_3(type=GUARDS[guard], fresh=True)
    assert ask(app, guard, good) == (200, "alice")
    other = "refresh" if GUARDS[guard] == "access" else "access"
    assert ask(app, guard, token_3(type=other)) == (422, f"Only {GUARDS[guard]} tokens are allowed")
    missing = (200, None) if guard == "jwt_optional" else (401, "Missing Authorization Header")
    assert ask(app, guard) == missing


@each_way
@pytest.mark.parametrize("authorization", ["Basic x", "Bearer", "Bearer a b", "Basic a, Bearer"])
def test_a_bad_header_is_a_bad_request(package: ModuleType, authorization: str) -> None:
    app = an_app(package)
    assert ask_with(app, authorization) == (422, BAD_HEADER)
    assert ask_with(app, authorization, "jwt_optional") == (200, None)
    app.config["JWT_HEADER_TYPE"] = ""
    assert ask_with(app, "a b") == (422, "Bad Authorization header. Expected value '<JWT>'")


@each_way
def test_sentences_are_those_of_3_x(package: ModuleType) -> None:
    app = an_app(package, TOKEN_LOCATION=["query_string"])
    assert ask(app, "jwt_required") == (401, 'Missing "jwt" query paramater')
    app = an_app(package, DECODE_AUDIENCE="us")
    assert ask(app, "jwt_required", token_3(aud="them")) == (422, "Invalid audience")
    missing = 'Token is missing the "aud" claim'
    assert ask(app, "jwt_required", token_3()) == (422, missing)
    assert ask(an_app(package), "jwt_required", token()) == (422, "Missing claim: identity")


@each_way
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "app"}, "Missing or invalid claim: type"),
        ({"aud": "them"}, "Invalid audience"),
    ],
)
def test_tokens_that_only_version_4_accepts_are_rejected(
    package: ModuleType, changes: dict[str, Any], said: str
) -> None:
    app, text = an_app(package), token_3(**changes)
    assert ask(app, "jwt_required", text) == ask(app, "jwt_optional", text) == (422, said)
    with app.app_context(), pytest.raises((jwt.InvalidTokenError, four.exceptions.JWTDecodeError)):
        package.decode_token(text)


@each_way
def test_any_identity_and_user_claims_are_there(package: ModuleType) -> None:
    app = an_app(package, lambda manager: manager.user_claims_loader(lambda _: {"role": "admin"}))
    with app.app_context():
        made = package.decode_token(package.create_access_token(5))
        assert (made["identity"], made["user_claims"]) == (5, {"role": "admin"})
        assert package.decode_token(token_3())["user_claims"] == {}


def test_user_claims_are_the_fourth_argument() -> None:
    with an_app().app_context():
        access = three.decode_token(
            three.create_access_token("a", True, None, {"b": 1}, {"kid": "c"})
        )
        refresh = three.decode_token(three.create_refresh_token("a", None, {"b": 1}))
    assert access["user_claims"] == refresh["user_claims"] == {"b": 1}


@each_way
def test_functions_for_the_current_token_need_no_guard(package: ModuleType) -> None:
    with an_app(package).test_request_context():
        assert (package.get_jwt_identity(), package.get_current_user()) == (None, None)
        assert not package.current_user
    with make_app().test_request_context(), pytest.raises(RuntimeError, match="jwt_required"):
        four.get_jwt_identity()


@each_way
@pytest.mark.parametrize(
    "function",
    ["set_access_cookies", "set_refresh_cookies", "unset_access_cookies", "unset_jwt_cookies"],
)
def test_cookies_need_their_location(package: ModuleType, function: str) -> None:
    def call(app: Flask, of: ModuleType) -> None:
        with app.test_request_context():
            kind = "refresh" if "refresh" in function else "access"
            text = [getattr(of, f"create_{kind}_token")("alice")] if "unset" not in function else []
            getattr(of, function)(jsonify(), *text)

    with pytest.raises(RuntimeWarning, match="configured to use cookies"):
        call(an_app(package), package)
    call(an_app(package, TOKEN_LOCATION=["cookies"]), package)
    call(make_app(), four)


# Options and the config object.


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_the_old_name_of_the_csrf_header_counts(kind: str) -> None:
    for package, version in ((three, 3), (four, 4)):
        app = an_app(
            package,
            INTERFACE_VERSION=version,
            TOKEN_LOCATION="cookies",
            CSRF_HEADER_NAME="X-Old",
            IDENTITY_CLAIM="identity",
        )
        guard = "jwt_required" if kind == "access" else "jwt_refresh_token_required"
        cookie = {"Cookie": f"{kind}_token_cookie={token_3(type=kind)}"}
        for header, status in (("X-Old", 200), ("X-CSRF-TOKEN", 401)):
            headers = {**cookie, header: "the csrf value"}
            answer = app.test_client(use_cookies=False).post(f"/{guard}", headers=headers)
            assert answer.status_code == status


def test_the_old_name_of_the_csrf_header_warns_in_version_4() -> None:
    with pytest.warns(DeprecationWarning, match="JWT_CSRF_HEADER_NAME is the 3.x name"):
        make_app(CSRF_HEADER_NAME="X-Old")


def test_the_config_object_of_version_4_has_the_old_names_too() -> None:
    with make_app().app_context():
        assert (config_4.csrf_protect, config_4.blacklist_enabled) == (False, False)
        assert config_4.blacklist_checks == ("access", "refresh")
        assert (config_4.user_claims_key, config_4.error_msg_key) == ("user_claims", "msg")
        assert config_4.json_encoder is four.internal_utils.JSONEncoder


def read_3(name: str, **options: Any) -> Any:
    """Return an attribute of the ``config`` object of 3.x."""
    with an_app(**options).app_context():
        return getattr(three.config.config, name)


@pytest.mark.parametrize("checks", ["access", ["access"], {"access"}, ("access",)])
def test_one_type_of_token_may_be_checked(checks: Any) -> None:
    options = {"BLACKLIST_TOKEN_CHECKS": checks}
    assert list(read_3("blacklist_checks", **options)) == ["access"]
    assert read_3("blacklist_access_tokens", **options) is True
    assert read_3("blacklist_refresh_tokens", **options) is False


@pytest.mark.parametrize(
    ("checks", "said"),
    [(5, "must be a sequence or a set"), (["app"], 'must be "access" or "refresh"')],
)
def test_config_refuses_other_types_of_token(checks: Any, said: str) -> None:
    with pytest.raises(RuntimeError, match=f"JWT_BLACKLIST_TOKEN_CHECKS {said}"):
        read_3("blacklist_checks", BLACKLIST_TOKEN_CHECKS=checks)


@pytest.mark.parametrize(
    ("options", "is_in"), [({}, False), ({"CLAIMS_IN_REFRESH_TOKEN": 1}, True)]
)
def test_config_tells_where_user_claims_are(options: dict[str, Any], is_in: bool) -> None:
    assert read_3("user_claims_in_refresh_token", **options) is is_in


def test_config_has_the_audience_of_3_x() -> None:
    assert read_3("audience", DECODE_AUDIENCE=["us"]) == ["us"]


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_config_names_the_header_of_csrf_values(kind: str) -> None:
    options = {f"{kind.upper()}_CSRF_HEADER_NAME": "X-New"}
    assert read_3(f"{kind}_csrf_header_name", **options) == "X-New"


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_config_warns_of_the_old_name_as_3_x_did(kind: str) -> None:
    with pytest.warns(DeprecationWarning, match="Use JWT_ACCESS_CSRF_HEADER_NAME or") as caught:
        assert read_3(f"{kind}_csrf_header_name", CSRF_HEADER_NAME="X-Old") == "X-Old"
    assert [warning.filename for warning in caught] == [__file__]


def test_config_has_the_encoder_that_an_app_may_set() -> None:
    class Encoder(json.JSONEncoder):
        pass

    app = an_app()
    with app.app_context():
        assert three.config.config.json_encoder is four.internal_utils.JSONEncoder
        app.json_encoder = Encoder  # type: ignore[attr-defined]
        assert three.config.config.json_encoder is Encoder


@pytest.mark.parametrize("value", [2, 5, "3", None, True])
def test_a_version_that_does_not_exist_is_refused(value: Any) -> None:
    with pytest.raises(RuntimeError, match="JWT_INTERFACE_VERSION must be 3 or 4"):
        make_app(INTERFACE_VERSION=value)


def test_apps_of_both_versions_work_in_one_process() -> None:
    old, new = an_app(), make_app()
    new.add_url_rule("/", "view", four.jwt_required()(lambda: jsonify(four.get_jwt_identity())))
    for _ in range(2):
        assert ask(old, "jwt_required", token_3()) == (200, "alice")
        assert ask(new, "", token()) == (200, "alice")
        assert ask(new, "", token(type="refresh")) == (422, "Only non-refresh tokens are allowed")
        assert ask_with(new, "Basic x", "")[0] == 401


@pytest.mark.parametrize(("enabled", "status"), [(None, 401), (True, 401), (False, 200)])
def test_the_blacklist_is_asked_unless_it_is_turned_off(enabled: Any, status: int) -> None:
    options = {} if enabled is None else {"BLACKLIST_ENABLED": enabled}
    app = an_app(setup=lambda manager: manager.token_in_blacklist_loader(lambda _: True), **options)
    assert ask(app, "jwt_required", token_3())[0] == status


def test_a_blacklist_that_is_turned_on_needs_a_loader() -> None:
    app = an_app(BLACKLIST_ENABLED=True)
    app.testing = True
    with pytest.raises(RuntimeError, match="nothing tells which tokens are revoked"):
        ask(app, "jwt_required", token_3())


# The manager and the helpers of 3.x.


def test_a_factory_connects_an_app_of_3_x() -> None:
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = SECRET
    three.JWTManager().init_app(app)
    app.add_url_rule("/", "view", three.jwt_required(lambda: jsonify(three.get_jwt_identity())))
    assert ask(app, "", token_3()) == (200, "alice")


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_an_apps_own_guard_gets_claims_and_header(kind: str) -> None:
    decode = three.view_decorators._decode_jwt_from_request
    with an_app().test_request_context(headers=bearer(token_3(type=kind))):
        claims, header = decode(kind)
    assert (claims["identity"], header) == ("alice", HEADER)


def test_an_apps_own_guard_rejects_another_type_of_token() -> None:
    decode = three.view_decorators._decode_jwt_from_request
    with (
        an_app().test_request_context(headers=bearer(token_3(type="refresh"))),
        pytest.raises(four.exceptions.WrongTokenError),
    ):
        decode("access")


def test_users_are_found_outside_a_request() -> None:
    users = {"alice": "Alice"}
    app = an_app(setup=lambda manager: manager.user_loader_callback_loader(users.get))
    with app.app_context():
        assert three.utils.has_user_loader() is True
        assert [three.utils.user_loader(name) for name in ("alice", "bob")] == ["Alice", None]


def test_without_a_loader_no_user_is_found() -> None:
    with an_app().app_context():
        assert three.utils.has_user_loader() is False
        assert three.utils.user_loader("alice") is None


def test_a_helper_verifies_the_type_of_a_token() -> None:
    three.utils.verify_token_type({"type": "access"}, "access")
    with pytest.raises(three.exceptions.WrongTokenError, match="Only access tokens are allowed"):
        three.utils.verify_token_type({"type": "refresh"}, "access")


def test_a_helper_asks_the_blacklist() -> None:
    def setup(manager: Any) -> None:
        manager.token_in_blacklist_loader(lambda data: data["jti"] == "revoked")

    with an_app(setup=setup).app_context():
        verify = three.utils.verify_token_not_blacklisted
        verify({"type": "access", "jti": "good"}, "access")
        with pytest.raises(three.exceptions.RevokedTokenError, match="Token has been revoked"):
            verify({"type": "access", "jti": "revoked"}, "access")


def test_a_helper_verifies_the_user_claims() -> None:
    def setup(manager: Any) -> None:
        manager.claims_verification_loader(lambda found: not found)

    with an_app(setup=setup).app_context():
        three.utils.verify_token_claims({"type": "access"})
        with pytest.raises(three.exceptions.UserClaimsVerificationError):
            three.utils.verify_token_claims({"type": "access", "user_claims": {"a": 1}})


# Exceptions.

KINDS = ["RevokedTokenError", "FreshTokenRequired", "UserLoadError", "UserClaimsVerificationError"]


@pytest.mark.parametrize("name", KINDS)
def test_an_app_may_raise_exceptions_with_a_message(name: str) -> None:
    def raising() -> None:
        raise getattr(three.exceptions, name)("said")

    app = an_app()
    app.add_url_rule("/raising", "raising", raising)
    assert app.test_client().get("/raising").status_code in (400, 401)


def test_an_exception_that_an_app_raises_knows_the_identity() -> None:
    @three.jwt_required
    def raising() -> None:
        raise three.exceptions.UserLoadError("said")

    app = an_app()
    app.add_url_rule("/raising", "raising", raising)
    assert ask(app, "raising", token_3()) == (401, "Error loading the user alice")
    manager = app.extensions["flask-jwt-extended"]
    manager.user_loader_error_loader(lambda identity: ({"msg": identity}, 418))
    assert ask(app, "raising", token_3()) == (418, "alice")


def test_guards_raise_the_exceptions_of_both_versions() -> None:
    def setup(manager: Any) -> None:
        manager.token_in_blacklist_loader(lambda data: data["jti"] == "revoked")
        manager.claims_verification_loader(lambda found: not found)
        manager.user_loader_callback_loader({"alice": "Alice"}.get)

    app = an_app(setup=setup)
    rejected: list[tuple[str, str, Callable[[], object]]] = [
        ("RevokedTokenError", token_3(jti="revoked"), three.verify_jwt_in_request),
        ("FreshTokenRequired", token_3(), three.verify_fresh_jwt_in_request),
        ("UserLoadError", token_3(identity="bob"), three.verify_jwt_in_request),
        (
            "UserClaimsVerificationError",
            token_3(user_claims={"a": 1}),
            three.verify_jwt_in_request_optional,
        ),
    ]
    for name, text, verify in rejected:
        with app.test_request_context(headers=bearer(text)):
            with pytest.raises(getattr(three.exceptions, name)) as caught:
                verify()
            assert isinstance(caught.value, getattr(four.exceptions, name))
            assert caught.value.jwt_data["type"] == "access"
