"""How long a call may take."""

from __future__ import annotations

from ._errors.tree import ArgumentError
from ._models.value import Frozen
from ._number import number_of, timedelta_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import ClassVar

_LONGEST = 365 * 24 * 3600.0


class Timeout(Frozen):
    """The time limits of one call, in seconds or as `timedelta`.

    `total` spans everything: all attempts, the waits between them, and a refresh of the token. No call
    outlives it. `connect` bounds one attempt to connect (name lookup, TCP and TLS), `read` the wait for the
    next bytes of an answer; for each of them `None` means "bounded by total only". They may exceed `total`,
    which cuts them.

    The attributes are floats of seconds. `ArgumentError` for anything that is not positive, finite and at
    most a year.
    """

    __module__ = "wxaudit"
    __match_args__ = ("total", "connect", "read")
    __slots__ = __match_args__
    _fields: ClassVar[tuple[str, ...]] = __match_args__

    total: float
    connect: float | None
    read: float | None

    def __init__(
        self,
        total: int | float | timedelta = 15.0,
        connect: int | float | timedelta | None = 5.0,
        read: int | float | timedelta | None = 10.0,
    ) -> None:
        self._fill(
            total=_seconds("total", total),
            connect=None if connect is None else _seconds("connect", connect),
            read=None if read is None else _seconds("read", read),
        )

    @classmethod
    def of(cls, value: Timeout | int | float | timedelta | None, base: Timeout) -> Timeout:
        """What a call means by its `timeout` argument, `base` being the limits of its client.

        A number or `timedelta` is a new `total` with the base's `connect` and `read`; a `Timeout` stands
        for itself, and `None` for the base. `ArgumentError` for anything else.
        """
        if value is None:
            return base
        if isinstance(value, Timeout):
            return value
        return cls(_seconds("timeout", value), base.connect, base.read)


def _seconds(name: str, value: object) -> float:
    """`value` in seconds, or the ArgumentError that names the field, what was given, and what to write."""
    if (duration := timedelta_of(value)) is not None:
        seconds = duration.total_seconds()
    elif (number := number_of(value)) is not None:
        # Compared before it is converted: float() of a huge int overflows.
        seconds = _LONGEST + 1 if number > _LONGEST else -1.0 if number < 0 else float(number)
    elif isinstance(value, tuple):
        raise ArgumentError(
            f"{name} cannot be a tuple, got {_given(value)}; write Timeout(total=…, connect=…, read=…)"
        )
    else:
        raise ArgumentError(
            f"{name} must be a number of seconds or a timedelta, got {_given(value)}; "
            f"write {name}=15 or {name}=timedelta(seconds=15)"
        )
    if seconds > _LONGEST:
        raise ArgumentError(
            f"{name} must be at most one year, got {_given(value)}; it counts seconds, not milliseconds"
        )
    if not seconds > 0:  # NaN included
        raise ArgumentError(
            f"{name} must be more than 0 seconds, got {_given(value)}; "
            f"write the longest time you would wait, such as {name}=15"
        )
    return seconds


def _given(value: object) -> str:
    """The value as a message shows it: numbers only, since others may be a token in the wrong place."""
    if isinstance(value, float) or timedelta_of(value) is not None:
        return repr(value)
    if isinstance(value, int) and abs(value) < 10**12:
        return repr(value)
    if isinstance(value, int):
        return "an int of very many digits"
    return type(value).__name__
