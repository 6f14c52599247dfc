"""Checks and conversions of the arguments that tokens are made from."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any


def merged(
    callback: Callable[..., Any] | None, identity: Any, given: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Merge the result of an app's callback with the caller's arguments, which win."""
    if callback is None:
        return dict(given) if given else None
    # A copy, because the callback may return a dict of the app's own, which must not change.
    return {**(callback(identity) or {}), **(given or {})}


def check_claims(claims: dict[str, Any]) -> None:
    """Convert ``datetime`` values to Unix times, and reject what PyJWT rejects."""
    for name in ("exp", "iat", "nbf"):
        moment = claims.get(name)
        if isinstance(moment, datetime):
            # As in PyJWT, a time without a zone is UTC.
            aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            claims[name] = int(aware.timestamp() // 1)
    if not isinstance(claims.get("iss", ""), str):
        raise TypeError("Issuer (iss) must be a string.")


def check_session(session: Any) -> None:
    """Reject values that cannot be a session id."""
    if not isinstance(session, str):
        kind = type(session).__name__
        raise TypeError(f"session must be a string, as get_jwt_session() returns it, not a {kind}")
    if not session:
        raise ValueError("session must not be empty: all users would share it")


def freshness(fresh: Any) -> Any:
    """Return the claim ``fresh``: a bool, or the Unix time until when the token is fresh."""
    if fresh is True or fresh is False or isinstance(fresh, int | float):
        return fresh
    if hasattr(fresh, "total_seconds"):
        return (datetime.now(timezone.utc) + fresh).timestamp()
    return fresh


def lifetime(delta: Any) -> int | None:
    """Return how long a token lives in microseconds; ``None`` for a token that never expires."""
    if delta is False:
        return None
    if type(delta) is int:
        micros = delta * 1_000_000
    elif hasattr(delta, "total_seconds"):
        micros = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    else:
        # The length of a relativedelta depends on the present date.
        now = datetime.now(timezone.utc)
        return lifetime((now + delta) - now)
    if micros == 0:
        raise ValueError(
            "a token cannot have a lifetime of zero; "
            "use expires_delta=False for one that never expires"
        )
    return micros
