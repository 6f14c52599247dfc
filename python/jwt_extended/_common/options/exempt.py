"""``JWT_EXEMPT``: which views ``JWT_PROTECT_BY_DEFAULT`` leaves open."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class Exempt(NamedTuple):
    """The views that are open."""

    #: Paths, without a slash at the end. Each stands for itself and for what is below it.
    paths: tuple[str, ...]
    #: Names of endpoints and of blueprints.
    names: frozenset[str]

    def covers(self, rule: str, names: Collection[str]) -> bool:
        """Return whether a view is open.

        :param rule: the rule of its URL. The path of a request would not do: the view may take the
            place of any part of it.
        :param names: its endpoint, and the names of its blueprints.
        """
        return not self.names.isdisjoint(names) or any(
            rule == path or rule.startswith(f"{path}/") for path in self.paths
        )


def exempt(options: Mapping[str, Any]) -> Exempt:
    """Read the option.

    :raises RuntimeError: if it is invalid.
    """
    listed = options["JWT_EXEMPT"]
    if listed is None:
        listed = ()
    entries = [listed] if isinstance(listed, str) else listed
    if not isinstance(entries, Collection) or not all(isinstance(entry, str) for entry in entries):
        raise RuntimeError(
            'JWT_EXEMPT must be a list of paths, such as "/docs", and of names of endpoints and '
            'blueprints, such as "swagger_ui"'
        )
    if any(not entry.strip("/") for entry in entries):
        raise RuntimeError(
            'JWT_EXEMPT must not contain "/" or "", which would open every view; set '
            "JWT_PROTECT_BY_DEFAULT to False, or use the name of an endpoint"
        )
    return Exempt(
        paths=tuple(entry.rstrip("/") for entry in entries if entry.startswith("/")),
        names=frozenset(entry for entry in entries if not entry.startswith("/")),
    )
