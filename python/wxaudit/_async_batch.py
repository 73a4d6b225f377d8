"""Many audits at once: the asyncio form of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import aclosing

from ._batch import Run, size
from ._loop import begin
from ._native import read_query
from ._progress import Reporter
from ._results import in_order
from ._tokens import aanswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
    from typing import Any

    from ._client import AsyncClient
    from ._native import AuditResult, Hidden, Question
    from ._results import AuditBatch


def collect(
    client: AsyncClient, queries: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> Coroutine[Any, Any, AuditBatch]:
    run = Run(client, queries, max_concurrency, timeout, collected=True)
    return _collect(run, queries, Reporter(progress, size(queries)))


async def _collect(run: Run, queries: Hidden, reporter: Reporter) -> AuditBatch:
    results: list[AuditResult] = []
    try:
        async with aclosing(_bunches(run, queries)) as bunches:
            async for bunch in bunches:
                results += bunch
                reporter.report(len(results))
    finally:
        reporter.close()
    return in_order(results)


def iterate(
    client: AsyncClient, queries: Any, max_concurrency: Any, timeout: Any
) -> AsyncIterator[AuditResult]:
    return _each(Run(client, queries, max_concurrency, timeout, collected=False), queries)


async def _each(run: Run, queries: Hidden) -> AsyncIterator[AuditResult]:
    async with aclosing(_bunches(run, queries)) as bunches:
        async for bunch in bunches:
            for result in bunch:
                yield result


async def _bunches(run: Run, queries: Hidden) -> AsyncGenerator[list[AuditResult], None]:
    """The results as they come. An asynchronous input is taken in by a task of its own."""
    given = None if isinstance(queries.value, AsyncIterable) else iter(queries.value)
    run.begin()
    room = asyncio.Event()
    feeder = None if given is not None else asyncio.ensure_future(_feed(run, queries, room))
    tasks: set[asyncio.Future[None]] = set() if feeder is None else {feeder}
    waiting: asyncio.Future[None] | None = None
    raised: list[BaseException] = []
    try:
        while run.goes_on:
            if raised:
                raise raised[0]
            if given is not None and not run.ended:
                run.fill(given)
            if feeder is not None and not feeder.done():
                waiting = waiting or begin(run.native.await_)
                await asyncio.wait((waiting, feeder), return_when=asyncio.FIRST_COMPLETED)
                waiting = None if waiting.done() else waiting
            elif run.must_wait:
                await (waiting or begin(run.native.await_))
                waiting = None
            else:
                await asyncio.sleep(0)
            bunch, questions = run.take()
            for question in questions:
                answering = asyncio.ensure_future(_answer(question, raised))
                tasks.add(answering)
                answering.add_done_callback(tasks.discard)
            room.set()
            if bunch:
                yield bunch
    finally:
        run.native.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(question: Question, raised: list[BaseException]) -> None:
    """Lets a source answer; what ends programs ends the batch too."""
    try:
        await aanswer(question)
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        # The question is dropped, which the batch notices.
        raised.append(error)


async def _feed(run: Run, queries: Hidden, room: asyncio.Event) -> None:
    """Takes in an asynchronous input, as there is room for it."""
    given = aiter(queries.value)
    try:
        while not run.is_late():
            while run.native.wanted == 0:
                room.clear()
                await room.wait()
            run.put(read_query(await anext(given)))
    except StopAsyncIteration:
        pass
    except Exception as error:
        run.fail(error)
    finally:
        if not run.ended:
            run.end()
