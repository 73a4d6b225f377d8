"""The blocking client. Its calls run in the native engine."""

from __future__ import annotations

from ._base_client import BaseClient
from ._call import call
from ._models.diagnostics import quota_from, rid_of, trace_from
from ._models.screenshot import fetched
from ._native import as_token
from ._wait.polling import DEFAULT as DEFAULT_POLLING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from datetime import timedelta
    from typing import Any, SupportsIndex

    from typing_extensions import Self

    from ._batch.results import AuditBatch
    from ._batch.run import Progress, Query
    from ._errors.tree import APIError, WxAuditError
    from ._models.diagnostics import Quota, RequestTrace
    from ._models.screenshot import Screenshot
    from ._native import AuditResult, AuditStatus, LatestAuditStatus, Token
    from ._timeout import Timeout
    from ._token_sources import TokenSource
    from ._wait.clock import Clock
    from ._wait.polling import Polling


class Client(BaseClient):
    """The blocking client. One client serves all threads of a process and its forked children.

    Works with and without `with`. Pickles contain its configuration only, never a token.
    """

    __slots__ = ()

    def _load(self) -> None:
        super()._load()
        from ._batch import screenshots as _batch  # noqa: F401  # only loaded
        from ._wait import sync as _wait  # noqa: F401  # only loaded

    def get_audit_status(
        self,
        token: str | Token | TokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> AuditStatus:
        """The current review status of one audit.

        - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource`.
        - `auditid`: the number that `submit_audit` returned, as an int or a string of decimal digits.
        - `appid`: a label for the result and for errors. It also identifies whose quota the call uses.
        - `timeout`, `max_retries`: replace the client's for this call.

        Raises `ArgumentError` before a request is sent; `TransportError`, `RequestTimeout`, `HTTPStatusError`
        or `DecodeError` without a usable answer; an `APIError` for an errcode of WeChat. The call releases
        the GIL. Ctrl-C ends it within 100 ms.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        token = as_token(token)
        audit: AuditStatus = self._call("get_audit_status", token, auditid, appid, timeout, max_retries)
        return audit

    def get_audit_statuses(
        self,
        queries: Iterable[Query],
        *,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> AuditBatch:
        """The review status of many audits: one result for each query, in the order of the input.

        - `queries`: an iterable of `AuditQuery`, `(token, auditid)` or `(token, auditid, appid)`, with
          arguments as for `get_audit_status`. A float is valid as an auditid if it is whole, as pandas may
          produce it.
        - `max_concurrency`: requests in flight at once; at most the client's, which is the default.
        - `progress`: `True` shows a tqdm bar (extra `notebook`). A callable gets the number of results and of
          queries, `None` if that is unknown. Exceptions that it raises are logged and do not end the batch.
        - `timeout`: limit of the whole batch, in seconds or as `timedelta`; none by default. Unfinished
          queries get a `RequestTimeout`. The client's `timeout` and `max_retries` apply to each query.

        An error of one query is not raised but stored in its result; for a malformed query it is an
        `ArgumentError`. Calls of one token source share its token for up to a minute, and share a refresh. An
        exhausted quota (45009, 45011) stops only the queries of its appid, or of its token without an appid.
        Queries that can wait for their quota within the client's `timeout` do not delay others.

        An exception of the iterable ends the batch; `iter_audit_statuses` yields the earlier results first.
        Ctrl-C ends it within 100 ms and drops the requests in flight.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        from ._batch.sync import collect

        return collect(self._session, queries, max_concurrency, progress, timeout)

    def iter_audit_statuses(
        self,
        queries: Iterable[Query],
        *,
        max_concurrency: int | None = None,
        timeout: float | timedelta | None = None,
    ) -> Generator[AuditResult, None, None]:
        """As `get_audit_statuses`, but yields results as they complete; `index` tells the query of each.

        Queries are read on demand, so the input may be endless; `max_concurrency` bounds the memory. No
        request is sent before the first result is requested. The input is iterated in this thread: while it
        blocks, no result is yielded. After it raises, the results of earlier queries are yielded first, then
        its exception is raised. Closing or dropping the iterator drops the requests in flight. After
        `timeout`, no more input is read.
        """
        from ._batch.sync import iterate

        return iterate(self._session, queries, max_concurrency, timeout)

    def get_latest_audit_status(
        self,
        token: str | Token | TokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> LatestAuditStatus:
        """The review status and metadata of the latest submission of the mini program that owns `token`.

        Keywords and errors as for `get_audit_status`. `AuditNotFoundError` (85058) if there is no submission,
        or if WeChat does not show a recent one yet.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getlatestauditstatus)
        """
        token = as_token(token)
        latest: LatestAuditStatus = self._call(
            "get_latest_audit_status", token, None, appid, timeout, max_retries
        )
        return latest

    def wait_for_decision(
        self,
        token: str | Token | TokenSource,
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

        - `timeout`: the longest time to wait, in seconds (at least 0.001) or as `timedelta`; `None` for no
          limit.
        - `polling`: the intervals. The first poll is immediate and the last one at the end of `timeout`, at
          least `polling.minimum` apart; a shorter `timeout` permits only one. Each poll is one
          `get_audit_status` with the client's `timeout` and `max_retries`, so that the last one may end after
          `timeout`.
        - `on_poll`: called after each poll with the status, or with an error that does not end the wait.
          Exceptions that it raises are logged and do not end the wait.
        - `clock`: replaces the system's time in tests: see `Clock`.
        - `token`, `auditid`, `appid`: as for `get_audit_status`. Tokens expire before reviews end: pass a
          `TokenSource`.

        Raises `WaitTimeout` after `timeout`: `last` is the latest status, `attempts` the number of polls, and
        `__cause__` the error of the last poll if it failed. Up to `polling.max_failures` consecutive
        transient errors are tolerated: `retryable` ones, `DecodeError`, and `TokenError` without an errcode
        (a token source failed). After a `QuotaError` the next poll follows some seconds after its `retry_at`.
        A `QuotaError` whose `retry_at` is beyond `timeout`, and any other error, is raised at once.
        """
        token = as_token(token)
        from ._wait.plan import Wait
        from ._wait.sync import wait_for_one

        wait = Wait(self._session, timeout, polling, on_poll, clock)
        return wait_for_one(lambda: self.get_audit_status(token, auditid, appid=appid), wait)

    def wait_for_decisions(
        self,
        queries: Iterable[Query],
        *,
        timeout: float | timedelta | None,
        polling: Polling = DEFAULT_POLLING,
        on_poll: Callable[[AuditStatus | WxAuditError], object] | None = None,
        max_concurrency: int | None = None,
        clock: Clock | None = None,
    ) -> Generator[AuditResult, None, None]:
        """As `wait_for_decision` for many audits: yields each result once decided; `index` tells its query.

        - `queries`, `max_concurrency`: as for `get_audit_statuses`. All queries are read before the first
          poll.
        - Other keywords as for `wait_for_decision`; `timeout` applies to all audits together.

        An error of one query is not raised but stored in its result; it is the one that `wait_for_decision`
        would raise, such as `WaitTimeout` for a pending audit. `attempts` of a result counts requests.

        First polls form rounds of equal size over `polling.initial` (for few audits, one a second); last
        polls form rounds before the end. Later rounds are at least a second apart and not larger than a first
        round. No poll is sent while the caller handles a result; overdue polls are spread over the following
        rounds. Ctrl-C ends the wait within 100 ms. Closing or dropping the iterator drops the requests in
        flight.
        """
        from ._wait.plan import BatchWait
        from ._wait.sync import wait_for_many

        wait = BatchWait(self._session, queries, max_concurrency, timeout, polling, on_poll, clock)
        return wait_for_many(
            lambda queries: self.iter_audit_statuses(queries, max_concurrency=wait.concurrency), wait
        )

    def get_screenshot(
        self,
        token: str | Token | TokenSource,
        media_id: str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Screenshot:
        """The image of one `media_id` in `AuditStatus.screenshots`.

        - `token`: of the mini program that owns the audit; for another one WeChat does not know the
          `media_id` (40007).
        - Other keywords and errors as for `get_audit_status`. `DecodeError` if the answer is not an image or
          exceeds 20 MiB.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (get_material)
        """
        token = as_token(token)
        return fetched(*self._call("get_screenshot", token, media_id, appid, timeout, max_retries))

    def get_screenshots(
        self,
        token: str | Token | TokenSource,
        audit_or_media_ids: AuditStatus | Iterable[str],
        *,
        appid: str | None = None,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> list[Screenshot]:
        """The images of an audit or of several `media_id`s, in their order.

        - `appid`: as for `get_audit_status`; by default that of the audit.
        - `max_concurrency`: at most the client's; 8 by default, since an image may have 20 MiB.
        - `progress`, `timeout`: as for `get_audit_statuses`.

        Raises the first error after all requests have ended. Its message names the `media_id` that failed,
        and its attribute `screenshots` is a tuple of the images that arrived.
        """
        token = as_token(token)
        from ._batch.screenshots import collect

        return collect(self._session, token, audit_or_media_ids, appid, max_concurrency, progress, timeout)

    def explain(
        self,
        token: str | Token | TokenSource,
        rid_or_error: str | APIError,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> RequestTrace:
        """WeChat's record of a request, by the `rid` in its errmsg. WeChat keeps records for 7 days.

        - `token`: of the account that sent the request.
        - `rid_or_error`: a rid, or an `APIError` with one.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (openapi/rid/get)
        """
        token = as_token(token)
        rid = rid_of(rid_or_error)
        return trace_from(self._call("explain", token, rid, appid, timeout, max_retries))

    def quota(
        self,
        token: str | Token | TokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Quota:
        """Today's limit and use of `get_audit_status` for the mini program that owns `token`.

        If calls remain, this client sends calls with this token or `appid` again that it has kept back since
        45009.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (openapi/quota/get)
        """
        token = as_token(token)
        return quota_from(self._call("quota", token, None, appid, timeout, max_retries))

    def unblock_quota(self, *, appid: str | None = None) -> None:
        """Sends calls again that this client keeps back since WeChat refused one with 45009 or 45011.

        For use after the quota was cleared (WeChat's clear_quota) or raised. Nothing is sent: only this
        client in this process forgets the refusals, of the calls with that `appid`, or of all calls. A wait
        that has met one polls again at its `retry_at`.
        """
        self._session.check_open()
        self._session.engine.unblock_quota(appid)

    def _call(self, operation: str, token: Any, subject: Any, *options: Any) -> Any:
        return call(self._session, operation, token, subject, *options)

    def close(self) -> None:
        """Closes idle connections. Calls in flight complete; new calls raise `RuntimeError`."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
