"""Repeat work that the database refused for the moment: a deadlock, a lock, a restart."""

from __future__ import annotations

import enum
import random
import time
from typing import TYPE_CHECKING, TypeVar

from django.db import DatabaseError, InterfaceError, connections, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0


class _Trouble(enum.Enum):
    # Another transaction was in the way.
    CONFLICT = enum.auto()
    # The connection is gone, or the server does not take any yet.
    CONNECTION = enum.auto()


# SQLSTATE: serialization failure, deadlock, lock not available, statement timeout.
_CONFLICT_STATES = ("40001", "40P01", "55P03", "57014")
# Connection exceptions, shutdown, crash, starting up, too many connections.
_CONNECTION_STATES = ("08", "57P", "53300")
# MySQL: lock wait timeout, deadlock; statement timeout of MySQL and of MariaDB.
_CONFLICT_NUMBERS = (1205, 1213, 3024, 1969)
# Cannot connect, too many connections, shutdown, gone away, lost.
_CONNECTION_NUMBERS = (2002, 2003, 1040, 1053, 1927, 2006, 2013, 2055)


def repeat(using: str, work: Callable[[], _T], *, patience: float) -> _T:
    """What `work` returns, which is one transaction or one statement, done again for `patience` seconds.

    A lost connection is closed, so that Django opens another. Any other exception is raised as it comes,
    and all are inside a transaction of the caller, which cannot be repeated from here.
    """
    until = time.monotonic() + patience
    pause = _SHORTEST_PAUSE
    while True:
        try:
            return work()
        except (DatabaseError, InterfaceError) as error:
            connection = connections[using]
            trouble = _trouble(error, connection.vendor)
            if trouble is None or connection.in_atomic_block or time.monotonic() >= until:
                raise
            if trouble is _Trouble.CONNECTION:
                connection.close()
        # Not in step with the transaction that was in the way.
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # not for secrets
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_passing(using: str, error: Exception) -> bool:
    """Whether `repeat` did repeat the work after an exception."""
    return _trouble(error, connections[using].vendor) is not None


def check_no_transaction(using: str, what: str) -> None:
    """`RuntimeError` inside a transaction, except that of a `TestCase`."""
    try:
        with transaction.atomic(using=using, durable=True):
            pass
    except RuntimeError:
        raise RuntimeError(
            f"{what} must not be called inside a transaction, which its answers would wait for: call it "
            "outside transaction.atomic(), and decorate a view with transaction.non_atomic_requests"
        ) from None


def _trouble(error: Exception, vendor: str) -> _Trouble | None:
    if isinstance(error, InterfaceError):
        return _Trouble.CONNECTION
    if not isinstance(error, DatabaseError):
        return None
    cause = error.__cause__
    if vendor == "postgresql":
        state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
        if state is None:
            # psycopg lost the connection, or got none.
            return _Trouble.CONNECTION if type(cause).__name__ == "OperationalError" else None
        if state in _CONFLICT_STATES:
            return _Trouble.CONFLICT
        return _Trouble.CONNECTION if state.startswith(_CONNECTION_STATES) else None
    if vendor == "mysql":
        number = error.args[0] if error.args else None
        if number in _CONFLICT_NUMBERS:
            return _Trouble.CONFLICT
        return _Trouble.CONNECTION if number in _CONNECTION_NUMBERS else None
    return _Trouble.CONFLICT if "locked" in str(error) else None
