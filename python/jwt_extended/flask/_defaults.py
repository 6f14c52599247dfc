"""Every option and its default."""

from datetime import timedelta
from typing import Any

#: Upstream's 43 options, with its defaults.
UPSTREAM: dict[str, Any] = {
    "JWT_ACCESS_COOKIE_NAME": "access_token_cookie",
    "JWT_ACCESS_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_COOKIE_NAME": "csrf_access_token",
    "JWT_ACCESS_CSRF_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_FIELD_NAME": "csrf_token",
    "JWT_ACCESS_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
    "JWT_ALGORITHM": "HS256",
    "JWT_COOKIE_CSRF_PROTECT": True,
    "JWT_COOKIE_DOMAIN": None,
    "JWT_COOKIE_SAMESITE": None,
    "JWT_COOKIE_SECURE": False,
    "JWT_CSRF_CHECK_FORM": False,
    "JWT_CSRF_IN_COOKIES": True,
    "JWT_CSRF_METHODS": ["POST", "PUT", "PATCH", "DELETE"],
    "JWT_DECODE_ALGORITHMS": None,
    "JWT_DECODE_AUDIENCE": None,
    "JWT_DECODE_ISSUER": None,
    "JWT_DECODE_LEEWAY": 0,
    "JWT_ENCODE_AUDIENCE": None,
    "JWT_ENCODE_ISSUER": None,
    "JWT_ENCODE_NBF": True,
    "JWT_ERROR_MESSAGE_KEY": "msg",
    "JWT_HEADER_NAME": "Authorization",
    "JWT_HEADER_TYPE": "Bearer",
    "JWT_IDENTITY_CLAIM": "sub",
    "JWT_JSON_KEY": "access_token",
    "JWT_PRIVATE_KEY": None,
    "JWT_PUBLIC_KEY": None,
    "JWT_QUERY_STRING_NAME": "jwt",
    "JWT_QUERY_STRING_VALUE_PREFIX": "",
    "JWT_REFRESH_COOKIE_NAME": "refresh_token_cookie",
    "JWT_REFRESH_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_COOKIE_NAME": "csrf_refresh_token",
    "JWT_REFRESH_CSRF_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_FIELD_NAME": "csrf_token",
    "JWT_REFRESH_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_REFRESH_JSON_KEY": "refresh_token",
    "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=30),
    "JWT_SECRET_KEY": None,
    "JWT_SESSION_COOKIE": True,
    "JWT_TOKEN_LOCATION": ("headers",),
    "JWT_VERIFY_SUB": True,
}

#: What upstream does not have. All of it is off, or as upstream is, unless it is set.
OURS: dict[str, Any] = {
    # Whether cookies are refused when the browser says that another site sent the request.
    "JWT_CSRF_REFUSE_CROSS_SITE": False,
    # Where a JWK Set of the public keys is served, such as "/.well-known/jwks.json".
    "JWT_JWKS_URL": None,
    # Several keys: the first signs, all of them check. See `key_ring`.
    "JWT_KEY_RING": None,
    # With JWT_STORE: the longest life that a token may have.
    "JWT_LONGEST_LIFETIME": None,
    # With JWT_STORE: how many sessions a user may have; None for any number.
    "JWT_MAX_SESSIONS": None,
    # The longest token that is looked at, in bytes.
    "JWT_MAX_TOKEN_LENGTH": 65536,
    # Whether every view asks for an access token, but for those under @jwt_exempt.
    "JWT_PROTECT_BY_DEFAULT": False,
    # The realm of the challenges.
    "JWT_REALM": None,
    # With JWT_STORE: for how long a refresh token that was just used gives the same successor.
    "JWT_REFRESH_GRACE": None,
    # With JWT_STORE: how long a session may last from its login, however much it is used.
    "JWT_SESSION_EXPIRES": None,
    # With JWT_STORE: how long a session may go unused.
    "JWT_SESSION_IDLE_EXPIRES": None,
    # Where sessions and revocations are kept: "memory", "memory:100000" for so many at most, or
    # the URL of a store that processes share.
    "JWT_STORE": None,
    # How long such a store may take to answer.
    "JWT_STORE_TIMEOUT": None,
    # What is accepted although it should not be; None for all that upstream accepts, [] for none.
    "JWT_TOLERATE": None,
    # Whether refusals carry WWW-Authenticate.
    "JWT_WWW_AUTHENTICATE": False,
}

#: What `JWT_TOLERATE` may name: the engine's words, and `small_rsa`.
TOLERATED = (
    "missing_expiry",
    "missing_type",
    "unknown_type",
    "foreign_typ",
    "unexpected_audience",
    "several_tokens",
    "short_secret",
    "loose_times",
    "any_identity",
    "foreign_claims",
    "flask_header",
    "small_rsa",
)

#: Texts that must be there.
TEXTS = [
    *(name for name in UPSTREAM if name.endswith("_NAME")),
    "JWT_ERROR_MESSAGE_KEY",
    "JWT_IDENTITY_CLAIM",
    "JWT_JSON_KEY",
    "JWT_REFRESH_JSON_KEY",
]

#: Texts that may be left out.
TEXTS_OR_NONE = [
    *(name for name in UPSTREAM if name.endswith("_PATH")),
    "JWT_COOKIE_DOMAIN",
    "JWT_COOKIE_SAMESITE",
    "JWT_ENCODE_ISSUER",
    "JWT_HEADER_TYPE",
    "JWT_QUERY_STRING_VALUE_PREFIX",
    "JWT_REALM",
]

#: What can only be on or off. Of upstream's, any value is one or the other.
SWITCHES = [name for name, default in OURS.items() if isinstance(default, bool)]

#: The options that the engine depends on.
WATCHED = [*UPSTREAM, *OURS, "SECRET_KEY", "SECRET_KEY_FALLBACKS"]
