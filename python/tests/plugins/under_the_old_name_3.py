"""A pytest plugin for the test suite of 3.25.1: makes `flask_jwt_extended` the interface of 3.x."""

import sys

from jwt_extended.flask import install_as_flask_jwt_extended

install_as_flask_jwt_extended(version=3)

if sys.modules["flask_jwt_extended"].__name__ != "jwt_extended.flask._compat3.interface":
    raise RuntimeError("upstream's tests would test upstream's package")
