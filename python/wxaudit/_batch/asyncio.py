"""Many audits at once: the asyncio form of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

from .._loop import begin, result_of
from .._token_sources import aserve_request
from .results import in_order
from .run import Run, ScreenshotRun
from .screenshots import in_order as pictures_in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from typing import Any, TypeVar

    from .._async_client import AsyncClient
    from .._models.screenshot import Screenshot
    from .._native import AuditResult, Question
    from .progress import Reporter
    from .results import AuditBatch

    _Ordered = TypeVar("_Ordered")


def collect(
    client: AsyncClient, queries: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> Coroutine[Any, Any, AuditBatch]:
    try:
        run = Run(client, queries, max_concurrency, timeout, collected=True)
        return _collect(run, run.reporter(progress), in_order)
    except BaseException:
        queries.clear()
        raise


def collect_screenshots(
    client: AsyncClient,
    token: Any,
    given: Any,
    appid: Any,
    max_concurrency: Any,
    progress: Any,
    timeout: Any,
) -> Coroutine[Any, Any, list[Screenshot]]:
    run = ScreenshotRun(client, token, given, appid, max_concurrency, timeout)
    return _collect(run, run.reporter(progress), pictures_in_order)


async def _collect(run: Run, reporter: Reporter, ordered: Callable[[list[Any]], _Ordered]) -> _Ordered:
    results: list[Any] = []
    with reporter:
        bunches = _Bunches(run)
        try:
            with run.dispatcher:
                while bunch := await bunches.next():
                    results += bunch
                    reporter.report(len(results))
        finally:
            await bunches.close()
    return ordered(results)


def iterate(
    client: AsyncClient, queries: Any, max_concurrency: Any, timeout: Any
) -> AsyncGenerator[AuditResult, None]:
    try:
        return _each(Run(client, queries, max_concurrency, timeout, collected=False))
    except BaseException:
        queries.clear()
        raise


async def _each(run: Run) -> AsyncGenerator[AuditResult, None]:
    bunches = _Bunches(run)
    try:
        with run.dispatcher:
            while bunch := await bunches.next():
                for result in bunch:
                    yield result
    finally:
        await bunches.close()


class _Bunches:
    """The results as they come. An asynchronous input is taken in by a task of its own.

    No generator: an event loop that ends closes all of those at once, one within the other.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        asynchronous = isinstance(run.queries.get(), AsyncIterable)
        self._given = None if asynchronous else iter(run.queries.get())
        run.begin()
        self._room = asyncio.Event()
        # Done as soon as the input has given what needs no answer of WeChat's.
        self._refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._feeder = asyncio.ensure_future(self._feed()) if asynchronous else None
        self._tasks: set[asyncio.Future[None]] = {self._feeder} if self._feeder else set()
        self._waiting: asyncio.Future[None] | None = None
        self._raised: list[BaseException] = []

    async def next(self) -> list[Any] | None:
        """The next ones, None when there are no more."""
        run = self._run
        while run.goes_on:
            if self._raised:
                raise self._raised[0]
            if self._given is not None and not run.ended:
                run.fill(self._given)
            await self._wait()
            bunch, questions = run.take()
            for question in questions:
                answering = asyncio.ensure_future(_answer(question, self._raised))
                self._tasks.add(answering)
                answering.add_done_callback(self._tasks.discard)
            self._room.set()
            if bunch:
                return bunch
        return None

    async def _wait(self) -> None:
        """Until there is something to do."""
        if self._feeder is not None and not self._feeder.done():
            self._waiting = self._waiting or begin(self._run.native.await_)[0]
            ends = (self._waiting, self._feeder, self._refused)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._waiting = None if self._waiting.done() else self._waiting
            if self._refused.done():
                self._refused = asyncio.get_running_loop().create_future()
        elif self._run.must_wait:
            await (self._waiting or result_of(self._run.native.await_))
            self._waiting = None
        else:
            await asyncio.sleep(0)

    async def _feed(self) -> None:
        """Takes in an asynchronous input, as there is room for it."""
        run = self._run
        given = aiter(run.queries.get())
        try:
            while not run.is_late():
                while run.is_full:
                    self._room.clear()
                    await self._room.wait()
                refused = run.native.add(await anext(given))
                if refused is not None:
                    run.refuse(*refused)
                if run.has_refused and not self._refused.done():
                    self._refused.set_result(None)
        except StopAsyncIteration:
            pass
        except Exception as error:
            run.fail(error)
        finally:
            if not run.ended:
                run.end()

    async def close(self) -> None:
        """Drops what is under way."""
        self._run.close()
        self._run.queries.clear()
        if self._waiting is not None:
            self._waiting.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _answer(question: Question, raised: list[BaseException]) -> None:
    """Lets a source answer; what ends programs ends the batch too."""
    try:
        await aserve_request(question)
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        # The question is dropped, which the batch notices.
        raised.append(error)
