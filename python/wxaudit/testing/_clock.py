"""The clock of the fake, which starts at the real time and moves only when a test moves it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

_MAX_DURATION = timedelta(days=365_000)
# Leaves room for times after the clock's: `datetime` ends with the year 9999.
_MAX_TIME = datetime(8000, 1, 1, tzinfo=timezone.utc)


def as_timedelta(duration: float | timedelta, name: str) -> timedelta:
    """Convert seconds to a `timedelta`. Raise `ValueError` if negative or longer than 1000 years."""
    if not isinstance(duration, timedelta):
        if isinstance(duration, bool) or not isinstance(duration, (int, float)):
            raise TypeError(f"{name} must be seconds or a timedelta, not {type(duration).__name__}")
        # Checked before the conversion, which overflows. NaN fails the comparison too.
        if not abs(duration) <= _MAX_DURATION.total_seconds():
            raise ValueError(f"{name} must be finite and at most 1000 years, not {duration} seconds")
        duration = timedelta(seconds=duration)
    if duration < timedelta(0):
        raise ValueError(f"{name} must not be negative: {duration}")
    if duration > _MAX_DURATION:
        raise ValueError(f"{name} must be finite and at most 1000 years, not {duration}")
    return duration


class FakeClock:
    """A clock that moves only when `advance` or `sleep` is called.

    It controls audits with `Step(..., after=...)`, the expiry of tokens, the `Date` header, the time in a
    rid, and a `wait_for_decision` that receives it as its `clock`. It does not control waits in real time:
    delays, drips, and the timeouts of the fake's `wait_for_...` methods.

    `start`: an aware `datetime`. None stands for the real time at construction.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError(f"start must be an aware datetime, not {start!r}: give it a tzinfo")
        self._lock = threading.Lock()
        self._now = datetime.now(timezone.utc) if start is None else start.astimezone(timezone.utc)

    def now(self) -> datetime:
        """The fake's time, aware and in UTC."""
        return self._now

    def timestamp(self) -> int:
        """The fake's time in whole Unix seconds."""
        return int(self._now.timestamp())

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward by seconds or a `timedelta` and return the new time.

        Raise `ValueError` for a negative duration, and for a time after the year 8000.
        """
        step = as_timedelta(by, "by")
        with self._lock:
            if step > _MAX_TIME - self._now:
                raise ValueError(
                    f"the clock cannot move beyond the year 8000: it is {self._now}, by is {step}"
                )
            self._now += step
            return self._now

    def sleep(self, seconds: float, /) -> None:
        """Move forward without waiting. This makes the clock a `wxaudit.Clock`."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<FakeClock {self._now.isoformat()}>"
