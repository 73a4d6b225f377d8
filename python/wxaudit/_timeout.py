"""Define the time limits of a call."""

from __future__ import annotations

from ._models.value import Frozen
from ._validation import check_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import ClassVar


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
    # Other libraries take a tuple of the limits.
    example = "Timeout(total=…, connect=…, read=…)" if isinstance(value, tuple) else f"{name}=15"
    return check_seconds(name, value, example)
