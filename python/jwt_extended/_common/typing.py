"""The types of arguments that functions of this package take."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

#: How long a token lives: a ``timedelta``, whole seconds, or ``False`` for a token that never
#: expires. A ``dateutil.relativedelta`` works as well.
ExpiresDelta = Literal[False] | timedelta | int

#: Whether a token is fresh: a bool, a ``timedelta`` for how long, or a Unix time until when.
Fresh = bool | float | timedelta

#: One location to look for tokens in, or several.
LocationType = str | Iterable[str] | None

#: Several texts, such as scopes: a string with spaces between them, or one string for each.
Texts = str | Iterable[str]

#: Claims, and the texts that each must have.
Granted = Mapping[str, str | Iterable[str]]

#: When a user proved who they are.
AuthTime = datetime | float


class RelativeDelta(Protocol):
    """The one method of ``dateutil.relativedelta`` that is needed."""

    def __radd__(self, other: Any) -> Any:
        """Add itself to a point in time."""
