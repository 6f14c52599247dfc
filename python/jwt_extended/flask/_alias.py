"""Makes the package importable under upstream's name."""

import importlib
import pkgutil
import sys

#: Upstream's name.
UPSTREAM_NAME = "flask_jwt_extended"


def install_as_flask_jwt_extended() -> None:
    """Make ``import flask_jwt_extended`` import this package, from now on and everywhere.

    For apps and libraries that cannot be changed, such as Flask-AppBuilder. Call it before the
    first of them is imported::

        from jwt_extended.flask import install_as_flask_jwt_extended

        install_as_flask_jwt_extended()

    :raises RuntimeError: if flask_jwt_extended was already imported. Earlier importers would keep
        the original.
    """
    package = sys.modules[__package__]
    imported = sys.modules.get(UPSTREAM_NAME)
    if imported not in (None, package):
        raise RuntimeError(
            "flask_jwt_extended is imported already; call install_as_flask_jwt_extended() "
            "before anything imports it"
        )
    sys.modules[UPSTREAM_NAME] = package
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            part = importlib.import_module(f"{__package__}.{module.name}")
            sys.modules[f"{UPSTREAM_NAME}.{module.name}"] = part
