"""Ends batches early. Arguments: BASE_URL TOKEN uvloop|asyncio MOMENT CONTROL_URL HELD_AUDITID SERVER_PID.

Written is how many seconds later nothing was left of them, and how many threads there are in the end. The
server never answers for HELD_AUDITID, and tells at CONTROL_URL how many requests it holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import math
import os
import random
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from batch_sources import AsyncSource, Source
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check
from stopwatch import Stopwatch

import wxaudit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

KIND, MOMENT, CONTROL_URL = ARGUMENTS[:3]
HELD_AUDITID, SERVER_PID = map(int, ARGUMENTS[3:])

QUERIES = 10_000
MAX_CONCURRENCY = 64
# Each tenth query is never answered: after so many results, some of those are in flight.
SOME = 100

new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
run: Callable[[Coroutine[Any, Any, None]], object] = asyncio.run
if KIND == "uvloop":
    import uvloop_quiet

    new_event_loop, run = uvloop_quiet.new_event_loop, uvloop_quiet.run

client = wxaudit.AsyncClient(base_url=BASE_URL, max_concurrency=MAX_CONCURRENCY)
took: list[float] = []


TOKENS: list[Any] = [TOKEN, Source(True), Source(False), AsyncSource()]
LIST: list[tuple[Any, int]] = [
    (TOKENS[number % len(TOKENS)], AUDITIDS[number % len(AUDITIDS)] if number % 10 else HELD_AUDITID)
    for number in range(1, QUERIES + 1)
]


def generated() -> Iterator[tuple[Any, int]]:
    yield from LIST


async def async_generated() -> AsyncIterator[tuple[Any, int]]:
    for query in LIST:
        await asyncio.sleep(0)
        yield query


async def collect(queries: Any) -> None:
    await client.get_audit_statuses(queries)


async def iterate(queries: Any) -> None:
    async for _ in client.iter_audit_statuses(queries):
        pass


def connections() -> dict[str, Any]:
    """The connections and the held requests, as the server sees them."""
    with urllib.request.urlopen(f"{CONTROL_URL}/connections", timeout=20) as answer:  # noqa: S310  # our own
        seen: dict[str, Any] = json.load(answer)
        return seen


def told(what: str) -> int:
    """How many connections are open, or how many requests are held."""
    return int(connections()[what])


def held() -> int:
    return told("held")


def last_drop() -> float:
    """When the server saw the last connection end under a request, by the clock that all processes share.

    Infinity if there was none.
    """
    closed = connections()["closed"]
    return max((it["closed_at"] for it in closed if it["unanswered"] is not None), default=math.inf)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def stopwatch() -> Stopwatch:
    return Stopwatch(SERVER_PID)


async def until(condition: Callable[[], bool]) -> float:
    """When the look began that found it so: a busy server may take a tenth of a second to tell."""
    deadline = time.monotonic() + 10
    while True:
        begun = time.monotonic()
        if condition():
            return begun
        assert begun < deadline, (held(), descriptors(), asyncio.all_tasks())
        await asyncio.sleep(0.001)


async def ask(client: wxaudit.AsyncClient = client) -> None:
    """The client answers, one query and many."""
    check(await client.get_audit_status(TOKEN, 1001), 1001)
    batch = await client.get_audit_statuses([(TOKENS[-1], auditid) for auditid in AUDITIDS])
    for auditid, result in zip(AUDITIDS, batch, strict=True):
        check(result.unwrap(), auditid)


async def until_nothing_is_left(since_the_end: Stopwatch, before_the_end: float = 0) -> None:
    """No task, no request; and the client answers."""
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
    # A busy server may take a tenth of a second to answer, but it knows when each request was gone.
    looked_at = await until(lambda: held() == 0)
    took.append(since_the_end.seconds(min(looked_at, last_drop())) - before_the_end)
    await ask()


async def cancelled(batch: Coroutine[Any, Any, None]) -> None:
    await ask()
    task = asyncio.create_task(batch)
    await until(lambda: held() == MAX_CONCURRENCY)
    since_the_end = stopwatch()
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    assert isinstance(outcome, asyncio.CancelledError), outcome
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await until_nothing_is_left(since_the_end)


async def by_wait_for() -> None:
    await ask()
    for batch in (collect(LIST), iterate(async_generated())):
        since_the_start = stopwatch()
        try:
            await asyncio.wait_for(batch, 0.5)
        except asyncio.TimeoutError:
            await until_nothing_is_left(since_the_start, 0.5)
        else:
            raise AssertionError("the batch came to its end")


async def by_timeout() -> None:
    """`asyncio.timeout`, which Python 3.11 brought."""
    if sys.version_info < (3, 11):
        raise AssertionError("Python is too old")
    await ask()
    for batch in (collect(generated()), iterate(LIST)):
        since_the_start = stopwatch()
        try:
            async with asyncio.timeout(0.5):
                await batch
        except TimeoutError:
            await until_nothing_is_left(since_the_start, 0.5)
        else:
            raise AssertionError("the batch came to its end")


async def at_random_moments() -> None:
    await ask()
    for number in range(30):
        make = (collect, iterate)[number % 2]
        task = asyncio.create_task(make((LIST, generated(), async_generated())[number % 3]))
        await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311  # no secret, but the moment itself
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
        await until_nothing_is_left(stopwatch())


async def while_token_sources_hang() -> None:
    class Hanging:
        async def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            asked.append("a task")
            try:
                await asyncio.Event().wait()
            finally:
                asked.append("its end")
            return TOKEN

    class HangingThread:
        def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            asked.append("a thread")
            assert released.wait(60)
            return TOKEN

    asked: list[str] = []
    released = threading.Event()
    queries: list[tuple[Any, int]] = [(Hanging(), 1001), (HangingThread(), 1002)] * 100
    await ask()
    for batch in (collect(queries), iterate(iter(queries))):
        asked.clear()
        task = asyncio.create_task(batch)
        await until(lambda: len(asked) == 2)
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
        assert sorted(asked) == ["a task", "a thread", "its end"]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await until_nothing_is_left(stopwatch())
    released.set()


async def broken_off(queries: Any) -> Any:
    """An iterator that is still open, with requests in flight."""
    results = client.iter_audit_statuses(queries)
    answered = 0
    async for _ in results:
        answered += 1
        if answered == SOME:
            break
    await until(lambda: held() > 0)
    return results


async def by_aclose() -> None:
    for queries in (LIST, generated(), async_generated()):
        results = await broken_off(queries)
        since_the_end = stopwatch()
        await results.aclose()
        await until_nothing_is_left(since_the_end)


async def by_a_break() -> None:
    """The loop closes what nobody holds any more."""
    for queries in (LIST, generated(), async_generated()):
        await broken_off(queries)
        gc.collect()
        await until_nothing_is_left(stopwatch())


async def by_an_error_in_the_loop_body() -> None:
    async def fail() -> None:
        async for result in client.iter_audit_statuses(async_generated()):
            if held() > 0:
                raise LookupError(result)

    with contextlib.suppress(LookupError):
        await fail()
    await until_nothing_is_left(stopwatch())


def as_the_loop_ends() -> None:
    """`asyncio.run` closes iterators that are still open, and cancels tasks that are still there."""

    async def leave_open(make: Callable[[], Any]) -> None:
        kept.append(await broken_off(make()))
        kept.append(asyncio.create_task(collect(make())))
        await until(lambda: held() == MAX_CONCURRENCY)

    kept: list[object] = []
    for make in (generated, async_generated):
        run(leave_open(make))
        since_the_end = stopwatch()
        run(until_nothing_is_left(since_the_end))


def as_the_loop_is_closed() -> None:
    """A loop that nobody ends properly."""
    for queries in (LIST, generated()):
        loop = new_event_loop()
        results = loop.run_until_complete(broken_off(queries))
        loop.close()
        since_the_end = stopwatch()
        del results
        gc.collect()
        run(until_nothing_is_left(since_the_end))


def in_one_loop_after_the_other() -> None:
    for _ in range(3):
        run(cancelled(iterate(async_generated())))


CANCELLED: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
    "collecting_a_list": lambda: collect(LIST),
    "collecting_from_a_generator": lambda: collect(generated()),
    "collecting_from_an_async_generator": lambda: collect(async_generated()),
    "iterating_over_a_generator": lambda: iterate(generated()),
    "iterating_over_an_async_generator": lambda: iterate(async_generated()),
}


async def close(closed: wxaudit.AsyncClient) -> None:
    await closed.close()
    await until(lambda: told("open") == 0)


def main() -> None:
    warm = wxaudit.AsyncClient(base_url=BASE_URL)
    # The collector looks at none of the many queries, which takes a time of its own.
    gc.freeze()
    # What loops and library keep for the whole process is there before anything is counted.
    run(ask(warm))
    run(close(warm))
    before = descriptors()
    begun = cancelled(CANCELLED[MOMENT]()) if MOMENT in CANCELLED else globals()[MOMENT]()
    if begun is not None:
        run(begun)
    run(close(client))
    assert descriptors() == before
    print(json.dumps({"seconds": max(took), "threads": len(os.listdir("/proc/self/task"))}))


main()
