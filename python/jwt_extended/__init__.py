"""Token authentication with an engine in Rust.

:mod:`jwt_extended.flask` is the face for Flask: a drop-in for Flask-JWT-Extended.
"""

from importlib.metadata import version as _version

__version__ = _version("jwt-extended")
