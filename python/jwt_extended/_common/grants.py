"""Checks the arguments about scopes, permissions and logins: of guards, and of new tokens."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any


def asked(**arguments: Any) -> dict[str, Any]:
    """Return the arguments of a guard that are set, in a form that can be hashed.

    Its own result, passed in again, stays as it is.

    :raises TypeError: for an argument of another type.
    :raises ValueError: for an empty one, which would admit nobody or everybody.
    """
    return {
        name: _READERS[name](name, value) for name, value in arguments.items() if value is not None
    }


def login_claims(
    claims: dict[str, Any] | None,
    scopes: str | Iterable[str] | None,
    auth_time: datetime | float | None,
    acr: str | None,
    amr: str | Iterable[str] | None,
) -> dict[str, Any] | None:
    """Add the claims about a login to the caller's claims for a new token.

    :raises TypeError: for an argument of another type.
    :raises ValueError: for a claim that is given twice, and for an argument without meaning.
    """
    added: dict[str, Any] = {}
    if scopes is not None:
        added["scope"] = " ".join(words("scopes", scopes))
    if auth_time is not None:
        added["auth_time"] = _moment(auth_time)
    if acr is not None:
        if not isinstance(acr, str):
            raise TypeError(f"acr must be a string, not a {type(acr).__name__}")
        if not acr or " " in acr:
            raise ValueError("acr must be one name without spaces, such as 'gold'")
        added["acr"] = acr
    if amr is not None:
        added["amr"] = list(words("amr", amr))
    if not added:
        return claims
    if twice := [name for name in added if claims and name in claims]:
        argument = "scopes" if twice[0] == "scope" else twice[0]
        raise ValueError(
            f"the claim {twice[0]} is in additional_claims and in {argument}=; leave one out"
        )
    return {**(claims or {}), **added}


def words(name: str, value: Any) -> tuple[str, ...]:
    """Return the words of a string, or of several.

    :param name: what a message calls them.
    :raises TypeError: for another type.
    """
    return tuple(word for text in _texts(name, value) for word in text.split(" ") if word)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a string or an iterable of strings, not a {kind}")
    texts = tuple(value)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{name} must contain strings, not a {type(text).__name__}")
    return texts


def _scopes(name: str, value: Any) -> tuple[str, ...]:
    found = words(name, value)
    if not found:
        raise ValueError(f"{name} must name a scope; leave it out to ask for none")
    return found


def _classes(name: str, value: Any) -> tuple[str, ...]:
    found = words(name, value)
    if not found:
        raise ValueError(f"{name} must name a class of login; leave it out to accept any")
    return found


def _names(name: str, value: Any) -> tuple[str, ...]:
    found = _texts(name, value)
    if not found or not all(found):
        raise ValueError(f"{name} must not be empty, nor contain an empty string")
    return found


def _granted(name: str, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = tuple(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, tuple) or not all(isinstance(claim, str) for claim, _ in pairs):
        raise TypeError(f'{name} must be a dict of claims, such as {{"roles": ["admin"]}}')
    if not pairs:
        raise ValueError(f"{name} must name a claim; leave it out to ask for none")
    return tuple((claim, _names(f"{name}[{claim!r}]", texts)) for claim, texts in pairs)


def _seconds(name: str, value: Any) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a timedelta or seconds, not a {kind}")
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{name} must be more than zero; ask for a fresh token with fresh=True")
    return float(seconds)


def _moment(auth_time: Any) -> int:
    if isinstance(auth_time, datetime):
        # As in PyJWT, a time without a zone is UTC.
        aware = auth_time if auth_time.tzinfo else auth_time.replace(tzinfo=timezone.utc)
        auth_time = aware.timestamp()
    if not isinstance(auth_time, int | float) or isinstance(auth_time, bool):
        kind = type(auth_time).__name__
        raise TypeError(f"auth_time must be a datetime or a Unix time, not a {kind}")
    if not 0 <= auth_time < float("inf"):
        raise ValueError("auth_time must not be before 1970")
    return int(auth_time)


_READERS = {
    "scopes": _scopes,
    "any_scopes": _scopes,
    "claim_has": _granted,
    "claim_has_any": _granted,
    "max_age": _seconds,
    "acr": _classes,
}
