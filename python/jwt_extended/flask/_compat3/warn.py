"""The warning that each name of 3.x issues."""

from warnings import warn


def warn_of(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that a name is the one of 3.x. The default level is the caller of the caller."""
    message = f"{old} is the 3.x name; use {new}"
    warn(message, DeprecationWarning, stacklevel=stacklevel)
