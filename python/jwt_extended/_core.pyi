"""The engine, in Rust. Its methods are described in ``python/src/engine.rs``."""

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
class Engine:
    """One app's engine."""

    def __new__(
        cls, read: Callable[[Mapping[str, Any]], dict[str, Any]], names: list[str]
    ) -> Engine: ...
    def check(self, config: dict[str, Any]) -> None: ...
    def guard(
        self,
        config: dict[str, Any],
        request: Request,
        requirement: Requirement,
        decode_key: Callable[..., Any] | None,
    ) -> tuple[dict[str, Any], dict[str, Any], str] | None: ...
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
    ) -> str: ...
    def new_session(self, config: dict[str, Any]) -> str: ...
    def jwk_set(self, config: dict[str, Any]) -> str: ...
    def revoke_token(self, config: dict[str, Any], jti: str, exp: float | None) -> None: ...
    def revoke_session(self, config: dict[str, Any], sid: str) -> None: ...
    def revoke_identity(
        self, config: dict[str, Any], identity: object, default: Callable[[Any], Any]
    ) -> None: ...
    def challenge(self, config: dict[str, Any], code: str, identity: str) -> str | None: ...

def unverified_header(token: str | bytes, limit: int) -> dict[str, Any]: ...
