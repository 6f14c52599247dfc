"""A plugin for upstream's own test suite: `flask_jwt_extended` is this package."""

import sys

from jwt_extended.flask import install_as_flask_jwt_extended

install_as_flask_jwt_extended()

if sys.modules["flask_jwt_extended"] is not sys.modules["jwt_extended.flask"]:
    raise RuntimeError("upstream's tests would test upstream")
