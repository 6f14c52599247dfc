"""The names of all options, with their defaults and types.

This file holds tables only; the checks are beside it.
"""

from datetime import timedelta
from typing import Any

#: Upstream's 43 options, with upstream's defaults.
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

#: Options that upstream does not have. By default they are off, or behave as upstream does.
OURS: dict[str, Any] = {
    # Whether a rejection clears cookies that can never be accepted.
    "JWT_CLEAR_REJECTED_COOKIES": False,
    # Whether browsers keep separate cookies for each top-level site.
    "JWT_COOKIE_PARTITIONED": False,
    # Whether to reject cookies when the browser says that another site sent the request.
    "JWT_CSRF_REFUSE_CROSS_SITE": False,
    # Whether to reject them, too, when another host or port of the same site sent the request.
    "JWT_CSRF_REFUSE_SAME_SITE": False,
    # The views that JWT_PROTECT_BY_DEFAULT leaves open, by their paths or names.
    "JWT_EXEMPT": None,
    # Domains that the cookies had before; their cookies are cleared.
    "JWT_FORMER_COOKIE_DOMAINS": None,
    # Other issuers whose access tokens are accepted. See `issuers`.
    "JWT_ISSUERS": None,
    # How long clients may keep the public keys; None for 5 minutes.
    "JWT_JWKS_MAX_AGE": None,
    # The path that serves the public keys as a JWK Set, such as "/.well-known/jwks.json".
    "JWT_JWKS_URL": None,
    # Several keys: one of them signs, and all of them verify. See `key_ring`.
    "JWT_KEY_RING": None,
    # With JWT_STORE: the longest lifetime that a token may have.
    "JWT_LONGEST_LIFETIME": None,
    # With JWT_STORE: how many sessions a user may have; None for 100.
    "JWT_MAX_SESSIONS": None,
    # The length of the longest token that is read, in bytes.
    "JWT_MAX_TOKEN_LENGTH": 65536,
    # Whether every view requires an access token, except those under @jwt_exempt.
    "JWT_PROTECT_BY_DEFAULT": False,
    # The realm of the challenges.
    "JWT_REALM": None,
    # With JWT_STORE: how long a used refresh token still returns the same successor.
    "JWT_REFRESH_GRACE": None,
    # How long before its end an access cookie is renewed; None for never.
    "JWT_RENEW_ACCESS_COOKIE_WITHIN": None,
    # With JWT_STORE: whether the refresh token that was used last returns its successor again, as
    # long as the successor is unused.
    "JWT_REFRESH_RETRY": False,
    # With JWT_STORE: how long a session may last after its login, even if it is used.
    "JWT_SESSION_EXPIRES": None,
    # With JWT_STORE: how long a session may go unused.
    "JWT_SESSION_IDLE_EXPIRES": None,
    # Where sessions and revocations are stored: "memory", "memory:100000" with a capacity, or the
    # URL of a store that processes share.
    "JWT_STORE": None,
    # How long a shared store may take to answer.
    "JWT_STORE_TIMEOUT": None,
    # The deviations that are accepted; None for all that upstream accepts, [] for none.
    "JWT_TOLERATE": None,
    # How many tokens with an asymmetric signature are remembered as verified; None for none.
    "JWT_VERIFICATION_CACHE": None,
    # Whether rejections carry WWW-Authenticate.
    "JWT_WWW_AUTHENTICATE": False,
}

#: Options that the engine reads and checks itself, under their names without `JWT_`.
PASSED_ON = (
    "JWT_CLEAR_REJECTED_COOKIES",
    "JWT_COOKIE_PARTITIONED",
    "JWT_CSRF_REFUSE_CROSS_SITE",
    "JWT_CSRF_REFUSE_SAME_SITE",
    "JWT_FORMER_COOKIE_DOMAINS",
    "JWT_JWKS_MAX_AGE",
    "JWT_LONGEST_LIFETIME",
    "JWT_MAX_SESSIONS",
    "JWT_MAX_TOKEN_LENGTH",
    "JWT_REALM",
    "JWT_REFRESH_GRACE",
    "JWT_REFRESH_RETRY",
    "JWT_SESSION_EXPIRES",
    "JWT_SESSION_IDLE_EXPIRES",
    "JWT_VERIFICATION_CACHE",
)

#: The words that `JWT_TOLERATE` may contain: the engine's, and `small_rsa`.
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
    "padding",
    "small_rsa",
)

#: Options that hold a key: a secret, or a PEM.
KEYS = ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")

#: Options that must be a string, and not empty.
TEXTS = [
    *(name for name in UPSTREAM if name.endswith("_NAME")),
    "JWT_ERROR_MESSAGE_KEY",
    "JWT_IDENTITY_CLAIM",
    "JWT_JSON_KEY",
    "JWT_REFRESH_JSON_KEY",
]

#: Options that must be a string or None.
TEXTS_OR_NONE = [
    *(name for name in UPSTREAM if name.endswith("_PATH")),
    "JWT_COOKIE_DOMAIN",
    "JWT_COOKIE_SAMESITE",
    "JWT_ENCODE_ISSUER",
    "JWT_HEADER_TYPE",
    "JWT_QUERY_STRING_VALUE_PREFIX",
    "JWT_REALM",
]

#: Options that must be a bool. Upstream's own switches accept any value by its truthiness.
SWITCHES = ["JWT_PROTECT_BY_DEFAULT", "JWT_WWW_AUTHENTICATE"]

#: The options that the engine depends on: if one changes, the engine reads them again.
WATCHED = [*UPSTREAM, *OURS, "SECRET_KEY", "SECRET_KEY_FALLBACKS"]

#: The places to look for tokens in, in the order in which a set of them is searched.
LOCATIONS = ("headers", "cookies", "query_string", "json")

#: Algorithms that take a key pair. All others take a secret.
ASYMMETRIC = (
    *(f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)),
    "ES521",
    "ES256K",
    "EdDSA",
    "Ed25519",
    *(f"ML-DSA-{size}" for size in (44, 65, 87)),
)
ALGORITHMS = ("HS256", "HS384", "HS512", *ASYMMETRIC)
