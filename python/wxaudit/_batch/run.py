"""The parts of a batch that its blocking and asyncio forms share.

The calls run in the native engine. This module delivers their events and makes exceptions of failures.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping

from .._call import error_of
from .._errors.tree import ArgumentError
from .._native import AuditQuery, AuditResult, Token
from .._timeout import limits_of
from .progress import Reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsIndex, TypeAlias

    from .._native import Batch, TokenRequest
    from .._observability.dispatch import EventDispatcher
    from .._session import Session
    from .._token_sources import AsyncTokenSource, TokenSource
    from .progress import ProgressCallback

    AnyToken: TypeAlias = str | Token | TokenSource
    AnyAsyncToken: TypeAlias = AnyToken | AsyncTokenSource
    AuditId: TypeAlias = SupportsIndex | str | float
    # `queries_from_frame` yields an error for an invalid row.
    Made: TypeAlias = AuditQuery | ArgumentError
    Query: TypeAlias = Made | tuple[AnyToken, AuditId] | tuple[AnyToken, AuditId, str | None]
    AsyncQuery: TypeAlias = Made | tuple[AnyAsyncToken, AuditId] | tuple[AnyAsyncToken, AuditId, str | None]
    Progress: TypeAlias = ProgressCallback | bool | None


class BatchRun:
    """One batch of queries, from its arguments to its last result."""

    native: Batch
    dispatcher: EventDispatcher
    # The unit of the progress bar.
    unit = "audit"
    # Method, token and appid, if the items are subjects of calls instead of queries.
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
        """Checks the arguments. The batch starts with `begin`."""
        session.check_open()
        self._check(queries, asynchronous=asynchronous)
        self.queries = queries
        self._session = session
        self._concurrency = session.engine.concurrency(max_concurrency)
        self._limit = None if timeout is None else limits_of(timeout, session.timeout).total
        self.collected = collected
        self._asynchronous = asynchronous
        self.over = False

    def _check(self, queries: Any, *, asynchronous: bool) -> None:
        check_queries(queries, asynchronous=asynchronous)

    def reporter(self, progress: Any) -> Reporter:
        size = len(self.queries) if hasattr(self.queries, "__len__") else None
        return Reporter(progress, size, self.unit)

    def begin(self) -> None:
        """Starts the batch. Queries of an async iterable are added one by one."""
        queries = None if isinstance(self.queries, AsyncIterable) else iter(self.queries)
        self.dispatcher = self._session.dispatcher()
        self.native = self._session.engine.begin_batch(
            queries,
            self._concurrency,
            self._limit,
            observed=bool(self.dispatcher),
            collected=self.collected,
            asynchronous=self._asynchronous,
            calls=self.calls,
        )

    def take(self) -> tuple[list[Any], list[TokenRequest]]:
        """The results that have arrived, and the requests to token sources that the consumer has to serve."""
        results, requests, events, self.over = self.native.take()
        self.dispatcher.on_event(events)
        return [self._result(outcome) for outcome in results], requests

    def _result(self, outcome: Any) -> Any:
        if isinstance(outcome, AuditResult):
            return outcome
        index, error = outcome[0], self._error(outcome)
        return AuditResult(error.auditid, error.appid, None, error, index, error.attempts)

    def _error(self, outcome: tuple[Any, ...]) -> Any:
        """The error of an invalid query or of a failed call."""
        return outcome[1] if len(outcome) == 2 else error_of(*outcome[1:])

    def close(self) -> None:
        """Drops the calls in flight and delivers the last events."""
        self.dispatcher.on_event(self.native.close())


def check_queries(queries: Any, *, asynchronous: bool) -> None:
    """Raises `ArgumentError` for objects that are not iterables of queries."""
    if isinstance(queries, AsyncIterable):
        if not asynchronous:
            raise ArgumentError("queries: only AsyncClient takes an async iterable")
        return
    kind = type(queries).__name__
    if hasattr(queries, "__arrow_c_stream__") or hasattr(queries, "columns"):
        raise ArgumentError(f"queries: got a {kind}; use queries_from_frame(frame, token_for)")
    if isinstance(queries, (str, bytes, bytearray, Mapping)) or not isinstance(queries, Iterable):
        raise ArgumentError(
            f"queries must be an iterable of AuditQuery or (token, auditid), got {kind}; write a list: "
            "[(token, auditid), …]"
        )
    if _is_one_query(queries):
        raise ArgumentError("queries: got one query; write a list of it: [(token, auditid)]")


def _is_one_query(queries: Any) -> bool:
    """Whether it is `(token, auditid)` or `(token, auditid, appid)`, and not a sequence of queries."""
    if not isinstance(queries, (tuple, list)) or len(queries) not in (2, 3):
        return False
    token, second, *_ = queries
    is_token = isinstance(token, (str, Token)) or hasattr(token, "get_token")
    return is_token and not isinstance(second, (tuple, list, AuditQuery, ArgumentError))
