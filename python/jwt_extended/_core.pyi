"""The engine, in Rust. The methods are documented in ``python/src``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, final

from flask import Request

@final
class Requirement:
    """The arguments of ``jwt_required``, read once."""

    def __new__(
        cls,
        optional: object,
        fresh: object,
        refresh: object,
        locations: str | Iterable[str] | None,
        verify_type: object,
        skip_revocation_check: object,
        *,
        scopes: Sequence[str] | None = None,
        any_scopes: Sequence[str] | None = None,
        claim_has: Sequence[tuple[str, Sequence[str]]] | None = None,
        claim_has_any: Sequence[tuple[str, Sequence[str]]] | None = None,
        max_age: float | None = None,
        acr: Sequence[str] | None = None,
    ) -> Requirement: ...

@final
class RefreshToken:
    """A refresh token that a guard has accepted."""

    @property
    def session(self) -> str | None: ...
    @property
    def subject(self) -> str: ...
    def contents(self) -> tuple[dict[str, Any], dict[str, Any]]: ...

@final
class Rotation:
    """The session, the ids and the time of the tokens that a login or a refresh creates."""

@final
class IssuedToken:
    """A token that was just created. ``str()`` returns its text."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def jti(self) -> str | None: ...
    @property
    def session(self) -> str | None: ...
    @property
    def csrf(self) -> str | None: ...
    @property
    def expires_in(self) -> int | None: ...

@final
class Compiled:
    """An app's options at one time, ready for use."""

    def check(self) -> None: ...
    def guard(
        self,
        request: Request,
        requirement: Requirement,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any], str, RefreshToken | None] | list[str] | None: ...
    def logout(self, request: Request, decode_key: Callable[..., Any] | None) -> bool: ...
    def renew(
        self,
        request: Request,
        decode_key: Callable[..., Any] | None,
        jti: str,
        create: Callable[[str, Rotation, RefreshToken], IssuedToken],
    ) -> IssuedToken | None: ...
    def locate(self, request: Request, requirement: Requirement) -> str: ...
    def decode(
        self,
        token: str | bytes,
        csrf_value: str | None,
        allow_expired: bool,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any]]: ...
    def encode(
        self,
        kind: str,
        identity: object,
        *,
        fresh: object,
        lifetime: int | None,
        claims: dict[str, Any] | None,
        headers: dict[str, Any] | None,
        key: object,
        session: str | None,
        default: Callable[[Any], Any],
        rotation: Rotation | None = None,
    ) -> IssuedToken: ...
    def login(
        self,
        label: str | None,
        end_others: bool,
        request: Request | None,
        decode_key: Callable[..., Any] | None,
        create: Callable[[str, Rotation], IssuedToken],
    ) -> tuple[IssuedToken, IssuedToken]: ...
    def refresh(
        self, token: RefreshToken, create: Callable[[str, Rotation], IssuedToken]
    ) -> tuple[IssuedToken, IssuedToken | None]: ...
    def carried(
        self,
        token: RefreshToken,
        kind: str,
        current: dict[str, Any],
        scopes: Sequence[str] | None,
        default: Callable[[Any], Any],
    ) -> dict[str, Any]: ...
    def scopes_of(self, claims: dict[str, Any], default: Callable[[Any], Any]) -> list[str]: ...
    def issuer_of(self, claims: dict[str, Any]) -> tuple[str, str] | None: ...
    def ids_of(
        self, claims: dict[str, Any], default: Callable[[Any], Any]
    ) -> tuple[str, str | None]: ...
    def subject_of_issuer(self, issuer: str, identity: str) -> str: ...
    def own_claims(self, token: RefreshToken) -> dict[str, Any]: ...
    def jwk_set(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]: ...
    def sessions(
        self, subject: str, current: str | None
    ) -> list[tuple[str, str | None, int, int, int | None, bool]]: ...
    def revoke_token(self, subject: str, jti: str, exp: float | None) -> None: ...
    def end_session(self, subject: str, session: str) -> bool: ...
    def end_session_by_id(self, session: str) -> None: ...
    def end_sessions_except(self, subject: str, session: str) -> int: ...
    def end_all_sessions(self, subject: str) -> int: ...
    def challenge(self, code: str, identity: str) -> str | None: ...

@final
class Engine:
    """One app's engine, which decides which options are current."""

    def __new__(
        cls, read: Callable[[Mapping[str, Any]], dict[str, Any]], names: list[str]
    ) -> Engine: ...
    def at(self, config: dict[str, Any]) -> Compiled: ...

def closest_option(name: str, options: list[str]) -> str | None: ...
def is_session_id(sid: str) -> bool: ...
def subject_of(identity: object, default: Callable[[Any], Any]) -> str: ...
def unverified_header(token: str | bytes, limit: int) -> dict[str, Any]: ...
