"""The engine, in Rust. The methods are documented in ``python/src``."""

from collections.abc import Callable, Iterable, Mapping
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
    ) -> Requirement: ...

@final
class RefreshToken:
    """A refresh token that a guard has accepted."""

    @property
    def session(self) -> str | None: ...
    @property
    def csrf(self) -> str | None: ...
    @property
    def subject(self) -> str: ...
    def contents(self) -> tuple[dict[str, Any], dict[str, Any]]: ...

#: The old name.
Presented = RefreshToken

@final
class Rotation:
    """The id and the time of a session's next refresh token."""

    def __eq__(self, other: object) -> bool: ...

@final
class Compiled:
    """An app's options at one time, ready for use."""

    def check(self) -> None: ...
    def guard(
        self,
        request: Request,
        requirement: Requirement,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any], str, RefreshToken | None] | None: ...
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
        csrf: str | None = None,
    ) -> str: ...
    def new_session(self) -> str: ...
    def next_rotation(self) -> Rotation: ...
    def open_session(
        self, session: str, first: Rotation, access: str, refresh: str, label: str | None
    ) -> None: ...
    def rotate(
        self, token: RefreshToken, next: Rotation, access: str, refresh: str
    ) -> Rotation: ...
    def refuse_revoked(self, token: RefreshToken) -> None: ...
    def own_claims(self, token: RefreshToken) -> dict[str, Any]: ...
    def owner(self, token: str) -> str: ...
    def jwk_set(self) -> str: ...
    def sessions(
        self, subject: str, current: str | None
    ) -> list[tuple[str, str | None, int, int, int | None, bool]]: ...
    def revoke_token(self, subject: str, jti: str, exp: float | None) -> None: ...
    def end_session(self, subject: str, session: str) -> bool: ...
    def end_session_by_id(self, session: str) -> None: ...
    def end_sessions_except(self, subject: str, session: str) -> int: ...
    def end_all_sessions(self, subject: str) -> None: ...
    def challenge(self, code: str, identity: str) -> str | None: ...

@final
class Engine:
    """One app's engine, which decides which options are current.

    All methods but ``at`` forward to ``Compiled``, and go when all callers use ``at``.
    """

    def __new__(
        cls, read: Callable[[Mapping[str, Any]], dict[str, Any]], names: list[str]
    ) -> Engine: ...
    def at(self, config: dict[str, Any]) -> Compiled: ...
    def check(self, config: dict[str, Any]) -> None: ...
    def guard(
        self,
        config: dict[str, Any],
        request: Request,
        requirement: Requirement,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any], str, RefreshToken | None] | None: ...
    def locate(self, config: dict[str, Any], request: Request, requirement: Requirement) -> str: ...
    def decode(
        self,
        config: dict[str, Any],
        token: str | bytes,
        csrf_value: str | None,
        allow_expired: bool,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any]]: ...
    def encode(
        self,
        config: dict[str, Any],
        kind: str,
        identity: object,
        fresh: object,
        lifetime: int | None,
        claims: dict[str, Any] | None,
        headers: dict[str, Any] | None,
        key: object,
        session: str | None,
        default: Callable[[Any], Any],
        rotation: Rotation | None = None,
        csrf: str | None = None,
    ) -> str: ...
    def new_session(self, config: dict[str, Any]) -> str: ...
    def jwk_set(self, config: dict[str, Any]) -> str: ...
    def next_rotation(self, config: dict[str, Any]) -> Rotation: ...
    def open_session(
        self,
        config: dict[str, Any],
        session: str,
        first: Rotation,
        access: str,
        refresh: str,
        label: str | None,
    ) -> None: ...
    def turn_session(
        self,
        config: dict[str, Any],
        presented: RefreshToken,
        due: Rotation,
        access: str,
        refresh: str,
    ) -> Rotation: ...
    def refuse_revoked(self, config: dict[str, Any], presented: RefreshToken) -> None: ...
    def own_claims(self, config: dict[str, Any], presented: RefreshToken) -> dict[str, Any]: ...
    @staticmethod
    def subject(identity: object, default: Callable[[Any], Any]) -> str: ...
    def owner(self, config: dict[str, Any], token: str) -> str: ...
    def sessions(
        self, config: dict[str, Any], subject: str, asks: str | None
    ) -> list[tuple[str, str | None, int, int, int | None, bool]]: ...
    def revoke_token(
        self, config: dict[str, Any], subject: str, jti: str, exp: float | None
    ) -> None: ...
    def revoke_session(self, config: dict[str, Any], sid: str) -> None: ...
    def revoke_subject(self, config: dict[str, Any], subject: str) -> None: ...
    def end_session(self, config: dict[str, Any], subject: str, sid: str) -> bool: ...
    def end_sessions_but(self, config: dict[str, Any], subject: str, sid: str) -> int: ...
    def challenge(self, config: dict[str, Any], code: str, identity: str) -> str | None: ...

def subject_of(identity: object, default: Callable[[Any], Any]) -> str: ...
def unverified_header(token: str | bytes, limit: int) -> dict[str, Any]: ...
