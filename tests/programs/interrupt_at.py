"""Signals that meet a call at one certain moment. Arguments: BASE_URL TOKEN MOMENT HELD_AUDITID.

All went well where it exits with 0 and is silent. The server never answers for HELD_AUDITID.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from numbered_audits import ARGUMENTS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT, HELD_AUDITID = ARGUMENTS[0], int(ARGUMENTS[1])
BOUND = 0.1

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)


class Interrupter:
    """Sends SIGINT from another thread once it is told that the moment has come."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._sent_at = 0.0
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        assert self.reached.wait(60)
        self._sent_at = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    def expect(self, work: Callable[[], object]) -> None:
        """Does `work`, which must end by KeyboardInterrupt, soon after the signal."""
        try:
            work()
        except KeyboardInterrupt:
            took = time.monotonic() - self._sent_at
            assert took <= BOUND, f"raised {took:.3f} s after the signal"
        else:
            raise AssertionError("not interrupted")
        self._thread.join()


def hang() -> None:
    """Never ends. Python code that waits in one piece may miss a signal that comes just before it does."""
    while True:
        time.sleep(0.01)


class HangingSource:
    """A token source that never answers."""

    def __init__(self, reached: threading.Event, same_thread: bool) -> None:
        self._reached = reached
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self._reached.set()
        hang()
        return TOKEN


def in_a_token_source() -> None:
    for same_thread in (False, True):
        interrupter = Interrupter()
        source = HangingSource(interrupter.reached, same_thread)
        interrupter.expect(functools.partial(client.get_audit_status, source, 1001))


def in_on_event() -> None:
    interrupter = Interrupter()

    def notice(_: object) -> None:
        interrupter.reached.set()
        hang()

    watched = wxaudit.Client(base_url=BASE_URL, on_event=notice)
    interrupter.expect(lambda: watched.get_audit_status(TOKEN, 1001))


def in_asyncio_run() -> None:
    async def work(reached: threading.Event) -> None:
        calls = [asyncio.create_task(async_client.get_audit_status(TOKEN, HELD_AUDITID)) for _ in range(8)]
        await async_client.get_audit_status(TOKEN, 1001)
        reached.set()
        # asyncio, too, may miss a signal that comes just before its loop begins to wait.
        while not any(call.done() for call in calls):
            await asyncio.wait(calls, timeout=0.01)

    for _ in range(3):
        interrupter = Interrupter()
        interrupter.expect(functools.partial(asyncio.run, work(interrupter.reached)))


def with_a_handler_that_does_not_raise() -> None:
    """The handler runs while the call blocks, and the call goes on to its end."""
    handled: list[float] = []
    signal.signal(signal.SIGALRM, lambda *_: handled.append(time.monotonic()))
    due_at = time.monotonic() + 0.05
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        client.get_audit_status(TOKEN, HELD_AUDITID, timeout=0.5)
    except wxaudit.RequestTimeout:
        assert len(handled) == 1
        assert handled[0] - due_at <= BOUND
    else:
        raise AssertionError("the held call was answered")


def with_the_call_in_another_thread() -> None:
    """Signals belong to the main thread: the call of another one goes on to its end."""
    outcomes: list[object] = []

    def work() -> None:
        try:
            outcomes.append(client.get_audit_status(TOKEN, HELD_AUDITID, timeout=0.5))
        except wxaudit.RequestTimeout as failure:
            outcomes.append(failure)
        finally:
            # Not `Thread.join`: on Python 3.11 one that was interrupted takes the thread for ended.
            done.set()

    interrupter = Interrupter()
    done = threading.Event()

    def wait() -> None:
        threading.Thread(target=work).start()
        interrupter.reached.set()
        while not done.wait(0.01):
            pass

    interrupter.expect(wait)
    assert done.wait(60)
    assert [type(outcome) for outcome in outcomes] == [wxaudit.RequestTimeout]


globals()[MOMENT]()
check(client.get_audit_status(TOKEN, 1001), 1001)
check(asyncio.run(async_client.get_audit_status(TOKEN, 1002)), 1002)
