"""The types of arguments, under upstream's module name."""

from .._common.typing import ExpiresDelta, Fresh, LocationType, RelativeDelta

__all__ = ["ExpiresDelta", "Fresh", "LocationType", "RelativeDelta"]
