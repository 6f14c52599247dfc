"""Helpers to test an app: a client that logs in, a clock that moves, and guards that admit anybody.

::

    from jwt_extended.flask.testing import jwt_client, travel

    def test_a_login_lasts_for_a_quarter_of_an_hour(app):
        client = jwt_client(app)
        client.login("alice")
        assert client.get("/profile").status_code == 200
        with travel(minutes=20):
            assert client.get("/profile").status_code == 401

Nothing in here needs pytest. Its fixtures are in :mod:`jwt_extended.pytest_plugin`.
"""

from .client import JWTClient, jwt_client
from .clock import travel, travel_to
from .open_guards import without_protection
from .tokens import LoginOptions, auth_headers

__all__ = [
    "JWTClient",
    "LoginOptions",
    "auth_headers",
    "jwt_client",
    "travel",
    "travel_to",
    "without_protection",
]
