"""The interface of Flask-JWT-Extended 3 under upstream's name.

Tests that change `sys.modules` run in a separate interpreter.
"""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from version_3 import an_app, ask

import jwt_extended.flask as four
from jwt_extended.flask._compat3 import interface as three


@pytest.mark.parametrize(
    ("guard", "verify"),
    [
        ("jwt_required", "verify_jwt_in_request"),
        ("jwt_optional", "verify_jwt_in_request_optional"),
        ("fresh_jwt_required", "verify_fresh_jwt_in_request"),
        ("jwt_refresh_token_required", "verify_jwt_refresh_token_in_request"),
    ],
)
def test_a_patch_turns_a_guard_of_3_x_off(guard: str, verify: str) -> None:
    app = an_app()
    with patch.object(three.view_decorators, verify) as patched:
        assert ask(app, guard, "x") == (200, None)
    patched.assert_called_once_with()
    assert ask(app, guard, "x")[0] == 422


APP = """
from flask import Flask, jsonify
import flask_jwt_extended
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_claims, jwt_required
from flask_jwt_extended.config import config
from flask_jwt_extended.exceptions import UserLoadError
from flask_jwt_extended.utils import verify_token_claims
from flask_jwt_extended.view_decorators import _decode_jwt_from_request, jwt_optional
app = Flask("an_app")
app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes, from a safe place"
jwt = JWTManager(app)
@jwt.user_claims_loader
def claims(identity):
    return {"of": identity}
@app.route("/")
@jwt_required
def view():
    return jsonify(get_jwt_claims())
with app.app_context():
    headers = {"Authorization": "Bearer " + create_access_token("alice")}
    assert config.identity_claim_key == "identity"
assert app.test_client().get("/", headers=headers).json == {"of": "alice"}
assert app.test_client().get("/").json == {"msg": "Missing Authorization Header"}
assert flask_jwt_extended.__version__ == "3.25.1"
"""
INSTALL = "from jwt_extended.flask import install_as_flask_jwt_extended as install\n"


def run(folder: Path, program: str) -> str:
    """Run a program in a separate interpreter, in which warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_app_of_3_x_runs_unchanged_and_without_warnings(tmp_path: Path) -> None:
    run(tmp_path, f"{INSTALL}install(version=3)\ninstall(version=3)\n{APP}")


def test_only_one_version_can_be_installed(tmp_path: Path) -> None:
    for first, second in ((3, 4), (4, 3)):
        program = f"""
install(version={first})
try:
    install(version={second})
except RuntimeError as error:
    print(error)
"""
        assert "imported already" in run(tmp_path, INSTALL + program)


def test_other_versions_cannot_be_installed() -> None:
    with pytest.raises(ValueError, match="version must be 3 or 4, not 2"):
        four.install_as_flask_jwt_extended(version=2)
