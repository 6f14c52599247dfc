"""The values that logins, refreshes and lists of sessions return."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import NamedTuple


class _TokenPair(NamedTuple):
    access_token: str
    refresh_token: str


class TokenPair(_TokenPair):
    """The tokens of a login: a tuple of the access token and the refresh token."""

    #: How long the access token lives, in seconds; ``None`` if it never expires.
    expires_in: int | None
    #: How long the refresh token lives, in seconds; ``None`` if it never expires.
    refresh_expires_in: int | None

    def __new__(
        cls,
        access_token: str,
        refresh_token: str,
        expires_in: int | None = None,
        refresh_expires_in: int | None = None,
    ) -> "TokenPair":
        """Make a tuple of two tokens that knows when each expires."""
        pair = super().__new__(cls, access_token, refresh_token)
        pair.expires_in, pair.refresh_expires_in = expires_in, refresh_expires_in
        return pair

    def __repr__(self) -> str:
        """Hide the tokens, because they must not end up in logs."""
        return "TokenPair(access_token=[token], refresh_token=[token])"


class _RefreshedTokens(NamedTuple):
    access_token: str
    refresh_token: str | None


class RefreshedTokens(_RefreshedTokens):
    """The tokens of a refresh: a tuple of the access token and the next refresh token.

    The access token is not fresh. The refresh token replaces that of the request. It is ``None``
    if that one remains valid: without a store, and for a token that belongs to no session.
    """

    #: How long the access token lives, in seconds; ``None`` if it never expires.
    expires_in: int | None
    #: How long the next refresh token lives, in seconds; ``None`` if there is none, or it never
    #: expires.
    refresh_expires_in: int | None

    def __new__(
        cls,
        access_token: str,
        refresh_token: str | None,
        expires_in: int | None = None,
        refresh_expires_in: int | None = None,
    ) -> "RefreshedTokens":
        """Make a tuple of tokens that knows when each expires."""
        tokens = super().__new__(cls, access_token, refresh_token)
        tokens.expires_in, tokens.refresh_expires_in = expires_in, refresh_expires_in
        return tokens

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
