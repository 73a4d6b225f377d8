"""The clients. Both are thin: the calls themselves run in the native engine that they share."""

from __future__ import annotations

from ._configured import Configured
from ._errors import made
from ._native import AuditStatus, Step, conceal, hide
from ._tokens import Answer, aask, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Generator, Iterable
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, SupportsIndex

    from typing_extensions import Self

    from ._batch import AsyncQuery, Progress, Query
    from ._native import AuditResult, _Failed
    from ._results import AuditBatch
    from ._timeout import Timeout
    from ._tokens import AsyncTokenSource, TokenSource


class Client(Configured):
    """The blocking client. One serves a whole process: all threads, and forked children too.

    Usable with and without `with`. Picklable: configuration only, never a token.
    """

    __slots__ = ()

    def get_audit_status(
        self,
        token: str | TokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> AuditStatus:
        """The review status of one audit, as WeChat tells it now.

        - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource`.
        - `auditid`: what `submit_audit` returned: an int, or its decimal digits.
        - `appid`: a label that comes back on the result and on errors; it also names whose quota is used.
        - `timeout`, `max_retries`: for this call, in place of the client's.

        Raises `ArgumentError` before anything is sent; `TransportError`, `RequestTimeout`,
        `HTTPStatusError`, `DecodeError` when no usable answer came; an `APIError` by WeChat's errcode.
        Blocks without holding the GIL; Ctrl-C ends it within 100 ms.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        token, auditid, appid, timeout, max_retries = conceal(token, auditid, appid, timeout, max_retries)
        options = self._options(appid, timeout, max_retries)
        return self._finish(self._engine.get_audit_status(token, auditid, options), token)

    def get_audit_statuses(
        self,
        queries: Iterable[Query],
        *,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> AuditBatch:
        """The review status of many audits: one result for each query, in the order of the input.

        - `queries`: an iterable of `AuditQuery` or `(token, auditid)`, or `(token, auditid, appid)`; the
          token is a text or a `TokenSource`. An auditid that pandas has made a float is taken where it is
          whole.
        - `max_concurrency`: requests under way at once, at most the client's and that by default.
        - `progress`: `True` shows tqdm's bar (extra `notebook`); a callable gets the number of results and
          of queries, `None` where that is not known. What it raises is logged and ends nothing.
        - `timeout`: limit of the whole batch, in seconds or as `timedelta`; no limit by default. What it cuts
          off, and what it leaves of the input, has `RequestTimeout` for its error. The client's own
          `timeout` and `max_retries` hold for each query.

        Nothing is raised for a single query: its error stands in its result, `ArgumentError` for one of the
        wrong shape. Calls of one token source share its tokens for up to a minute, and a refresh; a
        quota that is used up (45009, 45011) stops the queries of its appid, or else of its token, and no
        others. Queries that may wait for their quota within `timeout` of the client do so without holding
        up the others.

        What iterating `queries` raises ends the batch; `iter_audit_statuses` gives what was answered before.
        Ctrl-C ends it within 100 ms and drops what is under way.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        queries = hide(queries)
        max_concurrency, progress, timeout = conceal(None, max_concurrency, progress, timeout)[1:]
        from ._batch import collect

        return collect(self, queries, max_concurrency, progress, timeout)

    def iter_audit_statuses(
        self,
        queries: Iterable[Query],
        *,
        max_concurrency: int | None = None,
        timeout: float | timedelta | None = None,
    ) -> Generator[AuditResult, None, None]:
        """The same as they complete: each result knows the `index` of its query.

        The input is taken in as there is room for it, so an endless generator works, in memory that
        `max_concurrency` bounds. When it raises, what was taken in is still answered and given, and then its
        exception is raised. It is iterated in this thread: while it lets wait, no result is given.
        Nothing is asked before the first result is. Closing the iterator, or dropping it, drops what is
        under way. When `timeout` is over, no more input is taken.
        """
        queries = hide(queries)
        max_concurrency, timeout = conceal(None, max_concurrency, timeout)[1:]
        from ._batch import iterate

        return iterate(self, queries, max_concurrency, timeout)

    def _finish(self, step: AuditStatus | Step | _Failed, token: Any) -> AuditStatus:
        answer = Answer()
        while isinstance(step, Step):
            try:
                self._report(step.events)
                if step.refresh is not None:
                    answer = ask(token, step)
            except BaseException:
                # Whoever keeps this exception must not keep what other calls wait for.
                step.abandon()
                raise
            step = step.resume(answer.token, answer.problem)
        if isinstance(step, AuditStatus):
            return step
        raise answer.explain(made(*step))

    def close(self) -> None:
        """Closes the idle connections; calls under way end as they would, new ones are refused."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()


class AsyncClient(Configured):
    """The asyncio client: the methods of `Client` as coroutines, usable from any number of event loops.

    Cancelling a call drops its request. Usable with and without `async with`. Picklable as `Client` is.
    """

    __slots__ = ()

    def _load(self) -> None:
        super()._load()
        from . import _loop  # noqa: F401  # with asyncio, which importing this package does not bring

    def get_audit_status(
        self,
        token: str | TokenSource | AsyncTokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, AuditStatus]:
        """As `Client.get_audit_status`, to be awaited. `token` may also be an `AsyncTokenSource`."""
        # A function that returns a coroutine: the frame of one that has not begun would hold the token.
        token, auditid, appid, timeout, max_retries = conceal(token, auditid, appid, timeout, max_retries)
        return self._get_audit_status(token, auditid, appid, timeout, max_retries)

    def get_audit_statuses(
        self,
        queries: Iterable[AsyncQuery] | AsyncIterable[AsyncQuery],
        *,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> Coroutine[Any, Any, AuditBatch]:
        """As `Client.get_audit_statuses`, to be awaited. `queries` may also be an async iterable.

        Cancelling it drops what is under way.
        """
        queries = hide(queries)
        max_concurrency, progress, timeout = conceal(None, max_concurrency, progress, timeout)[1:]
        from ._async_batch import collect

        return collect(self, queries, max_concurrency, progress, timeout)

    def iter_audit_statuses(
        self,
        queries: Iterable[AsyncQuery] | AsyncIterable[AsyncQuery],
        *,
        max_concurrency: int | None = None,
        timeout: float | timedelta | None = None,
    ) -> AsyncGenerator[AuditResult, None]:
        """As `Client.iter_audit_statuses`, for `async for`. `queries` may also be an async iterable.

        An async iterable is iterated by a task of its own, so that it may wait without holding up results.
        """
        queries = hide(queries)
        max_concurrency, timeout = conceal(None, max_concurrency, timeout)[1:]
        from ._async_batch import iterate

        return iterate(self, queries, max_concurrency, timeout)

    async def _get_audit_status(
        self, token: Any, auditid: Any, appid: Any, timeout: Any, max_retries: Any
    ) -> AuditStatus:
        from ._loop import begin

        options = self._options(appid, timeout, max_retries)
        step = await begin(self._engine.aget_audit_status, token, auditid, options)
        answer = Answer()
        while isinstance(step, Step):
            try:
                self._report(step.events)
                if step.refresh is not None:
                    answer = await aask(token, step)
            except BaseException:
                # Whoever keeps this exception must not keep what other calls wait for.
                step.abandon()
                raise
            step = await begin(step.aresume, answer.token, answer.problem)
        if isinstance(step, AuditStatus):
            return step
        raise answer.explain(made(*step))

    async def close(self) -> None:
        """As `Client.close`."""
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
