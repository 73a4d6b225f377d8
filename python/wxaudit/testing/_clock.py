"""The fake's own clock: it starts at the real time and moves only when it is told to."""

from __future__ import annotations

import math
import threading
from datetime import datetime, timedelta, timezone


def as_timedelta(duration: float | timedelta, name: str) -> timedelta:
    """Seconds or a `timedelta` as a `timedelta`; `ValueError` where it is negative or not finite."""
    if not isinstance(duration, timedelta):
        if isinstance(duration, bool) or not isinstance(duration, (int, float)):
            raise TypeError(f"{name} must be seconds or a timedelta, not {type(duration).__name__}")
        if not math.isfinite(duration):
            raise ValueError(f"{name} must be finite, not {duration}")
        duration = timedelta(seconds=duration)
    if duration < timedelta(0):
        raise ValueError(f"{name} must not be negative: {duration}")
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
        """Move forward by seconds or a `timedelta`, and return the new time. `ValueError` for a step back."""
        step = as_timedelta(by, "by")
        with self._lock:
            self._now += step
            return self._now

    def sleep(self, seconds: float, /) -> None:
        """Move forward at once, which makes this a `wxaudit.Clock`: `wait_for_decision(…, clock=clock)`."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<FakeClock {self._now.isoformat()}>"
