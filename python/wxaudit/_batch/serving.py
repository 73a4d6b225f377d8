"""Serve the requests of a batch to its token sources, whatever the consumer of the batch does meanwhile."""

from __future__ import annotations

from contextvars import copy_context

from .._greenlets import next_requests
from .._threads import ThreadError, start_thread
from .._token_sources import aserve_request, consume, serve_in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from contextvars import Context
    from typing import Any

    from .._native import Batch, LoopBridge, TokenRequest, TokenRequests


class ThreadServer:
    """Serves the requests of a blocking batch from a thread.

    The thread is started for the first source, and ends with the batch. Sources with `same_thread` are left
    to the consumer.
    """

    __slots__ = ("_contexts", "_started", "asks_consumer")

    def __init__(self) -> None:
        # Whether there are sources that the consumer has to ask.
        self.asks_consumer = False
        self._started = False
        # The consumer's context when it last took results, for the sources. The thread shares the list.
        self._contexts: list[Context] = []

    def update(self, batch: Batch) -> bool:
        """Begins to serve if there are new kinds of sources, and returns whether there are.

        Called whenever the consumer takes results.
        """
        expected = batch.expected_requests
        if expected is None:
            return False
        before = self._started, self.asks_consumer
        by_thread, self.asks_consumer = expected
        self._contexts[:] = [copy_context()]
        if by_thread and not self._started:
            self._started = True
            self._start(batch)
        if self.asks_consumer:
            consume(batch)
        return before != (self._started, self.asks_consumer)

    def _start(self, batch: Batch) -> None:
        try:
            requests, contexts = batch.requests, self._contexts
            start_thread(lambda: _serve(requests, contexts), "wxaudit-token")
        except ThreadError:
            batch.serve_in_consumer()
            self.asks_consumer = True


def _serve(requests: TokenRequests, contexts: list[Context]) -> None:
    while pending := next_requests(requests):
        while pending:
            # Each thread needs a context that no other one has entered.
            serve_in_thread(pending.pop(0), contexts[0].copy())


class LoopServer:
    """Serves the requests of a batch of an event loop from callbacks of the loop, each in a task.

    No task waits for requests: one that is still there when the loop is closed would be a warning.
    """

    def __init__(self) -> None:
        # The tasks that serve a request.
        self.tasks: set[asyncio.Future[tuple[None]]] = set()
        # Exceptions that end the batch, such as KeyboardInterrupt and those of signal handlers.
        self.raised: list[BaseException] = []
        self._requests: TokenRequests | None = None
        self._waiting: tuple[asyncio.Future[Any], LoopBridge] | None = None
        self._context = copy_context()

    def update(self, batch: Batch) -> bool:
        """As `ThreadServer.update`, and called when a query is added."""
        if self._requests is not None or batch.expected_requests is None:
            return False
        self._requests = batch.requests
        self._wait(self._requests)
        return True

    def use_context(self) -> None:
        """Lets sources run in the context of the caller, as it is now."""
        self._context = copy_context()

    def _wait(self, requests: TokenRequests) -> None:
        from .._loop import begin

        self._waiting = begin(requests.await_)
        self._waiting[0].add_done_callback(self._serve)

    def _serve(self, ready: asyncio.Future[Any]) -> None:
        import asyncio

        requests = self._requests
        if ready.cancelled() or ready.exception() is not None or requests is None:
            return
        for request in requests.take():
            serving = self._context.run(asyncio.gather, self._serve_one(request))
            self.tasks.add(serving)
            serving.add_done_callback(self.tasks.discard)
        if not requests.is_over:
            self._wait(requests)

    async def _serve_one(self, request: TokenRequest) -> None:
        import asyncio

        try:
            await aserve_request(request)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.raised.append(error)
            # Wakes the batch.
            request.fail("it was interrupted")

    def close(self) -> None:
        """Waits for no more requests, and cancels the tasks."""
        # Not kept: a traceback may keep this object, and the bridge its descriptors.
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            future, bridge = waiting
            bridge.cancel(future)
            future.cancel()
        for task in self.tasks:
            task.cancel()
