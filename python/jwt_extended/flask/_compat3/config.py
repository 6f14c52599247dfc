"""Upstream's ``config`` object as 3.x had it: with names that version 4 dropped."""

import json
import warnings
from collections.abc import Collection
from typing import Any

from flask import current_app

from ..config import _Config

_KINDS = ("access", "refresh")


class Config3(_Config):
    """Reads the options of the current app under the names of 3.x."""

    @property
    def csrf_protect(self) -> bool:
        """Whether cookies need a CSRF value."""
        return self.jwt_in_cookies and bool(self.cookie_csrf_protect)

    @property
    def blacklist_enabled(self) -> bool:
        """Whether ``JWT_BLACKLIST_ENABLED`` is set."""
        return bool(current_app.config.get("JWT_BLACKLIST_ENABLED", False))

    @property
    def blacklist_checks(self) -> Collection[str]:
        """The types of token that ``token_in_blacklist_loader`` is asked about."""
        name = "JWT_BLACKLIST_TOKEN_CHECKS"
        checks = current_app.config.get(name, _KINDS)
        if isinstance(checks, str):
            checks = (checks,)
        if not isinstance(checks, Collection):
            raise RuntimeError(f"{name} must be a sequence or a set")
        if any(check not in _KINDS for check in checks):
            raise RuntimeError(f'{name} must be "access" or "refresh"')
        return checks

    @property
    def blacklist_access_tokens(self) -> bool:
        """Whether access tokens are looked up in the blacklist."""
        return "access" in self.blacklist_checks

    @property
    def blacklist_refresh_tokens(self) -> bool:
        """Whether refresh tokens are looked up in the blacklist."""
        return "refresh" in self.blacklist_checks

    @property
    def user_claims_key(self) -> str:
        """The claim that holds what ``user_claims_loader`` returns."""
        key: str = current_app.config.get("JWT_USER_CLAIMS", "user_claims")
        return key

    @property
    def user_claims_in_refresh_token(self) -> bool:
        """Whether refresh tokens have user claims as well."""
        return bool(current_app.config.get("JWT_CLAIMS_IN_REFRESH_TOKEN", False))

    @property
    def audience(self) -> Any:
        """The audience that tokens must have."""
        return self.decode_audience

    @property
    def access_csrf_header_name(self) -> str:  # type: ignore[override]
        """The header with the CSRF value of an access token."""
        return self._csrf_header_name("ACCESS")

    @property
    def refresh_csrf_header_name(self) -> str:  # type: ignore[override]
        """The header with the CSRF value of a refresh token."""
        return self._csrf_header_name("REFRESH")

    @property
    def json_encoder(self) -> type[json.JSONEncoder]:
        """The app's encoder, which Flask had up to 2.2."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            encoder: type[json.JSONEncoder] | None = getattr(current_app, "json_encoder", None)
        return super().json_encoder if encoder is None else encoder

    def _csrf_header_name(self, kind: str) -> str:
        old: str | None = current_app.config.get("JWT_CSRF_HEADER_NAME")
        if old:
            warnings.warn(
                "JWT_CSRF_HEADER_NAME is depreciated. Use JWT_ACCESS_CSRF_HEADER_NAME or "
                "JWT_REFRESH_CSRF_HEADER_NAME instead",
                DeprecationWarning,
                stacklevel=3,
            )
            return old
        name: str = current_app.config[f"JWT_{kind}_CSRF_HEADER_NAME"]
        return name


#: The current app's options under the names of 3.x.
config3 = Config3()


def offer_old_names() -> None:
    """Give the ``config`` object of version 4 the names that only 3.x has."""
    for name, value in vars(Config3).items():
        if isinstance(value, property) and not hasattr(_Config, name):
            setattr(_Config, name, value)
