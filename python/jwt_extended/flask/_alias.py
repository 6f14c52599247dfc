"""Makes the package importable under upstream's name."""

import importlib
import pkgutil
import sys
from types import ModuleType

#: Upstream's name.
UPSTREAM_NAME = "flask_jwt_extended"


def install_as_flask_jwt_extended(version: int = 4) -> None:
    """Make ``import flask_jwt_extended`` import this package, from now on and everywhere.

    For apps and libraries that cannot be changed, such as Flask-AppBuilder. Call it before the
    first of them is imported::

        from jwt_extended.flask import install_as_flask_jwt_extended

        install_as_flask_jwt_extended()

    :param version: 4, or 3 for apps that were written for Flask-JWT-Extended 3.
    :raises RuntimeError: if flask_jwt_extended was already imported. Earlier importers would keep
        the original.
    """
    package = _package(version)
    imported = sys.modules.get(UPSTREAM_NAME)
    if imported not in (None, package):
        raise RuntimeError(
            "flask_jwt_extended is imported already; call install_as_flask_jwt_extended() "
            "before anything imports it"
        )
    sys.modules[UPSTREAM_NAME] = package
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            part = importlib.import_module(f"{package.__name__}.{module.name}")
            sys.modules[f"{UPSTREAM_NAME}.{module.name}"] = part


def _package(version: int) -> ModuleType:
    if version == 4:
        return sys.modules[f"{__package__}"]
    if version == 3:
        from ._compat3 import interface

        return interface
    raise ValueError(f"version must be 3 or 4, not {version!r}")
