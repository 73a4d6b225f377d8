"""Define the time limits of a call."""

from __future__ import annotations

from ._models.value import Frozen
from ._validation import check_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta


class Timeout(Frozen):
    """The time limits of one call, in seconds or as `timedelta`.

    `total` limits the whole call: all attempts, the waits between them, and a refresh of the token. `connect`
    limits one attempt to connect (name lookup, TCP and TLS), `read` the wait for the next bytes of an answer.
    `None` for one of these means that only `total` limits it. They may exceed `total`, which still holds.

    The attributes are floats of seconds. `ArgumentError` for anything that is not a duration of more than
    0 seconds and at most a year.
    """

    __module__ = "wxaudit"
    __match_args__ = __slots__ = _fields = ("total", "connect", "read")

    total: float
    connect: float | None
    read: float | None

    def __init__(
        self,
        total: int | float | timedelta = 15.0,
        connect: int | float | timedelta | None = 5.0,
        read: int | float | timedelta | None = 10.0,
    ) -> None:
        self.total = _seconds("total", total)
        self.connect = None if connect is None else _seconds("connect", connect)
        self.read = None if read is None else _seconds("read", read)


def limits_of(value: Timeout | int | float | timedelta | None, base: Timeout) -> Timeout:
    """The limits of a call with this `timeout` argument, by a client with the limits `base`.

    A number or `timedelta` is the `total`, with `connect` of `base`; no single read is cut off before it.
    A `Timeout` is used as it is. `None` means `base`. `ArgumentError` for anything else.
    """
    if value is None:
        return base
    if isinstance(value, Timeout):
        return value
    return Timeout(_seconds("timeout", value), base.connect, None)


def _seconds(name: str, value: object) -> float:
    # Other libraries take a tuple of the limits.
    example = "Timeout(total=…, connect=…, read=…)" if isinstance(value, tuple) else f"{name}=15"
    return check_seconds(name, value, example)
