"""Forks a child, lets it work, and tells how it went."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import traceback
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Python 3.12 and later warn of every fork beside threads; that such forks go well is what is tested here.
warnings.filterwarnings("ignore", ".*use of fork.*may lead to deadlocks", DeprecationWarning)

# A child that hangs is killed, and shows where.
HANGS_AFTER_SECONDS = 20
faulthandler.enable()


def fork(work: Callable[[], object]) -> int:
    """The pid of a child that does `work` and then leaves: with 0 if nothing was raised."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(child: int) -> None:
    """Waits for a child, which must leave with 0."""
    descriptor = os.pidfd_open(child)
    ended = select.select([descriptor], [], [], HANGS_AFTER_SECONDS)[0]
    os.close(descriptor)
    if not ended:
        os.kill(child, signal.SIGABRT)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not ended:
        raise AssertionError("a child hangs")
    if code:
        raise AssertionError(f"a child left with {code}")


def in_child(work: Callable[[], object]) -> None:
    """Does `work` in a forked child, to its end."""
    wait(fork(work))
