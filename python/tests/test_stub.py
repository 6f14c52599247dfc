"""Compares the stub of the extension module with the module itself."""

import __future__

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from jwt_extended import _core

#: Everything that the stub defines when it is run as a program.
STUB: dict[str, Any] = {"__name__": _core.__name__}
PATH = Path(_core.__file__).with_name("_core.pyi")
exec(compile(PATH.read_text(), PATH, "exec", __future__.annotations.compiler_flag), STUB)
OWN = {
    name: value
    for name, value in STUB.items()
    if getattr(value, "__module__", None) == _core.__name__ and not name.startswith("_")
}
CLASSES = {name: value for name, value in OWN.items() if isinstance(value, type)}
FUNCTIONS = OWN.keys() - CLASSES.keys()


def public(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def parameters(function: Any, skipped: int = 0) -> list[tuple[str, Any, Any]]:
    """Return name, kind and default of each parameter, without the first ones."""
    listed = list(inspect.signature(function).parameters.values())
    return [(each.name, each.kind, each.default) for each in listed[skipped:]]


def test_the_stub_lists_all_names_of_the_module() -> None:
    assert OWN.keys() == public(vars(_core))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_has_the_parameters_of_the_stub(name: str) -> None:
    assert parameters(getattr(_core, name)) == parameters(OWN[name])


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_name_and_members_of_the_stub(name: str) -> None:
    real = getattr(_core, name)
    assert real.__name__ == CLASSES[name].__name__
    assert public(vars(real)) == public(vars(CLASSES[name]))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_constructor_of_the_stub(name: str) -> None:
    real, stated = getattr(_core, name), vars(CLASSES[name]).get("__new__")
    if stated is not None:
        assert parameters(real) == parameters(stated, skipped=1)
        return
    with pytest.raises(TypeError):
        real()


@pytest.mark.parametrize(
    ("name", "member"), [(name, each) for name in CLASSES for each in public(vars(CLASSES[name]))]
)
def test_a_method_has_the_parameters_of_the_stub(name: str, member: str) -> None:
    real, stated = vars(getattr(_core, name))[member], vars(CLASSES[name])[member]
    if isinstance(stated, property):
        assert inspect.isgetsetdescriptor(real)
    elif isinstance(stated, staticmethod):
        assert isinstance(real, staticmethod)
        assert parameters(real.__func__) == parameters(stated.__func__)
    else:
        assert inspect.ismethoddescriptor(real)
        assert parameters(real, skipped=1) == parameters(stated, skipped=1)
