"""Measure the time of a wait, by the system's clock or by the clock of a test."""

from __future__ import annotations

import time
from time import monotonic

from .._errors.tree import ArgumentError
from .._validation import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime
    from typing import Any, Protocol
else:
    # typing would double the time that importing this package takes.
    Protocol = object

# Seconds between two checks for signals, as in native calls.
_SIGNAL_CHECK_INTERVAL = 0.05


class Clock(Protocol):
    """A clock that replaces the system's in a wait for a decision.

    It is for tests, in which three days pass in milliseconds: `FakeWeChat().clock` is one. A clock need not
    inherit from this class. Only the waits between polls use it; the time limits of calls, and the client's
    memory of a used up quota, use the system's. If the client refuses a poll for such a quota although its
    `retry_at` is past by this clock, the wait ends with the `QuotaError`.
    """

    def now(self) -> datetime:
        """The time: an aware `datetime`."""

    def sleep(self, seconds: float, /) -> Awaitable[object] | None:
        """Returns after these seconds. For `AsyncClient` it may be a coroutine function."""


class Stopwatch:
    """The seconds since a wait began.

    A sleep counts in full even if the clock shows a little less: sleeps may end early by the resolution of
    the clock, and a clock that stands still must not make a wait endless.
    """

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._elapsed = 0.0
        self._began: Any = monotonic() if clock is None else self.now()

    @property
    def is_given(self) -> bool:
        """Whether the clock is a caller's."""
        return self._clock is not None

    def elapsed(self) -> float:
        # By the monotonic clock, since the other one may be set meanwhile.
        if self._clock is None:
            passed = monotonic() - self._began
        else:
            passed = (self.now() - self._began).total_seconds()
        self._elapsed = max(self._elapsed, passed)
        return self._elapsed

    def now(self) -> datetime:
        from datetime import datetime, timezone

        moment = datetime.now(timezone.utc) if self._clock is None else self._clock.now()
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ArgumentError(
                f"clock: now() must return a datetime with a time zone, got {type(moment).__name__}; write "
                "datetime.now(timezone.utc)"
            )
        return moment

    def at(self, moment: datetime) -> float:
        """What this stopwatch shows at a moment."""
        return self.elapsed() + (moment - self.now()).total_seconds()

    def pause(self, until: float) -> float:
        """Blocks until this stopwatch shows `until`, and returns what it then shows."""
        seconds = until - self.elapsed()
        if seconds <= 0:
            return self._elapsed
        if self._clock is None:
            _sleep(seconds)
        else:
            slept: Any = self._clock.sleep(seconds)
            if hasattr(slept, "__await__"):
                if hasattr(slept, "close"):
                    slept.close()
                raise ArgumentError("clock: its sleep is a coroutine function; only AsyncClient can await it")
        self._elapsed = until
        return self.elapsed()

    async def apause(self, until: float) -> float:
        """Like `pause`, without blocking the event loop."""
        import asyncio

        seconds = until - self.elapsed()
        if seconds <= 0:
            return self._elapsed
        if self._clock is None:
            await asyncio.sleep(seconds)
        else:
            slept: Any = self._clock.sleep(seconds)
            # Lets other tasks run even if there is nothing to await.
            await (slept if hasattr(slept, "__await__") else asyncio.sleep(0))
        self._elapsed = until
        return self.elapsed()


def check_clock(clock: Any) -> None:
    """`ArgumentError` for a value that is not a clock."""
    if clock is None:
        return
    if isinstance(clock, type):
        raise ArgumentError(f"clock must be an instance, got the class; write clock={clock.__name__}()")
    if not all(callable(getattr(clock, name, None)) for name in ("now", "sleep")):
        raise ArgumentError(f"clock must have now() and sleep(seconds), got {shown(clock)}")


def _sleep(seconds: float) -> None:
    import threading

    # `time.sleep` is looked up now: gevent and eventlet replace it.
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread handles signals.
        return time.sleep(seconds)
    # In short sleeps: a signal that arrives just before a sleep begins does not end it.
    until = monotonic() + seconds
    while seconds > 0:
        time.sleep(min(_SIGNAL_CHECK_INTERVAL, seconds))
        # Also counted down, for tests in which the system's clock stands still.
        seconds = min(seconds - _SIGNAL_CHECK_INTERVAL, until - monotonic())
    return None
