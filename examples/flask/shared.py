"""What the examples share: the secret, and the check of a user's password."""

import hmac
import os
import secrets

from flask import abort, jsonify, make_response, request

# Your app keeps hashes of the passwords, in its database.
PASSWORDS = {"testuser": "testpass", "admin": "adminpass"}


def secret() -> str:
    """Return the secret of the environment, or a random one, which a restart replaces."""
    return os.environ.get("JWT_SECRET_KEY") or secrets.token_urlsafe(48)


def check_password() -> str:
    """Return the user that the request's JSON names, or answer 401 if the password is wrong."""
    username = str(request.json.get("username"))
    password = str(request.json.get("password"))
    expected = PASSWORDS.get(username)
    if expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
        abort(make_response(jsonify(msg="Bad username or password"), 401))
    return username
