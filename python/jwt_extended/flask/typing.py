"""The types of arguments that functions of this package take."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal, Protocol

#: How long a token lives: a length of time, whole seconds, or ``False`` for ever. A
#: ``dateutil.relativedelta`` will do as well.
ExpiresDelta = Literal[False] | timedelta | int

#: Whether a token is fresh: at all, for so long, or until a time in seconds since 1970.
Fresh = bool | float | timedelta

#: One place to look for tokens in, or several.
LocationType = str | Iterable[str] | None


class RelativeDelta(Protocol):
    """What ``dateutil.relativedelta`` can do, which is all that is asked of it."""

    def __radd__(self, other: Any) -> Any:
        """Add itself to a point in time."""
