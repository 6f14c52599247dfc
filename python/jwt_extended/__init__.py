"""Token authentication with an engine in Rust.

:mod:`jwt_extended.flask` is the face for Flask: a drop-in for Flask-JWT-Extended.
"""

from importlib.metadata import version as _version

try:
    from . import _core  # noqa: F401 - here, so that its error is the first one
except ImportError as _error:
    if "interpreter" not in str(_error):
        raise
    raise ImportError(
        "jwt_extended works in one interpreter of a process, and this is another one. "
        "With mod_wsgi, run each app in a WSGIDaemonProcess of its own, and add "
        '"WSGIApplicationGroup %{GLOBAL}" to the configuration of Apache. '
        'With uWSGI, set "single-interpreter = true", and run one app in a process'
    ) from _error

__version__ = _version("jwt-extended")
