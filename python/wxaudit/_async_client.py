"""The asyncio client, with the methods of the blocking one in the same order."""

from __future__ import annotations

from ._base_client import BaseClient
from ._models.diagnostics import quota_from, rid_of, trace_from
from ._models.screenshot import fetched
from ._native import as_token
from ._wait.polling import DEFAULT as DEFAULT_POLLING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterable
    from datetime import timedelta
    from typing import Any, SupportsIndex

    from typing_extensions import Self

    from ._batch.results import AuditBatch
    from ._batch.run import AsyncQuery, Progress
    from ._errors.tree import APIError, WxAuditError
    from ._models.diagnostics import Quota, RequestTrace
    from ._models.screenshot import Screenshot
    from ._native import AuditResult, AuditStatus, LatestAuditStatus, Token
    from ._timeout import Timeout
    from ._token_sources import AsyncTokenSource, TokenSource
    from ._wait.clock import Clock
    from ._wait.polling import Polling


_acall: Callable[..., Coroutine[Any, Any, Any]]


class AsyncClient(BaseClient):
    """The asyncio client: the methods of `Client` as coroutines, usable from any number of event loops.

    Cancelling a call drops its request. Works with and without `async with`. Pickles as `Client` does.
    """

    __slots__ = ()

    def _load(self) -> None:
        # Here, since it imports asyncio, which `import wxaudit` and each single call should not.
        global _acall
        super()._load()
        from ._async_call import acall as _acall
        from ._batch import asyncio as _batch  # noqa: F401  # only loaded
        from ._wait import asyncio as _wait  # noqa: F401  # only loaded

    async def get_audit_status(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> AuditStatus:
        """The current review status of one audit.

        - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource`
          or `AsyncTokenSource`.
        - `auditid`: the number that `submit_audit` returned, as an int or a string of decimal digits.
        - `appid`: a label for the result and for errors. It also identifies whose quota the call uses.
        - `timeout`, `max_retries`: replace the client's for this call.

        Raises `ArgumentError` before a request is sent; `TransportError`, `RequestTimeout`, `HTTPStatusError`
        or `DecodeError` without a usable answer; an `APIError` for an errcode of WeChat. Cancelling drops the
        request.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        token = as_token(token)
        audit: AuditStatus = await _acall(
            self._session, "get_audit_status", token, auditid, appid, timeout, max_retries
        )
        return audit

    async def get_audit_statuses(
        self,
        queries: Iterable[AsyncQuery] | AsyncIterable[AsyncQuery],
        *,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> AuditBatch:
        """The review status of many audits: one result for each query, in the order of the input.

        - `queries`: an iterable or async iterable of `AuditQuery`, `(token, auditid)` or
          `(token, auditid, appid)`, with arguments as for `get_audit_status`. A float is valid as an auditid
          if it is whole, as pandas may produce it.
        - `max_concurrency`: requests in flight at once; at most the client's, which is the default.
        - `progress`: `True` shows a tqdm bar (extra `notebook`). A callable gets the number of results and of
          queries, `None` if that is unknown. Exceptions that it raises are logged and do not end the batch.
        - `timeout`: limit of the whole batch, in seconds or as `timedelta`; none by default. Unfinished
          queries get a `RequestTimeout`. The client's `timeout` and `max_retries` apply to each query.

        An error of one query is not raised but stored in its result; for a malformed query it is an
        `ArgumentError`. Calls of one token source share its token for up to a minute, and share a refresh. An
        exhausted quota (45009, 45011) stops only the queries of its appid, or of its token without an appid.

        `ArgumentError` for wrong `queries` and keywords; an exception of the iterable ends the batch.
        Cancelling drops the requests in flight.
        """
        from ._batch.asyncio import collect

        return await collect(self._session, queries, max_concurrency, progress, timeout)

    def iter_audit_statuses(
        self,
        queries: Iterable[AsyncQuery] | AsyncIterable[AsyncQuery],
        *,
        max_concurrency: int | None = None,
        timeout: float | timedelta | None = None,
    ) -> AsyncGenerator[AuditResult, None]:
        """As `get_audit_statuses`, but for `async for`: yields results as they complete.

        - `queries`, `max_concurrency`, `timeout`: as for `get_audit_statuses`. Queries are read on demand, so
          the input may be endless. A separate task reads an async iterable, so that results are not delayed.

        `index` of a result tells its query. After the input raises, the results of earlier queries are
        yielded first, then its exception is raised. Closing the iterator drops the requests in flight.
        """
        from ._batch.asyncio import iterate

        return iterate(self._session, queries, max_concurrency, timeout)

    async def get_latest_audit_status(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> LatestAuditStatus:
        """The review status and metadata of the latest submission of the mini program that owns `token`.

        - `token`, `appid`, `timeout`, `max_retries`: as for `get_audit_status`.

        Errors as for `get_audit_status`. `AuditNotFoundError` (85058) if there is no submission, or if WeChat
        does not show a recent one yet.
        """
        token = as_token(token)
        latest: LatestAuditStatus = await _acall(
            self._session, "get_latest_audit_status", token, None, appid, timeout, max_retries
        )
        return latest

    async def wait_for_decision(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        auditid: SupportsIndex | str,
        *,
        timeout: float | timedelta | None,
        polling: Polling = DEFAULT_POLLING,
        on_poll: Callable[[AuditStatus | WxAuditError], object] | None = None,
        appid: str | None = None,
        clock: Clock | None = None,
    ) -> AuditStatus:
        """Polls while the review is pending, and returns the first status that is not.

        Rejections, withdrawals and unknown states are returned, not raised.

        - `token`, `auditid`, `appid`: as for `get_audit_status`. Tokens expire before reviews end: pass a
          source.
        - `timeout`: the longest time to wait, in seconds (at least 0.001) or as `timedelta`; `None` for no
          limit.
        - `polling`: the intervals. The first poll is immediate and the last one at the end of `timeout`, at
          least `polling.minimum` apart. Each poll is one `get_audit_status` with the client's `timeout` and
          `max_retries`, so that the last one may end after `timeout`.
        - `on_poll`: a function or coroutine function that is called after each poll with the status, or with
          an error that does not end the wait. Exceptions that it raises are logged.
        - `clock`: replaces the system's time in tests: see `Clock`.

        Raises `WaitTimeout` after `timeout`: `last` is the latest status, `attempts` the number of polls, and
        `__cause__` the error of the last poll if it failed. Up to `polling.max_failures` consecutive
        transient errors are tolerated: `retryable` ones, `DecodeError`, and `TokenError` without an errcode
        (a token source failed). After a `QuotaError` the next poll follows some seconds after its `retry_at`.
        A `QuotaError` whose `retry_at` is beyond `timeout`, and any other error, is raised at once.
        """
        token = as_token(token)
        from ._wait.asyncio import wait_for_one
        from ._wait.plan import Wait

        wait = Wait(self._session, timeout, polling, on_poll, clock, asynchronous=True)
        return await wait_for_one(lambda: self.get_audit_status(token, auditid, appid=appid), wait)

    def wait_for_decisions(
        self,
        queries: Iterable[AsyncQuery] | AsyncIterable[AsyncQuery],
        *,
        timeout: float | timedelta | None,
        polling: Polling = DEFAULT_POLLING,
        on_poll: Callable[[AuditStatus | WxAuditError], object] | None = None,
        max_concurrency: int | None = None,
        clock: Clock | None = None,
    ) -> AsyncGenerator[AuditResult, None]:
        """As `wait_for_decision` for many audits, for `async for`: yields each result once decided.

        - `queries`, `max_concurrency`: as for `get_audit_statuses`. All queries are read before the first
          poll.
        - `timeout`, `polling`, `on_poll`, `clock`: as for `wait_for_decision`; `timeout` applies to all
          audits together.

        An error of one query is not raised but stored in its result; it is the one that `wait_for_decision`
        would raise, such as `WaitTimeout` for a pending audit. `attempts` of a result counts requests. First
        polls are spread over `polling.initial` (for few audits, one a second), and last polls before the end.
        Closing the iterator drops the requests in flight.
        """
        from ._wait.asyncio import wait_for_many
        from ._wait.plan import BatchWait

        wait = BatchWait(
            self._session, queries, max_concurrency, timeout, polling, on_poll, clock, asynchronous=True
        )
        return wait_for_many(
            lambda queries: self.iter_audit_statuses(queries, max_concurrency=wait.concurrency), wait
        )

    async def get_screenshot(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        media_id: str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Screenshot:
        """The image of one `media_id` in `AuditStatus.screenshots`.

        - `token`: of the mini program that owns the audit; for another one WeChat does not know the
          `media_id` (40007).
        - `appid`, `timeout`, `max_retries`: as for `get_audit_status`.

        Errors as for `get_audit_status`. `DecodeError` if the answer is not an image or exceeds 20 MiB.
        """
        token = as_token(token)
        return fetched(
            *await _acall(self._session, "get_screenshot", token, media_id, appid, timeout, max_retries)
        )

    async def get_screenshots(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        audit_or_media_ids: AuditStatus | Iterable[str],
        *,
        appid: str | None = None,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> list[Screenshot]:
        """The images of an audit or of several `media_id`s (`audit_or_media_ids`), in their order.

        - `token`, `appid`: as for `get_screenshot`; `appid` is by default that of the audit.
        - `max_concurrency`: at most the client's; 8 by default, since an image may have 20 MiB.
        - `progress`, `timeout`: as for `get_audit_statuses`.

        Raises the first error after all requests have ended. Its message names the `media_id` that failed,
        and its attribute `screenshots` is a tuple of the images that arrived.
        """
        token = as_token(token)
        from ._batch.asyncio import collect_screenshots

        return await collect_screenshots(
            self._session, token, audit_or_media_ids, appid, max_concurrency, progress, timeout
        )

    async def explain(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        rid_or_error: str | APIError,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> RequestTrace:
        """WeChat's record of a request, by the `rid` in its errmsg. WeChat keeps records for 7 days.

        - `token`: of the account that sent the request.
        - `rid_or_error`: a rid, or an `APIError` with one.
        - `appid`, `timeout`, `max_retries`: as for `get_audit_status`, and so are the errors.
        """
        token = as_token(token)
        rid = rid_of(rid_or_error)
        return trace_from(await _acall(self._session, "explain", token, rid, appid, timeout, max_retries))

    async def quota(
        self,
        token: str | Token | TokenSource | AsyncTokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Quota:
        """Today's limit and use of `get_audit_status` for the mini program that owns `token`.

        - `appid`, `timeout`, `max_retries`: as for `get_audit_status`, and so are the errors.

        If calls remain, this client sends calls with this token or `appid` again that it has kept back since
        45009.
        """
        token = as_token(token)
        return quota_from(await _acall(self._session, "quota", token, None, appid, timeout, max_retries))

    async def unblock_quota(self, *, appid: str | None = None) -> None:
        """Sends calls with `appid`, or all calls, again that this client keeps back since 45009 or 45011.

        For use after the quota was cleared or raised. Nothing is sent: only this client in this process
        forgets the refusals.
        """
        self._session.check_open()
        self._session.engine.unblock_quota(appid)

    async def close(self) -> None:
        """Closes idle connections. Calls in flight complete; new calls raise `RuntimeError`."""
        self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._session.close()
