"""Refuses keys that are the paths of files: the content of the file was meant.

It knows nothing of the options; its callers name them.
"""

import os
from typing import Any


def refuse_path(name: str, value: Any) -> None:
    """Refuse a key that is the path of an existing file.

    :param name: what the message calls the key.
    :raises RuntimeError: for such a path, with the line to write instead. It does not show it.
    """
    if isinstance(value, str) and os.path.isfile(value.rstrip("\r\n")):
        raise RuntimeError(
            f"{name} is the path of a file, and everybody who guesses it could sign tokens; "
            f"set {name} to the content of the file: {reading(name)}"
        )


def reading(name: str) -> str:
    """Return the expression that reads a key from the file of the environment's variable."""
    return f'pathlib.Path(os.environ["{name}_FILE"]).read_text().removesuffix("\\n")'
