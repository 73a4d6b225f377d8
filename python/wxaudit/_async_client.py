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
        """As `Client.get_audit_status`. `token` may also be an `AsyncTokenSource`."""
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
        """As `Client.get_audit_statuses`. `queries` may also be an async iterable. Cancelling drops the calls
        in flight.
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
        """As `Client.iter_audit_statuses`, for `async for`. `queries` may also be an async iterable. A
        separate task iterates it, so that it does not delay results.
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
        """As `Client.get_latest_audit_status`."""
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
        """As `Client.wait_for_decision`. `on_poll` may also be a coroutine function."""
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
        """As `Client.wait_for_decisions`, for `async for`. `queries` may also be an async iterable, and
        `on_poll` a coroutine function.
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
        """As `Client.get_screenshot`."""
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
        """As `Client.get_screenshots`."""
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
        """As `Client.explain`."""
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
        """As `Client.quota`."""
        token = as_token(token)
        return quota_from(await _acall(self._session, "quota", token, None, appid, timeout, max_retries))

    async def unblock_quota(self, *, appid: str | None = None) -> None:
        """As `Client.unblock_quota`."""
        self._session.check_open()
        self._session.engine.unblock_quota(appid)

    async def close(self) -> None:
        """As `Client.close`."""
        self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._session.close()
