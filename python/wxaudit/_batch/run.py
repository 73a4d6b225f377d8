"""One batch: what its blocking and its asyncio form share.

The calls run natively, and results come in bunches. Here requests to token sources are served, events are
delivered, and failures become exceptions.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping

from .._call import error_of
from .._errors.tree import ArgumentError
from .._native import AuditQuery, AuditResult
from .._timeout import Timeout
from .progress import Reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsIndex, TypeAlias

    from .._native import Batch, Token, TokenRequest
    from .._observability.dispatch import EventDispatcher
    from .._session import Session
    from .._token_sources import AsyncTokenSource, TokenSource
    from .progress import Listener

    AnyToken: TypeAlias = str | Token | TokenSource
    AnyAsyncToken: TypeAlias = AnyToken | AsyncTokenSource
    AuditId: TypeAlias = SupportsIndex | str | float
    # An error stands in the place of a query that cannot be made, as `queries_from_frame` gives it.
    Made: TypeAlias = AuditQuery | ArgumentError
    Query: TypeAlias = Made | tuple[AnyToken, AuditId] | tuple[AnyToken, AuditId, str | None]
    AsyncQuery: TypeAlias = Made | tuple[AnyAsyncToken, AuditId] | tuple[AnyAsyncToken, AuditId, str | None]
    Progress: TypeAlias = Listener | bool | None


class BatchRun:
    """A batch of queries, from its arguments to its last result."""

    native: Batch
    dispatcher: EventDispatcher
    # What the progress bar counts.
    unit = "audit"
    # The method, the token and the appid, where the items are not queries but the subjects of calls.
    calls: tuple[str, Any, Any] | None = None

    def __init__(
        self,
        session: Session,
        queries: Any,
        max_concurrency: Any,
        timeout: Any,
        *,
        collected: bool,
        asynchronous: bool = False,
    ) -> None:
        """Checks everything and begins nothing."""
        session.check_open()
        check_queries(queries, asynchronous=asynchronous)
        self.queries = queries
        self._session = session
        self._concurrency = session.engine.concurrency(max_concurrency)
        self._limit = None if timeout is None else Timeout.of(timeout, session.timeout).total
        self.collected = collected
        self.over = False

    def reporter(self, progress: Any) -> Reporter:
        size = len(self.queries) if hasattr(self.queries, "__len__") else None
        return Reporter(progress, size, self.unit)

    def begin(self) -> None:
        """Begins the batch. An asynchronous input is not handed over: its queries are added one by one."""
        queries = None if isinstance(self.queries, AsyncIterable) else iter(self.queries)
        self.dispatcher = self._session.dispatcher()
        self.native = self._session.engine.begin_batch(
            queries,
            self._concurrency,
            self._limit,
            observed=bool(self.dispatcher),
            collected=self.collected,
            calls=self.calls,
        )

    def take(self) -> tuple[list[Any], list[TokenRequest]]:
        """The results that are there, and the requests to token sources."""
        results, requests, events, self.over = self.native.take()
        self.dispatcher.on_event(events)
        return [self._result(it) for it in results], requests

    def _result(self, it: Any) -> Any:
        if isinstance(it, AuditResult):
            return it
        index, error = it[0], self._error(it)
        return AuditResult(error.auditid, error.appid, None, error, index, error.attempts)

    def _error(self, it: tuple[Any, ...]) -> Any:
        """The error of a query that was refused, or whose call failed."""
        return it[1] if len(it) == 2 else error_of(*it[1:])

    def close(self) -> None:
        """Drops the calls in flight, and delivers the last events."""
        self.dispatcher.on_event(self.native.close())


def check_queries(queries: Any, *, asynchronous: bool) -> None:
    """`ArgumentError` for what cannot hold queries."""
    if isinstance(queries, AsyncIterable):
        if not asynchronous:
            raise ArgumentError("queries: only AsyncClient takes an async iterable")
        return
    kind = type(queries).__name__
    if hasattr(queries, "__arrow_c_stream__") or hasattr(queries, "columns"):
        raise ArgumentError(f"queries: got a {kind}; write queries_from_frame(frame, token_for)")
    if isinstance(queries, (str, bytes, bytearray, Mapping)) or not isinstance(queries, Iterable):
        raise ArgumentError(f"queries must be an iterable of AuditQuery or (token, auditid), got {kind}")
