"""A pytest plugin for upstream's test suite: makes `flask_jwt_extended` this package."""

import sys

from jwt_extended.flask import install_as_flask_jwt_extended

install_as_flask_jwt_extended()

if sys.modules["flask_jwt_extended"] is not sys.modules["jwt_extended.flask"]:
    raise RuntimeError("upstream's tests would test upstream's package")
