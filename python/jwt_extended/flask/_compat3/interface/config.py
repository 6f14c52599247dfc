"""The ``config`` object of 3.x."""

from ..config import Config3, config3

__all__ = ["Config3", "config"]

#: The current app's options.
config = config3
