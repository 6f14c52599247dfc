"""Flask-JWT-Extended 3, whole: what ``install_as_flask_jwt_extended(version=3)`` installs.

The modules and names are those of 3.25, and nothing in here warns. Apps that are connected by this
``JWTManager`` have ``JWT_INTERFACE_VERSION`` set to 3, which decides what the engine's face does.
"""

from . import config, default_callbacks, exceptions, jwt_manager, utils, view_decorators
from .jwt_manager import JWTManager
from .utils import (
    create_access_token,
    create_refresh_token,
    current_user,
    decode_token,
    get_csrf_token,
    get_current_user,
    get_jti,
    get_jwt_claims,
    get_jwt_identity,
    get_raw_jwt,
    get_raw_jwt_header,
    get_unverified_jwt_headers,
    set_access_cookies,
    set_refresh_cookies,
    unset_access_cookies,
    unset_jwt_cookies,
    unset_refresh_cookies,
)
from .view_decorators import (
    fresh_jwt_required,
    jwt_optional,
    jwt_refresh_token_required,
    jwt_required,
    verify_fresh_jwt_in_request,
    verify_jwt_in_request,
    verify_jwt_in_request_optional,
    verify_jwt_refresh_token_in_request,
)

#: The version of Flask-JWT-Extended whose interface this is.
__version__ = "3.25.1"

__all__ = [
    "JWTManager",
    "__version__",
    "config",
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "default_callbacks",
    "exceptions",
    "fresh_jwt_required",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt_claims",
    "get_jwt_identity",
    "get_raw_jwt",
    "get_raw_jwt_header",
    "get_unverified_jwt_headers",
    "jwt_manager",
    "jwt_optional",
    "jwt_refresh_token_required",
    "jwt_required",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "utils",
    "verify_fresh_jwt_in_request",
    "verify_jwt_in_request",
    "verify_jwt_in_request_optional",
    "verify_jwt_refresh_token_in_request",
    "view_decorators",
]
