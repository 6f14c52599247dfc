"""The package under upstream's name, and the internals that apps and their tests use.

Tests that change `sys.modules` run in a separate interpreter.
"""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import flask_jwt_extended as upstream
import jwt
import pytest
from flask import Blueprint, Flask, g
from flask_restx import Api, Namespace
from support import HEADER, SECRET, bearer, guarded_app, make_app, token

import jwt_extended
import jwt_extended.flask as ours
from jwt_extended.flask.config import config
from jwt_extended.flask.view_decorators import _decode_jwt_from_request, _load_user

MODULES = ("config", "default_callbacks", "exceptions", "internal_utils", "jwt_manager", "typing")
MODULES += ("utils", "view_decorators")
#: Names that are neither functions nor classes.
VALUES = {
    "config": {"config"},
    "typing": {"ExpiresDelta", "Fresh"},
    "utils": {"current_user"},
    "view_decorators": {"LocationType"},
}
OWN, OLD = "jwt_extended.flask", "flask_jwt_extended"
VERIFY = "view_decorators.verify_jwt_in_request"
INSTALL = "from jwt_extended.flask import install_as_flask_jwt_extended as install\ninstall()\n"

#: An app that only knows upstream's name.
APP = """
from unittest.mock import patch
from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required, verify_jwt_in_request
app = Flask("an_app")
app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes, from a safe place"
JWTManager(app)
@app.get("/")
@jwt_required()
def view():
    return "seen"
def status():
    return app.test_client().get("/").status_code
"""


def run(folder: Path, program: str) -> str:
    """Run a program in a separate interpreter, in which warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def defined(value: Any, module: ModuleType) -> bool:
    if not (inspect.isfunction(value) or inspect.isclass(value)):
        return False
    return value.__module__ == module.__name__ and not value.__name__.startswith("_")


def functions_of(module: ModuleType) -> dict[str, Any]:
    """Return a module's public functions, and the methods of its public classes."""
    found = {}
    for name, value in vars(module).items():
        if defined(value, module) and inspect.isfunction(value):
            found[name] = value
        elif defined(value, module) and inspect.isclass(value):
            methods = inspect.getmembers(value, inspect.isfunction)
            found |= {f"{name}.{method}": function for method, function in methods}
    return found


#: Every function and method of upstream, by module.
SIGNATURES = [
    (module, name) for module in MODULES for name in functions_of(import_module(f"{OLD}.{module}"))
]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_the_same_under_both_names(tmp_path: Path, module: str) -> None:
    program = f"""
import flask_jwt_extended.{module} as old, jwt_extended.flask.{module} as own
from flask_jwt_extended import {module} as attribute
assert old is own is attribute
"""
    run(tmp_path, INSTALL + program)


def test_classes_and_helpers_are_the_same_under_both_names(
    tmp_path: Path,
) -> None:
    program = """
import flask_jwt_extended, jwt_extended.flask
from flask_jwt_extended.view_decorators import _decode_jwt_from_request, _load_user
from jwt_extended.flask.exceptions import NoAuthorizationError
from flask_jwt_extended.exceptions import JWTExtendedException
assert flask_jwt_extended is jwt_extended.flask
assert isinstance(app.extensions["flask-jwt-extended"], jwt_extended.flask.JWTManager)
for old, own in ((verify_jwt_in_request, NoAuthorizationError),
                 (jwt_extended.flask.verify_jwt_in_request, JWTExtendedException),
                 (lambda: _decode_jwt_from_request(None, False), JWTExtendedException)):
    with app.test_request_context():
        try:
            old()
        except own as error:
            assert str(error) == "Missing Authorization Header"
        else:
            raise AssertionError
"""
    run(tmp_path, INSTALL + APP + program)


def test_installing_it_twice_changes_nothing(tmp_path: Path) -> None:
    program = "import flask_jwt_extended as one\ninstall()\nimport flask_jwt_extended as two\n"
    run(tmp_path, f"{INSTALL}{program}assert one is two and one.__name__ == '{OWN}'")


@pytest.mark.parametrize("imported", [OLD, f"{OLD}.config"])
def test_installing_after_upstreams_import_raises(tmp_path: Path, imported: str) -> None:
    program = f"""
import {imported}
import jwt_extended.flask
try:
    jwt_extended.flask.install_as_flask_jwt_extended()
except RuntimeError as error:
    print(error)
import flask_jwt_extended
assert flask_jwt_extended.__version__ == "4.7.4"
"""
    message = "flask_jwt_extended is imported already; call install_as_flask_jwt_extended() before"
    assert run(tmp_path, program).startswith(message)


@pytest.mark.parametrize("target", [f"{OLD}.{VERIFY}", f"{OWN}.{VERIFY}"])
def test_a_patch_under_either_name_turns_the_guards_off(tmp_path: Path, target: str) -> None:
    program = f"""
assert status() == 401
with patch("{target}") as verify:
    assert status() == 200
verify.assert_called_once_with(False, False, False, None, True, False)
assert status() == 401
"""
    run(tmp_path, INSTALL + APP + program)


def as_alice(*_: Any, **__: Any) -> None:
    g._jwt_extended_jwt, g._jwt_extended_jwt_header = {"sub": "alice"}, {}
    g._jwt_extended_jwt_location = "headers"


@pytest.mark.parametrize("options", [{}, {"PROTECT_BY_DEFAULT": True}])
def test_a_patched_guard_can_set_the_identity(options: dict[str, Any]) -> None:
    app = guarded_app(**options)
    app.add_url_rule("/own", view_func=lambda: {"identity": ours.get_jwt_identity()})
    with patch(f"{OWN}.{VERIFY}", side_effect=as_alice):
        assert app.test_client().get("/fresh").json["identity"] == "alice"
        if options:
            assert app.test_client().get("/own").json["identity"] == "alice"
    assert app.test_client().get("/fresh").status_code == 401


@pytest.mark.parametrize("package", [ours, upstream])
def test_a_patch_of_get_jwt_or_get_current_user_is_seen(package: ModuleType) -> None:
    with make_app(package).test_request_context():
        with patch(f"{package.__name__}.utils.get_jwt", return_value={"sub": "alice"}):
            assert package.get_jwt_identity() == "alice"
        with patch(f"{package.__name__}.utils.get_current_user", return_value="a user"):
            assert package.current_user == "a user"


@pytest.mark.parametrize("package", [ours, upstream])
@pytest.mark.parametrize(
    ("name", "value", "identity", "headers"),
    [
        ("_decode_jwt_from_request", ({"sub": "bob"}, HEADER, "headers"), "bob", {}),
        ("_load_user", {"loaded_user": "a user"}, "alice", bearer(token())),
    ],
)
def test_a_patch_inside_of_the_guard_is_seen(
    package: ModuleType, name: str, value: Any, identity: str, headers: dict[str, str]
) -> None:
    with (
        make_app(package).test_request_context(headers=headers),
        patch(f"{package.__name__}.view_decorators.{name}", return_value=value) as patched,
    ):
        package.verify_jwt_in_request()
        assert patched.called
        assert package.get_jwt_identity() == identity


def test_helpers_of_the_guard_can_be_used_by_apps() -> None:
    app = make_app(setup=lambda manager: manager.user_lookup_loader(lambda _, data: data["sub"]))
    with app.test_request_context(headers=bearer(token())):
        claims, header, location = _decode_jwt_from_request(["headers"], fresh=False)
        assert (claims["sub"], header, location) == ("alice", HEADER, "headers")
        assert _load_user(header, claims) == {"loaded_user": "alice"}
        with pytest.raises(ours.exceptions.FreshTokenRequired):
            _decode_jwt_from_request("headers", True)
        with pytest.raises(ours.exceptions.WrongTokenError):
            _decode_jwt_from_request("headers", False, refresh=True)


@pytest.mark.parametrize("text", [token(), "x"])
def test_the_token_in_the_header_is_read_unverified(package: ModuleType, text: str) -> None:
    with make_app(package).test_request_context(headers=bearer(text)):
        assert package.view_decorators._decode_jwt_from_headers() == (text, None)


def test_a_header_without_a_token_raises(package: ModuleType) -> None:
    with (
        make_app(package).test_request_context(),
        pytest.raises(package.exceptions.NoAuthorizationError, match="Missing Authorization"),
    ):
        package.view_decorators._decode_jwt_from_headers()


@pytest.mark.parametrize(
    ("name", "arguments", "returned"),
    [
        ("additional_claims", ["alice"], {}),
        ("blocklist", [{}, {}], False),
        ("jwt_headers", ["alice"], {}),
        ("token_verification", [{}, {}], True),
        ("user_identity", ["alice"], "alice"),
    ],
)
def test_a_default_callback_returns_what_upstreams_does(
    package: ModuleType, name: str, arguments: list[Any], returned: object
) -> None:
    callback = getattr(package.default_callbacks, f"default_{name}_callback")
    assert callback(*arguments) == returned


def test_the_helpers_find_a_user(package: ModuleType) -> None:
    helpers = import_module(f"{package.__name__}.internal_utils")
    users = {"alice": "Alice"}
    app = make_app(
        package, lambda manager: manager.user_lookup_loader(lambda _, d: users[d["sub"]])
    )
    with app.app_context():
        assert helpers.has_user_lookup() is True
        assert helpers.user_lookup({}, {"sub": "alice"}) == "Alice"


def test_the_helpers_find_no_user_without_a_loader(package: ModuleType) -> None:
    helpers = import_module(f"{package.__name__}.internal_utils")
    with make_app(package).app_context():
        assert helpers.has_user_lookup() is False
        assert helpers.user_lookup({}, {"sub": "alice"}) is None


@pytest.mark.parametrize(
    ("kind", "refresh", "said"),
    [
        ("refresh", False, "Only non-refresh tokens are allowed"),
        ("access", True, "Only refresh tokens are allowed"),
        ("access", False, None),
        ("app", False, None),
        ("refresh", True, None),
    ],
)
def test_a_helper_verifies_the_type_of_a_token(
    package: ModuleType, kind: str, refresh: bool, said: str | None
) -> None:
    verify = import_module(f"{package.__name__}.internal_utils").verify_token_type
    if said is None:
        verify({"type": kind}, refresh)
        return
    with pytest.raises(package.exceptions.WrongTokenError, match=said):
        verify({"type": kind}, refresh)


@pytest.mark.parametrize(
    ("loader", "helper", "error"),
    [
        ("token_in_blocklist", "verify_token_not_blocklisted", "RevokedTokenError"),
        ("token_verification", "custom_verification_for_token", "UserClaimsVerificationError"),
    ],
)
@pytest.mark.parametrize("answer", [False, True])
def test_a_helper_asks_the_apps_callback(
    package: ModuleType, loader: str, helper: str, error: str, answer: bool
) -> None:
    def setup(manager: Any) -> None:
        getattr(manager, f"{loader}_loader")(lambda *_: answer)

    verify = getattr(import_module(f"{package.__name__}.internal_utils"), helper)
    with make_app(package, setup).app_context():
        if answer is (loader == "token_verification"):
            verify(HEADER, {"sub": "alice"})
            return
        with pytest.raises(getattr(package.exceptions, error)) as caught:
            verify(HEADER, {"sub": "alice"})
        assert (caught.value.jwt_header, caught.value.jwt_data) == (HEADER, {"sub": "alice"})


def test_the_manager_of_an_app_without_one_raises(package: ModuleType) -> None:
    helpers = import_module(f"{package.__name__}.internal_utils")
    with (
        Flask("an_app").app_context(),
        pytest.raises(RuntimeError, match="You must initialize a JWTManager"),
    ):
        helpers.get_jwt_manager()


def test_apps_can_encode_claims_with_the_encoder_of_config() -> None:
    app = make_app()
    manager = app.extensions["flask-jwt-extended"]
    with app.app_context():
        claims = {"sub": "alice", "type": "access"}
        key = manager._encode_key_callback("alice")
        text = jwt.encode(claims, key, config.algorithm, json_encoder=config.json_encoder)
        assert ours.decode_token(text)["sub"] == "alice"
        assert manager._decode_key_callback({}, {}) == SECRET


@pytest.mark.parametrize("package", [ours, upstream])
@pytest.mark.parametrize("make", [lambda: Blueprint("a", "a"), lambda: Api(Flask("a")), Namespace])
def test_blueprints_and_apis_get_the_error_handlers(package: ModuleType, make: Any) -> None:
    other = make("a") if make is Namespace else make()
    package.JWTManager()._set_error_handler_callbacks(other)


@pytest.mark.parametrize("package", [ours, upstream])
def test_registering_the_error_handlers_again_is_a_no_op(package: ModuleType) -> None:
    app = guarded_app(package)
    app.extensions["flask-jwt-extended"]._set_error_handler_callbacks(app)
    assert app.test_client().get("/access").json == {"msg": "Missing Authorization Header"}


@pytest.mark.parametrize("package", [ours, upstream])
def test_the_header_of_a_token_is_read_without_an_app(package: ModuleType) -> None:
    assert package.get_unverified_jwt_headers(token()) == HEADER


def test_the_version_is_that_of_the_interface() -> None:
    assert ours.__version__ == upstream.__version__ == "4.7.4"
    assert jwt_extended.__version__ == version("jwt-extended")


def test_every_public_name_of_upstream_is_there(tmp_path: Path) -> None:
    program = "import json, flask_jwt_extended\nprint(json.dumps(dir(flask_jwt_extended)))"
    names = {name for name in json.loads(run(tmp_path, program)) if not name.startswith("_")}
    # Upstream's `tokens` has no public names.
    assert names - {"tokens"} < set(dir(ours))
    assert {"JWTManager", "current_user", "jwt_required", "view_decorators"} < names


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_of_a_module_of_upstream_is_there(module: str) -> None:
    theirs, mine = import_module(f"{OLD}.{module}"), import_module(f"{OWN}.{module}")
    there = {name for name, value in vars(theirs).items() if defined(value, theirs)}
    there |= VALUES.get(module, set())
    assert there
    assert not there - set(vars(mine))


@pytest.mark.parametrize("package", [OWN, OLD])
@pytest.mark.parametrize(
    "name",
    [
        "jwt_manager.ExpiredSignatureError",
        "jwt_manager.NoAuthorizationError",
        "view_decorators.NoAuthorizationError",
        "view_decorators._decode_jwt_from_headers",
    ],
)
def test_names_that_programs_import_from_odd_places_exist(package: str, name: str) -> None:
    module, _, attribute = name.partition(".")
    assert hasattr(import_module(f"{package}.{module}"), attribute)


@pytest.mark.parametrize(("module", "name"), SIGNATURES)
def test_a_signature_begins_like_upstreams(module: str, name: str) -> None:
    function, mine = import_module(f"{OLD}.{module}"), import_module(f"{OWN}.{module}")
    for part in name.split("."):
        function, mine = getattr(function, part), getattr(mine, part)
    expected = list(inspect.signature(function).parameters.values())
    found = list(inspect.signature(mine).parameters.values())
    alike = [(one.name, one.kind, one.default) for one in expected]
    assert [(one.name, one.kind, one.default) for one in found[: len(alike)]] == alike
    assert not [one for one in found[len(alike) :] if one.default is one.empty]
