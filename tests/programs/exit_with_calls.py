"""Ends with calls in flight. Arguments: BASE_URL TOKEN MANNER HELD_AUDITID.

Writes the moment, of `time.monotonic`, at which its exit began. The server never answers for HELD_AUDITID.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

MANNER, HELD_AUDITID = ARGUMENTS[0], int(ARGUMENTS[1])

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)


def leave() -> NoReturn:
    print(time.monotonic(), flush=True)
    sys.exit()


class Tally:
    """Wakes the main thread once enough was done elsewhere."""

    def __init__(self) -> None:
        self._done = threading.Semaphore(0)

    def add(self) -> None:
        self._done.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            self._done.acquire()


def while_daemon_threads_call() -> None:
    tally = Tally()

    def work(auditid: int) -> None:
        while True:
            check(client.get_audit_status(TOKEN, auditid), auditid)
            tally.add()

    for auditid in AUDITIDS:
        threading.Thread(target=work, args=(auditid,), daemon=True).start()
    tally.wait_for(20)
    leave()


def while_daemon_threads_wait_for_an_answer() -> None:
    tally = Tally()
    watched = wxaudit.Client(base_url=BASE_URL, on_event=lambda _: tally.add())
    for _ in AUDITIDS:
        threading.Thread(target=watched.get_audit_status, args=(TOKEN, HELD_AUDITID), daemon=True).start()
    tally.wait_for(len(AUDITIDS))
    leave()


def while_threads_call() -> None:
    """The interpreter waits for threads that are not daemons; their calls end as usual."""
    tally = Tally()

    def work(auditid: int) -> None:
        for _ in range(5):
            check(client.get_audit_status(TOKEN, auditid), auditid)
            tally.add()

    for auditid in AUDITIDS:
        threading.Thread(target=work, args=(auditid,)).start()
    tally.wait_for(1)
    leave()


def endless_calls(begun: Callable[[], object]) -> list[Coroutine[object, object, None]]:
    """Coroutines for 64 calls at once without end."""

    async def work(auditid: int) -> None:
        for number in itertools.count():
            check(await async_client.get_audit_status(TOKEN, auditid), auditid)
            if number == 1:
                begun()

    return [work(auditid) for auditid in AUDITIDS for _ in range(8)]


def with_an_abandoned_loop() -> None:
    async def begin() -> None:
        begun = asyncio.Event()
        # Tasks of a gather may be dropped while they wait, without a word from asyncio.
        abandoned.append(asyncio.gather(*endless_calls(begun.set)))
        await begun.wait()

    abandoned: list[asyncio.Future[list[None]]] = []
    loop = asyncio.new_event_loop()
    globals().update(loop=loop, abandoned=abandoned)
    loop.run_until_complete(begin())
    assert not abandoned[0].done()
    leave()


def with_a_loop_in_a_daemon_thread() -> None:
    tally = Tally()

    async def work() -> None:
        await asyncio.gather(*endless_calls(tally.add))

    threading.Thread(target=lambda: asyncio.run(work()), daemon=True).start()
    tally.wait_for(1)
    leave()


def out_of_asyncio_run() -> None:
    """`asyncio.run` cancels what is in flight and closes the loop."""

    async def work() -> None:
        begun = asyncio.Event()
        tasks = [asyncio.create_task(calls) for calls in endless_calls(begun.set)]
        await begun.wait()
        assert not any(task.done() for task in tasks)
        leave()

    asyncio.run(work())


def with_hanging_token_sources() -> None:
    tally = Tally()

    class Source:
        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            tally.add()
            threading.Event().wait()
            return TOKEN

    async def hang() -> None:
        await async_client.get_audit_status(Source(), 1001)

    threading.Thread(target=client.get_audit_status, args=(Source(), 1001), daemon=True).start()
    threading.Thread(target=lambda: asyncio.run(hang()), daemon=True).start()
    tally.wait_for(2)
    leave()


globals()[MANNER]()
