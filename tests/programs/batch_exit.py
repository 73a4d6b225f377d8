"""Ends with batches in flight. Arguments: BASE_URL TOKEN MANNER HELD_AUDITID.

Writes the moment, of `time.monotonic`, at which its exit began. The server never answers for HELD_AUDITID.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from batch_sources import HangingSource, Source
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

MANNER, HELD_AUDITID = ARGUMENTS[0], int(ARGUMENTS[1])
SOME = 100

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)
kept: list[Any] = []


def endless() -> Iterator[tuple[Any, int]]:
    """Some queries of the many are never answered, and some have a token source."""
    source = Source(False)
    for number in itertools.count(1):
        auditid = AUDITIDS[number % len(AUDITIDS)] if number % 50 else HELD_AUDITID
        yield TOKEN if number % 2 else source, auditid


async def async_endless() -> AsyncIterator[tuple[Any, int]]:
    for query in endless():
        yield query


def leave() -> NoReturn:
    print(time.monotonic(), flush=True)
    sys.exit()


def in_a_daemon_thread(work: Callable[[Callable[[], object]], object]) -> None:
    """Lets `work` run in a daemon thread, and leaves when it says that it is in the middle."""
    begun = threading.Event()
    threading.Thread(target=work, args=(begun.set,), daemon=True).start()
    assert begun.wait(60)
    leave()


def while_a_daemon_thread_collects() -> None:
    def work(begun: Callable[[], object]) -> None:
        client.get_audit_statuses(endless(), progress=lambda done, _: begun() if done >= SOME else None)

    in_a_daemon_thread(work)


def while_a_daemon_thread_iterates() -> None:
    def work(begun: Callable[[], object]) -> None:
        for count, result in enumerate(client.iter_audit_statuses(endless())):
            check(result.unwrap(), AUDITIDS[(result.index + 1) % len(AUDITIDS)])
            if count == SOME:
                begun()

    in_a_daemon_thread(work)


def while_a_daemon_thread_waits() -> None:
    """All that is in flight is never answered."""

    def work(begun: Callable[[], object]) -> None:
        queries = [(TOKEN, 1001), *[(TOKEN, HELD_AUDITID)] * 10_000]
        client.get_audit_statuses(queries, progress=lambda *_: begun())

    in_a_daemon_thread(work)


def with_an_iterator_in_a_global() -> None:
    kept.append(client.iter_audit_statuses(endless()))
    kept.extend(itertools.islice(kept[0], SOME))
    leave()


def with_an_iterator_in_a_cycle() -> None:
    cycle = [client.iter_audit_statuses(endless())]
    cycle.append(cycle)  # type: ignore[arg-type]  # a cycle on purpose
    assert len(list(itertools.islice(cycle[0], SOME))) == SOME
    leave()


def with_an_abandoned_loop() -> None:
    async def begin() -> None:
        begun = asyncio.Event()

        def tell(done: int, _: int | None) -> None:
            if done >= SOME:
                begun.set()

        # Tasks of a gather may be dropped while they wait, without a word from asyncio.
        kept.append(asyncio.gather(async_client.get_audit_statuses(endless(), progress=tell)))
        results = async_client.iter_audit_statuses(endless())
        kept.extend([results, await anext(results)])
        await begun.wait()

    loop = asyncio.new_event_loop()
    kept.append(loop)
    loop.run_until_complete(begin())
    leave()


def with_a_loop_in_a_daemon_thread() -> None:
    async def work(begun: Callable[[], object]) -> None:
        count = 0
        async for _ in async_client.iter_audit_statuses(async_endless()):
            count += 1
            if count == SOME:
                begun()

    in_a_daemon_thread(lambda begun: asyncio.run(work(begun)))


def out_of_asyncio_run() -> None:
    """`asyncio.run` cancels what is in flight, closes iterators that are open, and closes the loop."""

    async def work() -> None:
        tasks = [
            asyncio.create_task(async_client.get_audit_statuses(make())) for make in (endless, async_endless)
        ]
        count = 0
        async for _ in async_client.iter_audit_statuses(endless()):
            count += 1
            if count == SOME:
                assert not any(task.done() for task in tasks)
                leave()

    asyncio.run(work())


def with_hanging_token_sources() -> None:
    sources = HangingSource(), HangingSource()
    queries = [[(source, auditid) for auditid in AUDITIDS] for source in sources]

    async def hang() -> None:
        await async_client.get_audit_statuses(queries[1])

    threading.Thread(target=client.get_audit_statuses, args=(queries[0],), daemon=True).start()
    threading.Thread(target=lambda: asyncio.run(hang()), daemon=True).start()
    assert all(source.asked.wait(60) for source in sources)
    leave()


globals()[MANNER]()
