"""The blocking client. It is thin: the calls themselves run in the native engine that it shares."""

from __future__ import annotations

from ._base_client import BaseClient
from ._call import call
from ._models.diagnostics import Quota, RequestTrace, rid_of
from ._models.screenshot import fetched
from ._native import as_token
from ._wait.polling import DEFAULT as DEFAULT_POLLING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, SupportsIndex

    from typing_extensions import Self

    from ._batch.results import AuditBatch
    from ._batch.run import Progress, Query
    from ._errors.tree import APIError, WxAuditError
    from ._models.screenshot import Screenshot
    from ._native import AuditResult, AuditStatus, LatestAuditStatus, Token
    from ._timeout import Timeout
    from ._token_sources import TokenSource
    from ._wait.clock import Clock
    from ._wait.polling import Polling


class Client(BaseClient):
    """The blocking client. One serves a whole process: all threads, and forked children too.

    Usable with and without `with`. Picklable: configuration only, never a token.
    """

    __slots__ = ()

    def get_audit_status(
        self,
        token: str | Token | TokenSource,
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
        from ._batch.sync import collect

        return collect(self._session, queries, max_concurrency, progress, timeout)

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
        """The review status of what the mini program of `token` submitted last, with what it was.

        Keywords and errors as for `get_audit_status`; `AuditNotFoundError` (85058) where nothing was
        submitted, or so little time ago that WeChat does not show it yet.

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
        """Asks again and again while the review is pending, and returns the first status that is not.

        A rejection, a withdrawal and a state unknown today are returned, not raised.

        - `timeout`: the longest time to wait, in seconds or as `timedelta`, from a millisecond on; `None` for
          no end.
        - `polling`: how often to ask. It asks at once, and a last time when `timeout` is over; not closer
          than `polling.minimum`, so with a shorter `timeout` only once. Each poll is one `get_audit_status`
          with the client's own `timeout` and `max_retries`, which the last one may need in addition.
        - `on_poll`: called after each poll, with the status or with the error that does not end the wait.
          What it raises is logged and ends nothing.
        - `clock`: in place of the system's time, for tests: see `Clock`.
        - `token`, `auditid`, `appid`: as for `get_audit_status`. A token does not live as long as a review:
          give a `TokenSource`.

        Raises `WaitTimeout` when `timeout` is over: its `last` is the status seen last, `attempts` the number
        of polls, and `__cause__` the error where the last poll failed. Of the errors of `get_audit_status`,
        those that pass are waited out, up to `polling.max_failures` in a row: the `retryable` ones, an
        answer that is not WeChat's (`DecodeError`), and a token source that failed (`TokenError` without an
        errcode). A `QuotaError` is waited for until some seconds after its `retry_at`, or raised at once
        where that is beyond `timeout`. All others are raised at once.
        """
        token = as_token(token)
        from ._wait.plan import Wait
        from ._wait.sync import wait_for_one

        waiting = Wait(self._session, timeout, polling, on_poll, clock)
        return wait_for_one(lambda: self.get_audit_status(token, auditid, appid=appid), waiting)

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
        """The same for many audits: gives a result for each as it is decided, with the `index` of its query.

        - `queries`, `max_concurrency`: as for `get_audit_statuses`; the input has to end, and is taken in as
          a whole before the first poll.
        - other keywords as for `wait_for_decision`; `timeout` is for all of them together.

        Nothing is raised for a single query: its result has the error that `wait_for_decision` would raise,
        `WaitTimeout` for those that are still pending at the end. `attempts` of a result counts requests.

        The polls are spread: the first ones in rounds of equal size over `polling.initial` (few audits: one a
        second), the last ones likewise before the end. At most once a second those that are due are asked
        together, never more than in a first round. Nothing is asked while the caller works on a result; what
        is late by then is asked bit by bit. Ctrl-C ends it within 100 ms; closing or dropping the iterator
        drops what is under way.
        """
        from ._wait.plan import BatchWait
        from ._wait.sync import wait_for_many

        waiting = BatchWait(self._session, queries, timeout, polling, on_poll, max_concurrency, clock)
        return wait_for_many(
            lambda queries: self.iter_audit_statuses(queries, max_concurrency=waiting.concurrency), waiting
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
        """The picture behind one of `AuditStatus.screenshots`.

        - `token`: of the mini program that owns the audit: with another one WeChat knows no such `media_id`
          (40007).
        - other keywords and errors as for `get_audit_status`; `DecodeError` for what is no picture, or has
          more than 20 MiB.

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
        """The pictures of an audit, or behind several `media_id`s, in their order.

        - `appid`: as for `get_audit_status`; by default that of the audit, where one is given.
        - `max_concurrency`: pictures under way at once, at most the client's; 8 by default, since each may
          have 20 MiB.
        - `progress`, `timeout`: as for `get_audit_statuses`.

        Raises the first error that there was, once all have been asked for: its message names the `media_id`
        that failed, and its attribute `screenshots` is the tuple of those that came.
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
        """What WeChat saw of a request, by the `rid` in its errmsg; it keeps them for 7 days.

        - `token`: of the same account that made the request.
        - `rid_or_error`: a rid, or an `APIError` that has one.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (openapi/rid/get)
        """
        token = as_token(token)
        rid = rid_of(rid_or_error)
        return RequestTrace.from_response(self._call("explain", token, rid, appid, timeout, max_retries))

    def quota(
        self,
        token: str | Token | TokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Quota:
        """How often `get_audit_status` may be called for the mini program of `token`, and was today.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (openapi/quota/get)
        """
        token = as_token(token)
        return Quota.from_response(self._call("quota", token, None, appid, timeout, max_retries))

    def _call(self, operation: str, token: Any, subject: Any, *options: Any) -> Any:
        return call(self._session, operation, token, subject, *options)

    def close(self) -> None:
        """Closes the idle connections; calls under way end as they would, new ones are refused."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.close()
