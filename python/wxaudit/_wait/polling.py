"""Define how often a wait polls an audit. Nothing here reads a clock."""

from __future__ import annotations

from .._errors.tree import ArgumentError
from .._models.value import Frozen
from .._validation import check_number, check_seconds, check_whole_number, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

# Seconds. Shorter intervals would make a busy loop.
_SHORTEST = 0.001

# Seconds; the default of the longest interval.
_MAXIMUM = 600.0


class Polling(Frozen):
    """How often `wait_for_decision` polls: first often, then less and less.

    - `initial`: the interval from the first poll to the second, in seconds or as `timedelta`; at least a
      millisecond.
    - `multiplier`: the factor from one interval to the next, at least 1.
    - `maximum`: the longest interval, in seconds or as `timedelta`; at least `initial`, at most a year. By
      default ten minutes, or `initial` if that is longer.
    - `jitter`: the largest part of an interval by which it is shortened at random; at least 0, less than 1,
      and small enough to leave intervals of at least a millisecond.
    - `max_failures`: the number of transient failures in a row that the wait tolerates (no connection,
      timeouts, HTTP 5xx, errcode -1, an answer that is not WeChat's, a token source that fails). The next one
      ends the wait. A failed poll lengthens the interval like any other.

    A review takes hours, and up to 7 working days, and each poll counts against the merchant's quota. With
    the defaults a wait polls 9 or 10 times in the first half hour, then every 9 to 10 minutes.

    The attributes are floats, in seconds where they are durations; `max_failures` is an int. `ArgumentError`
    for any other value.
    """

    __module__ = "wxaudit"
    __match_args__ = __slots__ = _fields = ("initial", "maximum", "multiplier", "jitter", "max_failures")

    initial: float
    maximum: float
    multiplier: float
    jitter: float
    max_failures: int

    def __init__(
        self,
        initial: int | float | timedelta = 30.0,
        maximum: int | float | timedelta | None = None,
        multiplier: int | float = 1.5,
        jitter: int | float = 0.1,
        max_failures: int = 10,
    ) -> None:
        self.initial = _interval("initial", initial, 30)
        self.maximum = max(_MAXIMUM, self.initial) if maximum is None else _interval("maximum", maximum, 600)
        self.multiplier = check_number("multiplier", multiplier, "1 for intervals that do not grow", least=1)
        self.jitter = check_number("jitter", jitter, "0.1 for a tenth", least=0, below=1)
        self.max_failures = check_whole_number("max_failures", max_failures, "10")
        if self.maximum < self.initial:
            raise ArgumentError(
                f"maximum must be at least initial, which is {self.initial:g} seconds, got "
                f"{shown(maximum)}; write maximum={self.initial:g} for intervals that do not grow"
            )
        if round(self.minimum, 9) < _SHORTEST:
            raise ArgumentError(
                f"jitter must leave intervals of at least {_SHORTEST} seconds, got {shown(jitter)} with "
                f"initial={self.initial:g}; write jitter=0, or a longer initial"
            )

    @property
    def minimum(self) -> float:
        """The shortest interval between two polls of one audit in seconds: `initial × (1 - jitter)`."""
        return self.initial * (1 - self.jitter)

    def delays(self, random: Callable[[], float] | None = None) -> Iterator[float]:
        """The intervals between polls in seconds, without end, each from `minimum` to `maximum`.

        `random` returns numbers from 0 to less than 1, like the default, `random.random`.
        """
        if random is None:
            import random as module

            random = module.random
        interval = self.initial
        while True:
            yield max(interval * (1 - self.jitter * random()), self.minimum)
            interval = min(interval * self.multiplier, self.maximum)


def polling_of(polling: object) -> Polling:
    """The `polling` argument of a wait, checked."""
    if isinstance(polling, Polling):
        return polling
    raise ArgumentError(f"polling must be a Polling, got {shown(polling)}; write Polling(initial=30)")


def limit_of(timeout: object) -> float | None:
    """The `timeout` of a wait, in seconds; None for no limit."""
    if timeout is None:
        return None
    example = "timeout=timedelta(days=7), or timeout=None to wait without a limit"
    return check_seconds("timeout", timeout, example, shortest=_SHORTEST)


def _interval(name: str, value: object, example: int) -> float:
    return check_seconds(name, value, f"{name}={example}", shortest=_SHORTEST)


DEFAULT = Polling()
