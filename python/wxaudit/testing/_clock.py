"""The fake's own clock: it starts at the real time and moves only when it is told to."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

_LONGEST = timedelta(days=365_000)
# Times that come later than the clock's still have to be ones that the calendar has.
_END = datetime(8000, 1, 1, tzinfo=timezone.utc)


def as_timedelta(duration: float | timedelta, name: str) -> timedelta:
    """Seconds or a `timedelta` as a `timedelta`; `ValueError` where it is negative or beyond 1000 years."""
    if not isinstance(duration, timedelta):
        if isinstance(duration, bool) or not isinstance(duration, (int, float)):
            raise TypeError(f"{name} must be seconds or a timedelta, not {type(duration).__name__}")
        # Before the conversion, which overflows.
        if not abs(duration) <= _LONGEST.total_seconds():
            raise ValueError(f"{name} must be finite and at most 1000 years, not {duration} seconds")
        duration = timedelta(seconds=duration)
    if duration < timedelta(0):
        raise ValueError(f"{name} must not be negative: {duration}")
    if duration > _LONGEST:
        raise ValueError(f"{name} must be finite and at most 1000 years, not {duration}")
    return duration


class FakeClock:
    """A clock that stands still until `advance` is called.

    Audits with `Step(..., after=...)`, the expiry of tokens, the `Date` header and the time inside a rid
    follow it, and so does a wait for a decision that is given it as its `clock`. Nothing that waits for
    real (delays, drips, time-outs of the fake's `wait_for_...`) does.

    `start`: an aware `datetime`; the real time at construction when None.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self._lock = threading.Lock()
        self._now = datetime.now(timezone.utc) if start is None else start.astimezone(timezone.utc)

    def now(self) -> datetime:
        """The fake's time: aware, UTC."""
        return self._now

    def timestamp(self) -> int:
        """The fake's time in whole Unix seconds."""
        return int(self._now.timestamp())

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward by seconds or a `timedelta`, and return the new time.

        `ValueError` for a step back, and beyond the year 8000.
        """
        step = as_timedelta(by, "by")
        with self._lock:
            if step > _END - self._now:
                raise ValueError(f"the clock does not go beyond the year 8000, by {step}")
            self._now += step
            return self._now

    def sleep(self, seconds: float, /) -> None:
        """Move forward at once, which makes this a `wxaudit.Clock`: `wait_for_decision(…, clock=clock)`."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<FakeClock {self._now.isoformat()}>"
