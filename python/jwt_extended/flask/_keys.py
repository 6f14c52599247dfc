"""What the engine imports by name: other forms of keys, and the warning of short ones."""

from warnings import warn_explicit

from .._common.crypto import ForeignKey, key_text, readable, rewritten_as_pem
from .._common.pyjwt import InsecureKeyLengthWarning
from ._app import connected_at, this_app

__all__ = ["ForeignKey", "key_text", "readable", "rewritten_as_pem", "warn_of_short_key"]


def warn_of_short_key(message: str) -> None:
    """Warn of a key of the current app that is too short, at the line that connected the app."""
    module, filename, line = connected_at(this_app())
    warn_explicit(message, InsecureKeyLengthWarning, filename, line, module)
