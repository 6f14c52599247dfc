"""The values that logins, refreshes and lists of sessions return."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import NamedTuple


class TokenPair(NamedTuple):
    """The tokens of a login."""

    #: Opens guarded views.
    access_token: str
    #: Gets new access tokens.
    refresh_token: str
    #: How long the access token lives, in seconds; ``None`` if it never expires.
    expires_in: int | None
    #: How long the refresh token lives, in seconds; ``None`` if it never expires.
    refresh_expires_in: int | None

    def __repr__(self) -> str:
        """Hide the tokens, because they must not end up in logs."""
        return "TokenPair(access_token=[token], refresh_token=[token])"


class RefreshedTokens(NamedTuple):
    """The tokens of a refresh."""

    #: Opens guarded views. It is not fresh.
    access_token: str
    #: Replaces the refresh token of the request. ``None`` if that one remains valid: without a
    #: store, and for a token that belongs to no session.
    refresh_token: str | None
    #: How long the access token lives, in seconds; ``None`` if it never expires.
    expires_in: int | None
    #: How long the new refresh token lives, in seconds; ``None`` if there is none, or it never
    #: expires.
    refresh_expires_in: int | None

    def __repr__(self) -> str:
        """Hide the tokens, because they must not end up in logs."""
        refresh_token = self.refresh_token and "[token]"
        return f"RefreshedTokens(access_token=[token], refresh_token={refresh_token})"


@dataclass(frozen=True)
class Session:
    """An open session in a list of sessions."""

    #: The session id, the claim ``sid``.
    id: str
    #: The label given to :func:`login_user`.
    label: str | None
    #: When the user logged in.
    opened: datetime
    #: When its tokens were last refreshed, or the login if they never were. For the current
    #: session, the present time.
    last_used: datetime
    #: When it ends unless it is used before; ``None`` for never.
    ends: datetime | None
    #: Whether it is the session of the current request's token.
    current: bool


def session_from_row(row: tuple[str, str | None, int, int, int | None, bool]) -> Session:
    """Return a session as the engine lists it: its times are microseconds since 1970."""
    session, label, opened, last_used, ends, current = row
    return Session(
        id=session,
        label=label,
        opened=_time(opened),
        last_used=_time(last_used),
        ends=None if ends is None else _time(ends),
        current=current,
    )


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=micros)
