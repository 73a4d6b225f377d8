"""The time that a wait goes by: the system's, or the clock that a test brings."""

from __future__ import annotations

from time import monotonic, sleep

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

# Seconds between two looks for signals, as in native calls.
_TICK = 0.05


class Clock(Protocol):
    """What may stand in the place of the system's time where a review is waited for.

    For tests, so that three days pass in milliseconds: `FakeWeChat().clock` is one. Nothing needs to be
    inherited. Only the waits between polls go by it; calls keep their real time limits, and so does the
    client's memory of a quota that is used up. Where that still refuses polls, unsent, whose `retry_at` is
    past by this clock, the wait ends with the `QuotaError`.
    """

    def now(self) -> datetime:
        """The time: an aware `datetime`."""

    def sleep(self, seconds: float, /) -> Awaitable[object] | None:
        """Returns when so many seconds have passed. For `AsyncClient` it may be a coroutine function."""


class Stopwatch:
    """The seconds since a wait began.

    What has been slept counts as passed, even where the clock says a little less: sleeps may end early by
    what the clock can tell apart, and a clock that stands still must not make a wait endless.
    """

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._elapsed = 0.0
        self._began: Any = monotonic() if clock is None else self.now()

    @property
    def is_given(self) -> bool:
        """Whether it goes by a caller's clock instead of the system's."""
        return self._clock is not None

    def elapsed(self) -> float:
        # By the monotonic clock, since somebody may set the other one meanwhile.
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
                f"clock: now() must give a datetime with a time zone, got {type(moment).__name__}; write "
                "datetime.now(timezone.utc)"
            )
        return moment

    def at(self, moment: datetime) -> float:
        """What this shows at that moment."""
        return self.elapsed() + (moment - self.now()).total_seconds()

    def pause(self, until: float) -> float:
        """Blocks until this shows `until`, and returns what it shows then."""
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
        """As `pause`, without blocking the event loop."""
        import asyncio

        seconds = until - self.elapsed()
        if seconds <= 0:
            return self._elapsed
        if self._clock is None:
            await asyncio.sleep(seconds)
        else:
            slept: Any = self._clock.sleep(seconds)
            # Where nothing is awaited, the other tasks have their turn all the same.
            await (slept if hasattr(slept, "__await__") else asyncio.sleep(0))
        self._elapsed = until
        return self.elapsed()


def check_clock(clock: Any) -> None:
    """`ArgumentError` for what is no clock."""
    if clock is None:
        return
    if isinstance(clock, type):
        raise ArgumentError(f"clock must be a clock, got the class; write clock={clock.__name__}()")
    if not all(callable(getattr(clock, name, None)) for name in ("now", "sleep")):
        raise ArgumentError(f"clock must have now() and sleep(seconds), got {shown(clock)}")


def _sleep(seconds: float) -> None:
    import threading

    if threading.current_thread() is not threading.main_thread():
        # No signal is handled here.
        return sleep(seconds)
    # In ticks: a signal that comes just before a sleep begins would not end it, and Ctrl-C would seem
    # ignored.
    until = monotonic() + seconds
    while seconds > 0:
        sleep(min(_TICK, seconds))
        # Counted down as well, for tests that let the system's clock stand still.
        seconds = min(seconds - _TICK, until - monotonic())
    return None
