"""Flask-JWT-Extended with an engine in Rust: change one import line.

::

    from flask import Flask, jsonify
    from jwt_extended.flask import JWTManager, create_access_token, get_jwt_identity, jwt_required

    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes, from a safe place"
    JWTManager(app)

    @app.post("/login")
    def login():
        return jsonify(access_token=create_access_token("alice"))

    @app.get("/protected")
    @jwt_required()
    def protected():
        return jsonify(logged_in_as=get_jwt_identity())

The package has all functions, options and loaders of Flask-JWT-Extended 4. Those of 3.x work too,
with a deprecation warning. It adds the following, each behind its own options:

- keys that can be rotated and scheduled (``JWT_KEY_RING``);
- access tokens of other issuers, such as an identity provider (``JWT_ISSUERS``);
- guards that ask for scopes, permissions, and recent or stronger logins;
- a store of sessions (``JWT_STORE``): refresh tokens rotate and theft is detected
  (:func:`login_user`, :func:`refresh_tokens`), and sessions can be listed and ended
  (:func:`get_sessions`, :func:`end_session`, :func:`logout_user`);
- views that are protected by default (``JWT_PROTECT_BY_DEFAULT``).
"""

from . import exceptions, typing
from ._alias import install_as_flask_jwt_extended
from ._compat3.getters import get_jwt_claims, get_raw_jwt, get_raw_jwt_header
from ._compat3.guards import (
    fresh_jwt_required,
    jwt_optional,
    jwt_refresh_token_required,
    verify_fresh_jwt_in_request,
    verify_jwt_in_request_optional,
    verify_jwt_refresh_token_in_request,
)
from ._protection import jwks, jwt_exempt
from .jwt_manager import JWTManager
from .pairs import RefreshedTokens, TokenPair, login_user, password_changed, refresh_tokens
from .sessions import (
    Session,
    end_all_sessions,
    end_other_sessions,
    end_session,
    end_session_by_id,
    get_jwt_session,
    get_sessions,
    logout_user,
    revoke_token,
)
from .utils import (
    create_access_token,
    create_refresh_token,
    current_user,
    decode_token,
    get_csrf_token,
    get_current_user,
    get_jti,
    get_jwt,
    get_jwt_header,
    get_jwt_identity,
    get_jwt_issuer,
    get_jwt_request_location,
    get_jwt_scopes,
    get_unverified_jwt_headers,
    set_access_cookies,
    set_refresh_cookies,
    unset_access_cookies,
    unset_jwt_cookies,
    unset_refresh_cookies,
)
from .view_decorators import jwt_required, verify_jwt_in_request

#: The version of Flask-JWT-Extended whose interface this is. `jwt_extended.__version__` is the
#: version of this package.
__version__ = "4.7.4"

__all__ = [
    "JWTManager",
    "RefreshedTokens",
    "Session",
    "TokenPair",
    "__version__",
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "end_session_by_id",
    "exceptions",
    "fresh_jwt_required",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_claims",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_issuer",
    "get_jwt_request_location",
    "get_jwt_scopes",
    "get_jwt_session",
    "get_raw_jwt",
    "get_raw_jwt_header",
    "get_sessions",
    "get_unverified_jwt_headers",
    "install_as_flask_jwt_extended",
    "jwks",
    "jwt_exempt",
    "jwt_optional",
    "jwt_refresh_token_required",
    "jwt_required",
    "login_user",
    "logout_user",
    "password_changed",
    "refresh_tokens",
    "revoke_token",
    "set_access_cookies",
    "set_refresh_cookies",
    "typing",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "verify_fresh_jwt_in_request",
    "verify_jwt_in_request",
    "verify_jwt_in_request_optional",
    "verify_jwt_refresh_token_in_request",
]
