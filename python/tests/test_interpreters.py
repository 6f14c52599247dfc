"""Sub-interpreters, as mod_wsgi and uWSGI make them: one has the package, others are told why."""

import subprocess
import sys
from pathlib import Path

import pytest

#: Runs each argument in a new interpreter of one process, and prints the errors.
PROGRAM = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def create():
    try:
        return interpreters.create("legacy")  # as servers do: Python 3.13 and later
    except TypeError:
        return interpreters.create(isolated=False)

for where, code in zip(sys.argv[1::2], sys.argv[2::2]):
    error = None
    try:
        if where == "main":
            exec(code)
        else:
            path = f"import sys; sys.path = {sys.path!r}; "
            error = interpreters.run_string(create(), path + code)
    except Exception as raised:
        error = raised
    if error is not None:
        print(getattr(error, "formatted", f"{type(error).__name__}: {error}"))
"""
IMPORT = "import jwt_extended.flask; print('imported')"
#: What imports a module of the package without the one for Flask.
OTHERS = ["import jwt_extended", "from jwt_extended._common.claims import check_claims"]


def output(*arguments: str) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    # Elsewhere than the folder of the package, whose source has no extension.
    folder = Path(__file__).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("first", "second"), [("main", "sub"), ("sub", "sub"), ("sub", "main")])
def test_the_second_interpreter_is_told_what_to_configure(first: str, second: str) -> None:
    imported, said = output(first, IMPORT, second, IMPORT)
    assert imported == "imported"
    assert "ImportError" in said
    assert '"WSGIApplicationGroup %{GLOBAL}" to the configuration of Apache' in said
    assert '"single-interpreter = true"' in said


@pytest.mark.parametrize("code", OTHERS)
def test_every_module_tells_the_same(code: str) -> None:
    _, said = output("main", IMPORT, "sub", code)
    assert "jwt_extended works in one interpreter of a process, and this is another one" in said


def test_a_second_attempt_tells_the_same() -> None:
    twice = "\ntry:\n    import jwt_extended\nexcept ImportError: pass\nimport jwt_extended"
    _, said = output("main", IMPORT, "sub", twice)
    assert "jwt_extended works in one interpreter" in said


@pytest.mark.parametrize("where", ["main", "sub"])
def test_another_error_of_the_import_stays_as_it_is(where: str) -> None:
    code = "import sys\nsys.modules['jwt_extended._core'] = None\nimport jwt_extended"
    (said,) = output(where, f"exec({code!r})")
    assert "WSGIApplicationGroup" not in said
    assert "ImportError" in said or "ModuleNotFoundError" in said
