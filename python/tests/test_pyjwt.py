"""PyJWT is used for its exception classes alone, so that any version of it will do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize("arguments", [[], ["before 2.10"]])
def test_exceptions_do_not_depend_on_the_version_of_pyjwt(arguments: list[str]) -> None:
    command = [sys.executable, TESTS / "programs/any_pyjwt.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pyjwt_is_imported_for_its_exceptions_alone() -> None:
    package = TESTS.parent / "jwt_extended"
    lines = (line for path in package.rglob("*.py") for line in path.read_text().splitlines())
    imports = {line.strip() for line in lines if re.match(r"\s*(import|from) jwt\b", line)}
    assert all(line.startswith(("from jwt.exceptions ", "from jwt.warnings ")) for line in imports)
