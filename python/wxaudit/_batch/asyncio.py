"""Run a batch with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

from .._loop import begin, result_of, running_loop
from .._signals import raised_by_signal
from .results import in_order
from .run import BatchRun
from .screenshots import ScreenshotRun
from .screenshots import in_order as pictures_in_order
from .serving import LoopServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Any

    from .._models.screenshot import Screenshot
    from .._native import AuditResult
    from .._session import Session
    from .results import AuditBatch


async def collect(
    session: Session, queries: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> AuditBatch:
    run = BatchRun(session, queries, max_concurrency, timeout, collected=True, asynchronous=True)
    return in_order(await _gather(run, progress))


async def collect_screenshots(
    session: Session, token: Any, ids: Any, appid: Any, max_concurrency: Any, progress: Any, timeout: Any
) -> list[Screenshot]:
    run = ScreenshotRun(session, token, ids, appid, max_concurrency, timeout, asynchronous=True)
    return pictures_in_order(await _gather(run, progress))


async def _gather(run: BatchRun, progress: Any) -> list[Any]:
    """All results in the order of their arrival."""
    results: list[Any] = []
    with run.reporter(progress) as reporter:
        groups = _Groups(run)
        with run.dispatcher:
            try:
                while group := await groups.next():
                    results += group
                    reporter.report(len(results))
            finally:
                await groups.close()
    return results


def iterate(
    session: Session, queries: Any, max_concurrency: Any, timeout: Any
) -> AsyncGenerator[AuditResult, None]:
    return _each(BatchRun(session, queries, max_concurrency, timeout, collected=False, asynchronous=True))


async def _each(run: BatchRun) -> AsyncGenerator[AuditResult, None]:
    groups = _Groups(run)
    with run.dispatcher:
        try:
            while group := await groups.next():
                for result in group:
                    yield result
        finally:
            await groups.close()


class _Groups:
    """The results as they arrive, in groups. A separate task reads an async iterable.

    Not a generator, since an event loop that shuts down closes all generators at once, nested ones too.
    """

    def __init__(self, run: BatchRun) -> None:
        loop = running_loop()
        self._run = run
        run.begin()
        self._room = asyncio.Event()
        # Done when the input has yielded an invalid query, whose result needs no call.
        self._refused: asyncio.Future[None] = loop.create_future()
        self._server = LoopServer()
        self._waiting: asyncio.Future[None] | None = None
        self._input_error: Exception | None = None
        asynchronous = isinstance(run.queries, AsyncIterable)
        # A task of `gather` causes no warning if its loop is closed before it ends.
        self._feeder = asyncio.gather(self._feed()) if asynchronous else None

    async def next(self) -> list[Any] | None:
        """The next group, or None at the end."""
        run = self._run
        self._server.use_context()
        while not run.over:
            await self._wait()
            if self._input_error is not None and run.collected:
                raise self._input_error
            group, _ = run.take()
            if self._server.raised:
                raise self._server.raised[0]
            self._room.set()
            if group:
                return group
        if self._input_error is not None:
            raise self._input_error
        run.native.raise_input_error()
        return None

    async def _wait(self) -> None:
        """Waits until there are results, or until the input needs attention."""
        if self._feeder is not None and not self._feeder.done():
            self._waiting = self._waiting or begin(self._run.native.await_)[0]
            ends = (self._waiting, self._feeder, self._refused)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._waiting = None if self._waiting.done() else self._waiting
            if self._refused.done():
                self._refused = asyncio.get_running_loop().create_future()
            return
        is_waiting = self._run.native.fill()
        if self._server.update(self._run.native):
            is_waiting = self._run.native.fill()
        if is_waiting:
            await (self._waiting or result_of(self._run.native.await_))
            self._waiting = None
        else:
            await asyncio.sleep(0)

    async def _feed(self) -> None:
        """Adds the queries of an async iterable while the batch is not full."""
        native = self._run.native
        queries = aiter(self._run.queries)
        try:
            while not native.is_late:
                while native.is_full:
                    self._room.clear()
                    await self._room.wait()
                is_valid = native.add(await anext(queries))
                self._server.update(self._run.native)
                if not is_valid and not self._refused.done():
                    self._refused.set_result(None)
        except StopAsyncIteration:
            pass
        except Exception as error:
            if raised_by_signal(error):
                self._server.raised.append(error)
            else:
                self._input_error = error
        finally:
            native.end()

    async def close(self) -> None:
        """Drops the calls in flight."""
        self._run.close()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            # The loop was abandoned, and the interpreter shuts down: it runs no task any more.
            return
        if self._waiting is not None:
            self._waiting.cancel()
        self._server.close()
        tasks: list[asyncio.Future[Any]] = list(self._server.tasks)
        if self._feeder is not None:
            self._feeder.cancel()
            tasks.append(self._feeder)
        await asyncio.gather(*tasks, return_exceptions=True)
