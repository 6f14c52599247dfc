"""Moves the clock that the engine reads: Python's ``time.time()``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta


@contextmanager
def travel(
    *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
) -> Iterator[None]:
    """Move the clock for the duration of a ``with`` block.

    ::

        with travel(minutes=20):
            assert client.get("/profile").json == {"msg": "Token has expired"}

    Negative numbers move it back. Inside another ``travel``, the two add up. The clock keeps
    running. It is ``time.time()``, for the engine and for all code that calls it that way;
    ``datetime.now()`` stays. To move that too, use ``time-machine`` or ``freezegun`` instead, which
    the engine follows as well.
    """
    delta = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    usual = time.time
    time.time = lambda: usual() + delta
    try:
        yield
    finally:
        time.time = usual


@contextmanager
def travel_to(moment: datetime | float) -> Iterator[None]:
    """Set the clock for the duration of a ``with`` block, from where it keeps running.

    :param moment: a ``datetime`` with a timezone, or a Unix time.
    :raises ValueError: for a ``datetime`` without a timezone.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError("travel_to needs a datetime with a timezone, or a Unix time")
        moment = moment.timestamp()
    with travel(seconds=moment - time.time()):
        yield
