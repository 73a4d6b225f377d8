"""Check what callers pass: numbers, durations and callbacks."""

from __future__ import annotations

import sys

from ._errors.tree import ArgumentError
from ._escape import truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any

# Seconds; no duration may be longer.
_YEAR = 365 * 24 * 3600.0


def check_seconds(
    name: str, value: object, example: str, *, shortest: float = 0.0, longest: float = _YEAR
) -> float:
    """A number of seconds or a `timedelta`, in seconds: more than 0, and from `shortest` to `longest`.

    `example` is what to write instead, such as `timeout=15`.
    """
    duration = _timedelta_of(value)
    number = _number_of(value) if duration is None else duration.total_seconds()
    if number is None:
        expected = "a number of seconds or a timedelta"
    elif number > longest:
        expected = f"at most {_in_words(longest)}"
        example += "; it is in seconds, not in milliseconds"
    elif number > 0 and number >= shortest:  # a NaN is neither
        return float(number)
    else:
        expected = f"at least {_in_words(shortest)}" if shortest else "more than 0 seconds"
    raise ArgumentError(f"{name} must be {expected}, got {shown(value)}; write {example}")


def check_number(
    name: str, value: object, example: str, *, least: float, below: float = sys.float_info.max
) -> float:
    """A number from `least` to less than `below`, as a float; `float()` takes no int beyond the default."""
    number = _number_of(value)
    if number is not None and least <= number < below:
        return float(number)
    upper = "" if below == sys.float_info.max else f" and less than {below:g}"
    raise ArgumentError(
        f"{name} must be a finite number of at least {least:g}{upper}, got {shown(value)}; "
        f"write {name}={example}"
    )


def check_whole_number(name: str, value: object, example: str) -> int:
    """A whole number, 0 or more."""
    number = _number_of(value)
    if isinstance(number, int) and number >= 0:
        return number
    raise ArgumentError(
        f"{name} must be a whole number, 0 or more, got {shown(value)}; write {name}={example}"
    )


def check_callback(name: str, callback: Any, *, may_be_awaited: bool = False) -> None:
    """`ArgumentError` for what cannot be called, and for a coroutine function that nothing would await."""
    if not callable(callback):
        raise ArgumentError(f"{name} must be callable, got {shown(callback)}")
    if not may_be_awaited and _is_asynchronous(callback):
        where = "; only AsyncClient can await it" if name == "on_poll" else ", which nothing awaits"
        raise ArgumentError(f"{name} is a coroutine function{where}; write def instead of async def")


def choice(value: object) -> str:
    """A text where one of a few is expected, cut to 40 characters; any other value by `shown`."""
    return truncate(repr(value), 40) if isinstance(value, str) else shown(value)


def shown(value: object) -> str:
    """A number as it is; of any other value only its type, since a text may be a token."""
    if isinstance(value, int) and abs(value) >= 10**12:
        return "an int of very many digits"
    if isinstance(value, int | float) or _timedelta_of(value) is not None:
        return repr(value)
    return type(value).__name__


def _in_words(seconds: float) -> str:
    words = {_YEAR: "one year", 24 * 3600: "one day", 1: "1 second"}
    return words.get(seconds, f"{seconds:g} seconds")


def _number_of(value: object) -> int | float | None:
    """The `int` or `float` behind a number of any kind, also one of numpy; None for a `bool`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    # Imported late: few callers pass another kind of number.
    from decimal import Decimal
    from numbers import Integral, Real

    if not isinstance(value, (Real, Decimal)):
        return None
    # A timedelta64 of numpy is an Integral too, with a unit of its own.
    if getattr(getattr(value, "dtype", None), "kind", "") == "m":
        return None
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except (ArithmeticError, ValueError):
        # Too large, or a signaling NaN.
        return None


def _timedelta_of(value: object) -> timedelta | None:
    """The value if it is a `timedelta`. A caller that has one has imported `datetime`."""
    known = getattr(sys.modules.get("datetime"), "timedelta", None)
    return value if known is not None and isinstance(value, known) else None


def _is_asynchronous(callback: Any) -> bool:
    import functools
    import inspect

    while isinstance(callback, functools.partial):
        callback = callback.func
    # Calling an object calls its class's `__call__`; calling a class calls its metaclass's.
    return any(
        inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)
        for called in (callback, type(callback).__call__)
    )
