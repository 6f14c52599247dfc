"""The types of arguments, under upstream's module name."""

from .._common.typing import (
    AuthTime,
    ExpiresDelta,
    Fresh,
    Granted,
    LocationType,
    RelativeDelta,
    Texts,
)

__all__ = [
    "AuthTime",
    "ExpiresDelta",
    "Fresh",
    "Granted",
    "LocationType",
    "RelativeDelta",
    "Texts",
]
