"""Reads ``JWT_ISSUERS``: other issuers whose access tokens the app accepts.

The engine reads the fields of an entry and checks them. This module writes an entry as JSON.
"""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any


def issuers(options: Mapping[str, Any]) -> list[str]:
    """Return the entries of ``JWT_ISSUERS``, each as JSON; an empty list if it is not set.

    :raises RuntimeError: for an entry that is no issuer, with what to set.
    """
    listed = options["JWT_ISSUERS"]
    if listed is None:
        return []
    if not isinstance(listed, list | tuple):
        raise RuntimeError("JWT_ISSUERS must be a list of dicts, one for each issuer")
    names: list[str] = []
    entries = []
    for at, entry in enumerate(listed):
        name = f"JWT_ISSUERS[{at}]"
        if not isinstance(entry, Mapping):
            raise RuntimeError(f'{name} must be a dict with "issuer" and "audience"')
        issuer = entry.get("issuer")
        if not isinstance(issuer, str) or not issuer:
            raise RuntimeError(f'{name}: issuer must be a string, the claim "iss" of its tokens')
        if issuer in names:
            raise RuntimeError(f"{name}: the issuer {issuer} is there already")
        if issuer in (options["JWT_ENCODE_ISSUER"], *_several(options["JWT_DECODE_ISSUER"])):
            raise RuntimeError(
                f"{name}: the issuer {issuer} is also this app's own; leave it out of "
                "JWT_ENCODE_ISSUER and JWT_DECODE_ISSUER"
            )
        if not entry.get("audience"):
            raise RuntimeError(
                f"{name}: audience must name this app, or it would accept tokens for other apps"
            )
        names.append(issuer)
        entries.append(_json(name, entry))
    return entries


def _json(name: str, entry: Mapping[str, Any]) -> str:
    fields = {field: _plain(value) for field, value in entry.items() if value is not None}
    try:
        # In one order, so that the engine recognises an entry that has not changed.
        return json.dumps(fields, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RuntimeError(f"{name} has a value of another kind: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return math.ceil(value.total_seconds())
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
