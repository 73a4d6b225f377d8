"""Forks a child, lets it work, and tells how it went."""

from __future__ import annotations

import faulthandler
import os
import signal
import traceback
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Python 3.12 and later warn of every fork beside threads; that such forks go well is what is tested here.
warnings.filterwarnings("ignore", ".*use of fork.*may lead to deadlocks", DeprecationWarning)

# A child that hangs shows where, and is killed.
HANGS_AFTER = 30
faulthandler.register(signal.SIGALRM, chain=True)


def fork(work: Callable[[], object], leave: Callable[[int], object] = os._exit) -> int:
    """The pid of a child that does `work` and then leaves: with 0 if nothing was raised."""
    child = os.fork()
    if child:
        return child
    signal.alarm(HANGS_AFTER)
    try:
        work()
    except BaseException:
        traceback.print_exc()
        leave(1)
    leave(0)
    raise AssertionError("the child goes on")


def wait(child: int) -> None:
    """Waits for a child, which must have left with 0."""
    status = os.waitpid(child, 0)[1]
    if status:
        raise AssertionError(f"the child left with {os.waitstatus_to_exitcode(status)}")


def in_child(work: Callable[[], object]) -> None:
    """Does `work` in a forked child, to its end."""
    wait(fork(work))
