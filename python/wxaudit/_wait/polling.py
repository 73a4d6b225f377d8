"""How often a review is asked for while it is waited for: the policy alone, without a clock."""

from __future__ import annotations

from .._errors.tree import ArgumentError
from .._models.value import Frozen
from .._number import number_of, timedelta_of
from .._timeout import _LONGEST, _given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
    from typing import ClassVar

# Seconds; below this, polls would be a busy loop.
_SHORTEST = 0.001

# Seconds; the longest interval unless another is given.
_MAXIMUM = 600.0


class Polling(Frozen):
    """How often `wait_for_decision` looks: soon at first, then more and more rarely.

    - `initial`: from the first poll to the second, in seconds or as `timedelta`; at least a millisecond.
    - `multiplier`: each interval is so many times the one before, at least 1.
    - `maximum`: the longest interval, in seconds or as `timedelta`; at least `initial`, at most a year. By
      default ten minutes, or `initial` where that is longer.
    - `jitter`: each interval is shortened by a random part of it, up to this one; from 0 to less than 1, and
      not so large that an interval could be shorter than a millisecond.
    - `max_failures`: so many polls in a row may fail in a way that passes (no connection, timeouts, HTTP 5xx,
      errcode -1, an answer that is not WeChat's, a token source that fails) before the next such failure
      ends the wait. They lengthen the intervals like any other poll.

    A review takes hours, and up to 7 working days, and each poll counts against the merchant's quota: the
    defaults ask 9 or 10 times in the first half hour, then every 9 to 10 minutes.

    The attributes are floats of seconds, and numbers. `ArgumentError` for anything else.
    """

    __module__ = "wxaudit"
    __match_args__ = ("initial", "maximum", "multiplier", "jitter", "max_failures")
    __slots__ = __match_args__
    _fields: ClassVar[tuple[str, ...]] = __match_args__

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
        self._fill(initial=_interval("initial", initial, 30))
        self._fill(
            maximum=max(_MAXIMUM, self.initial) if maximum is None else _interval("maximum", maximum, 600),
            multiplier=_number("multiplier", multiplier),
            jitter=_number("jitter", jitter),
        )
        if self.maximum < self.initial:
            raise ArgumentError(
                f"maximum must be at least initial, which is {self.initial:g} seconds, got "
                f"{_given(maximum)}; write maximum={self.initial:g} for intervals that do not grow"
            )
        if not 1 <= self.multiplier < float("inf"):  # NaN is neither
            raise ArgumentError(
                f"multiplier must be at least 1, got {_given(multiplier)}; write multiplier=1 for intervals "
                "that do not grow"
            )
        if not 0 <= self.jitter < 1:
            raise ArgumentError(
                f"jitter must be a part from 0 to less than 1, got {_given(jitter)}; write jitter=0.1 for a "
                "tenth"
            )
        if round(self.minimum, 9) < _SHORTEST:
            raise ArgumentError(
                f"jitter must leave intervals of at least {_SHORTEST} seconds, got {_given(jitter)} with "
                f"initial={self.initial:g}; write jitter=0, or a longer initial"
            )
        failures = number_of(max_failures)
        if not isinstance(failures, int) or failures < 0:
            raise ArgumentError(
                f"max_failures must be a whole number from 0, got {_given(max_failures)}; write "
                "max_failures=10"
            )
        self._fill(max_failures=failures)

    @property
    def minimum(self) -> float:
        """Seconds: no two polls of one audit are closer than this, `initial × (1 - jitter)`."""
        return self.initial * (1 - self.jitter)

    def delays(self, random: Callable[[], float] | None = None) -> Iterator[float]:
        """The intervals between polls in seconds, without end, each between `minimum` and `maximum`.

        `random` gives numbers from 0 to less than 1, such as `random.Random(7).random`; by default it is
        Python's own.
        """
        drawn = _pythons_own() if random is None else random
        interval = self.initial
        while True:
            yield max(interval * (1 - self.jitter * drawn()), self.minimum)
            interval = min(interval * self.multiplier, self.maximum)


def polling_of(polling: object) -> Polling:
    """What a caller means by `polling`."""
    if isinstance(polling, Polling):
        return polling
    raise ArgumentError(f"polling must be a Polling, got {_given(polling)}; write Polling(initial=30)")


def limit_of(timeout: object) -> float | None:
    """What a caller means by the `timeout` of a wait, in seconds; None where it has no end."""
    if timeout is None:
        return None
    seconds = _seconds("timeout", timeout, "timedelta(days=7), or None for no end")
    if not seconds >= _SHORTEST:  # NaN included
        raise ArgumentError(
            f"timeout must be at least {_SHORTEST} seconds, got {_given(timeout)}; write the longest time to "
            "wait, such as timeout=timedelta(days=7), or None for no end"
        )
    return seconds


def _interval(name: str, value: object, example: int) -> float:
    seconds = _seconds(name, value, str(example))
    if not seconds >= _SHORTEST:  # NaN included
        raise ArgumentError(
            f"{name} must be at least {_SHORTEST} seconds, got {_given(value)}; write {name}={example}"
        )
    return seconds


def _seconds(name: str, value: object, example: str) -> float:
    if (duration := timedelta_of(value)) is not None:
        seconds = duration.total_seconds()
    elif (number := number_of(value)) is not None:
        # Compared before it is converted: float() of a huge int overflows.
        seconds = _LONGEST + 1 if number > _LONGEST else -1.0 if number < 0 else float(number)
    else:
        raise ArgumentError(
            f"{name} must be a number of seconds or a timedelta, got {_given(value)}; write {name}={example}"
        )
    if seconds > _LONGEST:
        raise ArgumentError(
            f"{name} must be at most one year, got {_given(value)}; it counts seconds, not milliseconds; "
            f"write {name}={example}"
        )
    return seconds


def _number(name: str, value: object) -> float:
    number = number_of(value)
    if number is not None:
        # float() of a huge int overflows; no such number is allowed anyway. A NaN stays one.
        return float("inf") if number >= 1e300 else float("-inf") if number <= -1e300 else float(number)
    raise ArgumentError(f"{name} must be a number, got {_given(value)}")


def _pythons_own() -> Callable[[], float]:
    from random import random

    return random


DEFAULT = Polling()
