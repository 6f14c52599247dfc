"""The options of an app, read and checked. Upstream's ``config`` object, and what is new here.

Apps set options in ``app.config``; this object reads them. Each reader raises
:class:`RuntimeError` for a value that cannot be, with a sentence that says what to set.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import current_app

from .internal_utils import get_json_encoder
from .typing import ExpiresDelta

LOCATIONS = ("headers", "cookies", "query_string", "json")

#: Algorithms that take a key pair. All others take a secret.
ASYMMETRIC = (
    *(f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)),
    "ES521",
    "ES256K",
    "EdDSA",
    "Ed25519",
)
ALGORITHMS = ("HS256", "HS384", "HS512", *ASYMMETRIC)


class _Config:
    """Reads options: the current app's, or those of a mapping."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self._options = options

    def _get(self, name: str) -> Any:
        options = current_app.config if self._options is None else self._options
        return options[name]

    @property
    def is_asymmetric(self) -> bool:
        return self.algorithm in ASYMMETRIC

    @property
    def encode_key(self) -> Any:
        return self._private_key if self.is_asymmetric else self._secret_key

    @property
    def decode_key(self) -> Any:
        return self._public_key if self.is_asymmetric else self._secret_key

    @property
    def encode_key_name(self) -> str:
        """The option that holds the key that signs."""
        return "JWT_PRIVATE_KEY" if self.is_asymmetric else self._secret_key_name

    @property
    def decode_key_name(self) -> str:
        """The option that holds the key that checks."""
        return "JWT_PUBLIC_KEY" if self.is_asymmetric else self._secret_key_name

    @property
    def decode_keys(self) -> list[Any]:
        """All keys that check tokens: Flask's ``SECRET_KEY_FALLBACKS`` belong to ``SECRET_KEY``."""
        keys = [self.decode_key]
        if not self.is_asymmetric and not self._get("JWT_SECRET_KEY"):
            options = current_app.config if self._options is None else self._options
            fallbacks = options.get("SECRET_KEY_FALLBACKS") or []
            # Each character of a text would be a key.
            if not isinstance(fallbacks, list | tuple):
                raise TypeError("SECRET_KEY_FALLBACKS must be a list of keys")
            keys += fallbacks
        return keys

    @property
    def token_location(self) -> Sequence[str]:
        locations = self._get("JWT_TOKEN_LOCATION")
        if isinstance(locations, str):
            locations = (locations,)
        elif not isinstance(locations, Iterable):
            raise RuntimeError("JWT_TOKEN_LOCATION must be a sequence or a set")
        elif not locations:
            raise RuntimeError(
                "JWT_TOKEN_LOCATION must contain at least one "
                'of "headers", "cookies", "query_string", or "json"'
            )
        for location in locations:
            if location not in LOCATIONS:
                raise RuntimeError(
                    "JWT_TOKEN_LOCATION can only contain "
                    '"headers", "cookies", "query_string", or "json"'
                )
        return locations  # type: ignore[no-any-return]

    @property
    def jwt_in_cookies(self) -> bool:
        return "cookies" in self.token_location

    @property
    def jwt_in_headers(self) -> bool:
        return "headers" in self.token_location

    @property
    def jwt_in_query_string(self) -> bool:
        return "query_string" in self.token_location

    @property
    def jwt_in_json(self) -> bool:
        return "json" in self.token_location

    @property
    def header_name(self) -> str:
        name: str = self._get("JWT_HEADER_NAME")
        if not name:
            raise RuntimeError("JWT_ACCESS_HEADER_NAME cannot be empty")
        return name

    @property
    def header_type(self) -> str:
        return self._get("JWT_HEADER_TYPE")  # type: ignore[no-any-return]

    @property
    def query_string_name(self) -> str:
        return self._get("JWT_QUERY_STRING_NAME")  # type: ignore[no-any-return]

    @property
    def query_string_value_prefix(self) -> str:
        return self._get("JWT_QUERY_STRING_VALUE_PREFIX")  # type: ignore[no-any-return]

    @property
    def access_cookie_name(self) -> str:
        return self._get("JWT_ACCESS_COOKIE_NAME")  # type: ignore[no-any-return]

    @property
    def refresh_cookie_name(self) -> str:
        return self._get("JWT_REFRESH_COOKIE_NAME")  # type: ignore[no-any-return]

    @property
    def access_cookie_path(self) -> str:
        return self._get("JWT_ACCESS_COOKIE_PATH")  # type: ignore[no-any-return]

    @property
    def refresh_cookie_path(self) -> str:
        return self._get("JWT_REFRESH_COOKIE_PATH")  # type: ignore[no-any-return]

    @property
    def cookie_secure(self) -> bool:
        return self._get("JWT_COOKIE_SECURE")  # type: ignore[no-any-return]

    @property
    def cookie_domain(self) -> str | None:
        return self._get("JWT_COOKIE_DOMAIN")  # type: ignore[no-any-return]

    @property
    def session_cookie(self) -> bool:
        return self._get("JWT_SESSION_COOKIE")  # type: ignore[no-any-return]

    @property
    def cookie_samesite(self) -> str | None:
        return self._get("JWT_COOKIE_SAMESITE")  # type: ignore[no-any-return]

    @property
    def json_key(self) -> str:
        return self._get("JWT_JSON_KEY")  # type: ignore[no-any-return]

    @property
    def refresh_json_key(self) -> str:
        return self._get("JWT_REFRESH_JSON_KEY")  # type: ignore[no-any-return]

    @property
    def cookie_csrf_protect(self) -> bool:
        return self._get("JWT_COOKIE_CSRF_PROTECT")  # type: ignore[no-any-return]

    @property
    def csrf_in_cookies(self) -> bool:
        return self._get("JWT_CSRF_IN_COOKIES")  # type: ignore[no-any-return]

    @property
    def access_csrf_cookie_name(self) -> str:
        return self._get("JWT_ACCESS_CSRF_COOKIE_NAME")  # type: ignore[no-any-return]

    @property
    def refresh_csrf_cookie_name(self) -> str:
        return self._get("JWT_REFRESH_CSRF_COOKIE_NAME")  # type: ignore[no-any-return]

    @property
    def access_csrf_cookie_path(self) -> str:
        return self._get("JWT_ACCESS_CSRF_COOKIE_PATH")  # type: ignore[no-any-return]

    @property
    def refresh_csrf_cookie_path(self) -> str:
        return self._get("JWT_REFRESH_CSRF_COOKIE_PATH")  # type: ignore[no-any-return]

    @property
    def access_csrf_header_name(self) -> str:
        return self._get("JWT_ACCESS_CSRF_HEADER_NAME")  # type: ignore[no-any-return]

    @property
    def refresh_csrf_header_name(self) -> str:
        return self._get("JWT_REFRESH_CSRF_HEADER_NAME")  # type: ignore[no-any-return]

    @property
    def csrf_check_form(self) -> bool:
        return self._get("JWT_CSRF_CHECK_FORM")  # type: ignore[no-any-return]

    @property
    def access_csrf_field_name(self) -> str:
        return self._get("JWT_ACCESS_CSRF_FIELD_NAME")  # type: ignore[no-any-return]

    @property
    def refresh_csrf_field_name(self) -> str:
        return self._get("JWT_REFRESH_CSRF_FIELD_NAME")  # type: ignore[no-any-return]

    @property
    def algorithm(self) -> str:
        return self._get("JWT_ALGORITHM")  # type: ignore[no-any-return]

    @property
    def encode_audience(self) -> str | Iterable[str] | None:
        return self._get("JWT_ENCODE_AUDIENCE")  # type: ignore[no-any-return]

    @property
    def decode_audience(self) -> str | Iterable[str] | None:
        return self._get("JWT_DECODE_AUDIENCE")  # type: ignore[no-any-return]

    @property
    def encode_issuer(self) -> str | None:
        return self._get("JWT_ENCODE_ISSUER")  # type: ignore[no-any-return]

    @property
    def decode_issuer(self) -> str | Iterable[str] | None:
        return self._get("JWT_DECODE_ISSUER")  # type: ignore[no-any-return]

    @property
    def verify_sub(self) -> bool:
        return self._get("JWT_VERIFY_SUB")  # type: ignore[no-any-return]

    @property
    def encode_nbf(self) -> bool:
        return self._get("JWT_ENCODE_NBF")  # type: ignore[no-any-return]

    @property
    def csrf_request_methods(self) -> Iterable[str]:
        return self._get("JWT_CSRF_METHODS")  # type: ignore[no-any-return]

    @property
    def identity_claim_key(self) -> str:
        return self._get("JWT_IDENTITY_CLAIM")  # type: ignore[no-any-return]

    @property
    def error_msg_key(self) -> str:
        return self._get("JWT_ERROR_MESSAGE_KEY")  # type: ignore[no-any-return]

    @property
    def leeway(self) -> float | timedelta:
        return self._get("JWT_DECODE_LEEWAY")  # type: ignore[no-any-return]

    @property
    def access_expires(self) -> ExpiresDelta:
        return self._expires("JWT_ACCESS_TOKEN_EXPIRES")

    @property
    def refresh_expires(self) -> ExpiresDelta:
        return self._expires("JWT_REFRESH_TOKEN_EXPIRES")

    @property
    def decode_algorithms(self) -> list[str]:
        algorithms = self._get("JWT_DECODE_ALGORITHMS")
        if not algorithms:
            return [self.algorithm]
        algorithms = [algorithms] if isinstance(algorithms, str) else list(algorithms)
        return algorithms if self.algorithm in algorithms else [*algorithms, self.algorithm]

    @property
    def cookie_max_age(self) -> int | None:
        """How long cookies last: a year, or ``None`` for as long as the browser is open."""
        return None if self.session_cookie else 31540000

    @property
    def exempt_methods(self) -> Iterable[str]:
        return {"OPTIONS"}

    @property
    def json_encoder(self) -> type[json.JSONEncoder]:
        return get_json_encoder(current_app)

    def _expires(self, name: str) -> ExpiresDelta:
        delta = self._get(name)
        if delta is False:
            return False
        try:
            if type(delta) is int:
                delta = timedelta(seconds=delta)
            later = delta + datetime.now(timezone.utc)
            earlier = later - delta
        except OverflowError:
            raise RuntimeError(
                f"{name} must end before the year 9999; set False for ever"
            ) from None
        except TypeError as error:
            raise RuntimeError(f"must be able to add {name} to datetime.datetime") from error
        if later == earlier:
            raise RuntimeError(f"{name} must not be zero; set False for tokens that never expire")
        return delta  # type: ignore[no-any-return]

    @property
    def _secret_key_name(self) -> str:
        return "JWT_SECRET_KEY" if self._get("JWT_SECRET_KEY") else "SECRET_KEY"

    @property
    def _secret_key(self) -> Any:
        key = self._get("JWT_SECRET_KEY")
        if not key:
            options = current_app.config if self._options is None else self._options
            key = options.get("SECRET_KEY")
        if not key:
            raise RuntimeError(
                "JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric "
                f'algorithm "{self.algorithm}"'
            )
        return key

    @property
    def _public_key(self) -> Any:
        return self._key_of_a_pair("JWT_PUBLIC_KEY")

    @property
    def _private_key(self) -> Any:
        return self._key_of_a_pair("JWT_PRIVATE_KEY")

    def _key_of_a_pair(self, name: str) -> Any:
        key = self._get(name)
        if not key:
            raise RuntimeError(
                f'{name} must be set to use asymmetric cryptography algorithm "{self.algorithm}"'
            )
        return key


#: The current app's options.
config = _Config()
