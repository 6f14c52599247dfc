"""The modules of the package form floors: each imports only from its own floor or from below.

Imports inside functions and under ``TYPE_CHECKING`` count as well.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "jwt_extended"

#: The modules of each floor, from the ground up.
FLOORS: list[list[str]] = [
    ["", "_core"],
    [
        "_common",
        "_common.awaiting",
        "_common.claims",
        "_common.crypto",
        "_common.exceptions",
        "_common.grants",
        "_common.options",
        "_common.options.names",
        "_common.options.paths",
        "_common.pyjwt",
        "_common.results",
        "_common.typing",
    ],
    [
        "_common.options.exempt",
        "_common.options.issuers",
        "_common.options.key_ring",
        "_common.options.reader",
        "_common.options.store",
    ],
    ["_common.options.hints", "_common.options.read"],
    [
        "flask._app",
        "flask._async",
        "flask._json",
        "flask._keys",
        "flask.exceptions",
        "flask.typing",
    ],
    ["flask._issuers", "flask.config"],
    ["flask._found"],
    ["flask.default_callbacks"],
    ["flask._loaders"],
    ["flask._manager"],
    ["flask._errors", "flask.internal_utils"],
    ["flask._cookies"],
    ["flask._rest_extensions", "flask.utils", "flask.view_decorators"],
    [
        "flask._compat3",
        "flask._compat3.config",
        "flask._compat3.exceptions",
        "flask._compat3.getters",
        "flask._compat3.guards",
        "flask._compat3.loaders",
        "flask._compat3.options",
        "flask._compat3.warn",
        "flask._compat3.words",
        "flask._protection",
        "flask.pairs",
        "flask.sessions",
    ],
    ["flask.jwt_manager"],
    [
        "flask._compat3.interface",
        "flask._compat3.interface.config",
        "flask._compat3.interface.default_callbacks",
        "flask._compat3.interface.exceptions",
        "flask._compat3.interface.jwt_manager",
        "flask._compat3.interface.utils",
        "flask._compat3.interface.view_decorators",
    ],
    ["flask._alias"],
    [
        "flask.testing.client",
        "flask.testing.clock",
        "flask.testing.open_guards",
        "flask.testing.tokens",
    ],
    ["flask.testing"],
    ["flask", "pytest_plugin"],
]
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
#: The modules that may import the interface of 3.x.
ABOVE_COMPAT3 = {"flask", "flask._alias", "flask.jwt_manager"}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def is_module(name: str) -> bool:
    return name in SOURCES or name == "_core"


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the absolute names of all that a module imports."""
    path = SOURCES[module]
    package = path.parent.relative_to(PACKAGE.parent).parts
    return frozenset(imported_by(ast.parse(path.read_text()), package))


def imported_by(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join((*start, *(node.module or "").split("."))).rstrip(".")
            for alias in node.names:
                # A name may be a module of the package, or something that the package defines.
                inner = f"{source}.{alias.name}"
                is_inner = is_module(inner.partition(".")[2])
                yield inner if inner.startswith("jwt_extended") and is_inner else source


def own_imports(module: str) -> set[str]:
    """Return the modules of this package that a module imports."""
    names = (name.partition(".") for name in imports_of(module))
    return {rest for first, _, rest in names if first == "jwt_extended"}


def test_every_module_has_a_floor() -> None:
    assert {*SOURCES, "_core"} == set(FLOOR_OF)
    assert len(FLOOR_OF) == sum(map(len, FLOORS))


def test_imports_are_found_wherever_they_are() -> None:
    source = """
from . import view_decorators, exceptions as errors
from .config import config
if TYPE_CHECKING:
    from .._core import Engine
def lazy():
    from jwt_extended.flask.utils import get_jwt
    import flask.globals
"""
    assert set(imported_by(ast.parse(source), ("jwt_extended", "flask"))) == {
        "jwt_extended.flask.view_decorators",
        "jwt_extended.flask.exceptions",
        "jwt_extended.flask.config",
        "jwt_extended._core",
        "jwt_extended.flask.utils",
        "flask.globals",
    }


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_imports_from_a_higher_floor(module: str) -> None:
    higher = {name for name in own_imports(module) if FLOOR_OF[name] > FLOOR_OF[module]}
    assert not higher


def test_no_imports_form_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"circle: {' -> '.join((*path, module))}"
        if module in SOURCES and module not in done:
            for imported in own_imports(module):
                visit(imported, (*path, module))
            done.add(module)

    for module in SOURCES:
        visit(module, ())


@pytest.mark.parametrize("module", sorted(set(SOURCES) - ABOVE_COMPAT3))
def test_only_the_top_imports_the_3_x_interface(module: str) -> None:
    inside = module.startswith("flask._compat3")
    assert inside or not [name for name in own_imports(module) if "_compat3" in name]


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith("_common")])
def test_shared_modules_do_not_import_a_framework(module: str) -> None:
    tops = {name.partition(".")[0] for name in imports_of(module)}
    assert not tops & {"flask", "werkzeug"}
    assert not [name for name in own_imports(module) if name.startswith("flask")]
