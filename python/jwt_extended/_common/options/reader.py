"""Upstream's ``config`` object, over any mapping of options.

Each attribute reads one option when it is accessed. Those that compute something raise
:class:`RuntimeError` for an invalid value, with a message that says what to set.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Generic, TypeVar, cast, overload

from ..typing import ExpiresDelta
from .names import ASYMMETRIC, LOCATIONS

T = TypeVar("T")


class _Option(Generic[T]):
    """An attribute that reads one option."""

    def __init__(self, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, reader: None, owner: type) -> "_Option[T]": ...
    @overload
    def __get__(self, reader: "OptionReader", owner: type) -> T: ...
    def __get__(self, reader: "OptionReader | None", owner: type) -> "_Option[T] | T":
        if reader is None:
            return self
        return cast(T, reader._options()[self._name])

    def __set__(self, reader: "OptionReader", value: object) -> None:
        raise AttributeError(f'set app.config["{self._name}"] instead')


class OptionReader(ABC):
    """Reads options under the names of upstream's ``config`` object."""

    @abstractmethod
    def _options(self) -> Mapping[str, Any]:
        """Return the options to read from."""

    header_type = _Option[str]("JWT_HEADER_TYPE")
    query_string_name = _Option[str]("JWT_QUERY_STRING_NAME")
    query_string_value_prefix = _Option[str]("JWT_QUERY_STRING_VALUE_PREFIX")
    json_key = _Option[str]("JWT_JSON_KEY")
    refresh_json_key = _Option[str]("JWT_REFRESH_JSON_KEY")

    access_cookie_name = _Option[str]("JWT_ACCESS_COOKIE_NAME")
    access_cookie_path = _Option[str]("JWT_ACCESS_COOKIE_PATH")
    refresh_cookie_name = _Option[str]("JWT_REFRESH_COOKIE_NAME")
    refresh_cookie_path = _Option[str]("JWT_REFRESH_COOKIE_PATH")
    cookie_secure = _Option[bool]("JWT_COOKIE_SECURE")
    cookie_domain = _Option[str | None]("JWT_COOKIE_DOMAIN")
    cookie_samesite = _Option[str | None]("JWT_COOKIE_SAMESITE")
    session_cookie = _Option[bool]("JWT_SESSION_COOKIE")

    cookie_csrf_protect = _Option[bool]("JWT_COOKIE_CSRF_PROTECT")
    csrf_in_cookies = _Option[bool]("JWT_CSRF_IN_COOKIES")
    csrf_check_form = _Option[bool]("JWT_CSRF_CHECK_FORM")
    csrf_request_methods = _Option[Iterable[str]]("JWT_CSRF_METHODS")
    access_csrf_cookie_name = _Option[str]("JWT_ACCESS_CSRF_COOKIE_NAME")
    access_csrf_cookie_path = _Option[str]("JWT_ACCESS_CSRF_COOKIE_PATH")
    access_csrf_field_name = _Option[str]("JWT_ACCESS_CSRF_FIELD_NAME")
    access_csrf_header_name = _Option[str]("JWT_ACCESS_CSRF_HEADER_NAME")
    refresh_csrf_cookie_name = _Option[str]("JWT_REFRESH_CSRF_COOKIE_NAME")
    refresh_csrf_cookie_path = _Option[str]("JWT_REFRESH_CSRF_COOKIE_PATH")
    refresh_csrf_field_name = _Option[str]("JWT_REFRESH_CSRF_FIELD_NAME")
    refresh_csrf_header_name = _Option[str]("JWT_REFRESH_CSRF_HEADER_NAME")

    algorithm = _Option[str]("JWT_ALGORITHM")
    encode_audience = _Option[str | Iterable[str] | None]("JWT_ENCODE_AUDIENCE")
    encode_issuer = _Option[str | None]("JWT_ENCODE_ISSUER")
    encode_nbf = _Option[bool]("JWT_ENCODE_NBF")
    decode_audience = _Option[str | Iterable[str] | None]("JWT_DECODE_AUDIENCE")
    decode_issuer = _Option[str | Iterable[str] | None]("JWT_DECODE_ISSUER")
    leeway = _Option[float | timedelta]("JWT_DECODE_LEEWAY")
    verify_sub = _Option[bool]("JWT_VERIFY_SUB")
    identity_claim_key = _Option[str]("JWT_IDENTITY_CLAIM")
    error_msg_key = _Option[str]("JWT_ERROR_MESSAGE_KEY")

    _configured_header_name = _Option[str]("JWT_HEADER_NAME")
    _configured_location = _Option[Any]("JWT_TOKEN_LOCATION")
    _configured_algorithms = _Option[str | Iterable[str] | None]("JWT_DECODE_ALGORITHMS")

    # Where tokens are.

    @property
    def header_name(self) -> str:
        """The header that carries the token."""
        name = self._configured_header_name
        if not name:
            raise RuntimeError("JWT_ACCESS_HEADER_NAME cannot be empty")
        return name

    @property
    def token_location(self) -> Sequence[str]:
        """The places to look for tokens in, in order."""
        locations = self._configured_location
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
        return cast(Sequence[str], locations)

    @property
    def jwt_in_cookies(self) -> bool:
        """Whether cookies are among the locations."""
        return "cookies" in self.token_location

    @property
    def jwt_in_headers(self) -> bool:
        """Whether headers are among the locations."""
        return "headers" in self.token_location

    @property
    def jwt_in_query_string(self) -> bool:
        """Whether the query string is among the locations."""
        return "query_string" in self.token_location

    @property
    def jwt_in_json(self) -> bool:
        """Whether JSON bodies are among the locations."""
        return "json" in self.token_location

    @property
    def cookie_max_age(self) -> int | None:
        """How long cookies last: a year, or ``None`` for as long as the browser is open."""
        return None if self.session_cookie else 31540000

    @property
    def exempt_methods(self) -> Iterable[str]:
        """The methods that pass every guard without a token."""
        return {"OPTIONS"}

    # Lifetimes.

    @property
    def access_expires(self) -> ExpiresDelta:
        """How long access tokens live; ``False`` if they never expire."""
        return self._expires("JWT_ACCESS_TOKEN_EXPIRES")

    @property
    def refresh_expires(self) -> ExpiresDelta:
        """How long refresh tokens live; ``False`` if they never expire."""
        return self._expires("JWT_REFRESH_TOKEN_EXPIRES")

    def _expires(self, name: str) -> ExpiresDelta:
        delta = self._options()[name]
        if delta is False:
            return False
        try:
            if type(delta) is int:
                delta = timedelta(seconds=delta)
            later = delta + datetime.now(timezone.utc)
            earlier = later - delta
        except OverflowError:
            raise RuntimeError(
                f"{name} must end before the year 9999; set False for tokens that never expire"
            ) from None
        except TypeError as error:
            raise RuntimeError(f"must be able to add {name} to datetime.datetime") from error
        if later == earlier:
            raise RuntimeError(f"{name} must not be zero; set False for tokens that never expire")
        return cast(ExpiresDelta, delta)

    # Algorithms and keys.

    @property
    def is_asymmetric(self) -> bool:
        """Whether ``JWT_ALGORITHM`` takes a key pair."""
        return self.algorithm in ASYMMETRIC

    @property
    def decode_algorithms(self) -> list[str]:
        """The algorithms that are accepted: always including ``JWT_ALGORITHM``."""
        algorithms = self._configured_algorithms
        if not algorithms:
            return [self.algorithm]
        algorithms = [algorithms] if isinstance(algorithms, str) else list(algorithms)
        return algorithms if self.algorithm in algorithms else [*algorithms, self.algorithm]

    @property
    def encode_key(self) -> Any:
        """The key that signs."""
        return self._key_of_a_pair("JWT_PRIVATE_KEY") if self.is_asymmetric else self._secret_key

    @property
    def decode_key(self) -> Any:
        """The key that verifies."""
        return self._key_of_a_pair("JWT_PUBLIC_KEY") if self.is_asymmetric else self._secret_key

    @property
    def encode_key_name(self) -> str:
        """The option that holds the key that signs."""
        return "JWT_PRIVATE_KEY" if self.is_asymmetric else self._secret_key_name

    @property
    def decode_key_name(self) -> str:
        """The option that holds the key that verifies."""
        return "JWT_PUBLIC_KEY" if self.is_asymmetric else self._secret_key_name

    @property
    def decode_keys(self) -> list[Any]:
        """All keys that verify tokens. ``SECRET_KEY_FALLBACKS`` only belong to ``SECRET_KEY``."""
        keys = [self.decode_key]
        if not self.is_asymmetric and not self._options()["JWT_SECRET_KEY"]:
            fallbacks = self._options().get("SECRET_KEY_FALLBACKS") or []
            # Each character of a string would become a key.
            if not isinstance(fallbacks, list | tuple):
                raise TypeError("SECRET_KEY_FALLBACKS must be a list of keys")
            keys += fallbacks
        return keys

    @property
    def _secret_key_name(self) -> str:
        return "JWT_SECRET_KEY" if self._options()["JWT_SECRET_KEY"] else "SECRET_KEY"

    @property
    def _secret_key(self) -> Any:
        key = self._options()["JWT_SECRET_KEY"] or self._options().get("SECRET_KEY")
        if not key:
            raise RuntimeError(
                "JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric "
                f'algorithm "{self.algorithm}"'
            )
        return key

    def _key_of_a_pair(self, name: str) -> Any:
        key = self._options()[name]
        if not key:
            raise RuntimeError(
                f'{name} must be set to use asymmetric cryptography algorithm "{self.algorithm}"'
            )
        return key


class MappingReader(OptionReader):
    """Reads the options of a mapping."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._mapping = options

    def _options(self) -> Mapping[str, Any]:
        return self._mapping
