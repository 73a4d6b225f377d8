"""The asyncio client: the methods of the blocking one, in the same order."""

from __future__ import annotations

from ._base_client import BaseClient
from ._models.diagnostics import Quota, RequestTrace, rid_of
from ._models.screenshot import fetched
from ._native import Secret, Step, conceal, hide
from ._observability.dispatch import NO_LISTENERS
from ._token_sources import NO_SOURCE, afetch_token
from ._wait.polling import DEFAULT as DEFAULT_POLLING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterable,
        Callable,
        Coroutine,
        Iterable,
    )
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, SupportsIndex, TypeVar

    from typing_extensions import Self

    from ._batch.results import AuditBatch
    from ._batch.run import AsyncQuery, Progress
    from ._errors.tree import APIError, WxAuditError
    from ._models.screenshot import Screenshot
    from ._native import AuditResult, AuditStatus, LatestAuditStatus
    from ._timeout import Timeout
    from ._token_sources import AsyncTokenSource, TokenSource
    from ._wait.clock import Clock
    from ._wait.polling import Polling

    _Made = TypeVar("_Made")


_result_of: Callable[..., Coroutine[Any, Any, Any]]


class AsyncClient(BaseClient):
    """The asyncio client: the methods of `Client` as coroutines, usable from any number of event loops.

    Cancelling a call drops its request. Usable with and without `async with`. Picklable as `Client` is.
    """

    __slots__ = ()

    _asynchronous = True

    def _load(self) -> None:
        # With asyncio, which importing this package does not bring; nor is it looked for in each call.
        global _result_of
        super()._load()
        from ._loop import result_of as _result_of

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
        return self._call("get_audit_status", token, auditid, appid, timeout, max_retries)

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
        from ._batch.asyncio import collect

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
        from ._batch.asyncio import iterate

        return iterate(self, queries, max_concurrency, timeout)

    def get_latest_audit_status(
        self,
        token: str | TokenSource | AsyncTokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, LatestAuditStatus]:
        """As `Client.get_latest_audit_status`, to be awaited."""
        token, appid, timeout, max_retries = conceal(token, appid, timeout, max_retries)
        return self._call("get_latest_audit_status", token, None, appid, timeout, max_retries)

    def wait_for_decision(
        self,
        token: str | TokenSource | AsyncTokenSource,
        auditid: SupportsIndex | str,
        *,
        timeout: float | timedelta | None,
        polling: Polling = DEFAULT_POLLING,
        on_poll: Callable[[AuditStatus | WxAuditError], object] | None = None,
        appid: str | None = None,
        clock: Clock | None = None,
    ) -> Coroutine[Any, Any, AuditStatus]:
        """As `Client.wait_for_decision`, to be awaited. `on_poll` may also be a coroutine function."""
        token, auditid, appid, timeout, polling, on_poll, clock = conceal(
            token, auditid, appid, timeout, polling, on_poll, clock
        )
        from ._wait.asyncio import wait_for_one
        from ._wait.plan import Wait

        waiting = Wait(self, timeout, polling, on_poll, clock)
        return wait_for_one(self, token, auditid, appid, waiting)

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
        queries = hide(queries)
        timeout, polling, on_poll, max_concurrency, clock = conceal(
            None, timeout, polling, on_poll, max_concurrency, clock
        )[1:]
        from ._wait.asyncio import wait_for_many
        from ._wait.plan import BatchWait

        waiting = BatchWait(self, queries, timeout, polling, on_poll, max_concurrency, clock)
        return wait_for_many(self, waiting)

    def get_screenshot(
        self,
        token: str | TokenSource | AsyncTokenSource,
        media_id: str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, Screenshot]:
        """As `Client.get_screenshot`, to be awaited."""
        token, media_id, appid, timeout, max_retries = conceal(token, media_id, appid, timeout, max_retries)
        return self._made(
            lambda found: fetched(*found), "get_screenshot", token, media_id, appid, timeout, max_retries
        )

    def get_screenshots(
        self,
        token: str | TokenSource | AsyncTokenSource,
        audit_or_media_ids: AuditStatus | Iterable[str],
        *,
        appid: str | None = None,
        max_concurrency: int | None = None,
        progress: Progress = None,
        timeout: float | timedelta | None = None,
    ) -> Coroutine[Any, Any, list[Screenshot]]:
        """As `Client.get_screenshots`, to be awaited."""
        token, audit_or_media_ids, appid = conceal(token, hide(audit_or_media_ids), appid)
        max_concurrency, progress, timeout = conceal(None, max_concurrency, progress, timeout)[1:]
        from ._batch.asyncio import collect_screenshots

        return collect_screenshots(self, token, audit_or_media_ids, appid, max_concurrency, progress, timeout)

    def explain(
        self,
        token: str | TokenSource | AsyncTokenSource,
        rid_or_error: str | APIError,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, RequestTrace]:
        """As `Client.explain`, to be awaited."""
        token, rid_or_error, appid, timeout, max_retries = conceal(
            token, rid_or_error, appid, timeout, max_retries
        )
        rid = rid_of(rid_or_error)
        return self._made(RequestTrace.from_response, "explain", token, rid, appid, timeout, max_retries)

    def quota(
        self,
        token: str | TokenSource | AsyncTokenSource,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, Quota]:
        """As `Client.quota`, to be awaited."""
        token, appid, timeout, max_retries = conceal(token, appid, timeout, max_retries)
        return self._made(Quota.from_response, "quota", token, None, appid, timeout, max_retries)

    async def _call(
        self, operation: str, token: Any, subject: Any, appid: Any, timeout: Any, max_retries: Any
    ) -> Any:
        dispatcher = self._dispatcher()
        if dispatcher is NO_LISTENERS and isinstance(token, Secret):
            # Nothing is said on the way.
            options = self._options(appid, timeout, max_retries, False)
            return NO_SOURCE.outcome(await _result_of(self._engine.acall, operation, token, subject, options))
        with dispatcher:
            options = self._options(appid, timeout, max_retries, bool(dispatcher))
            step = await _result_of(self._engine.acall, operation, token, subject, options)
            answer = NO_SOURCE
            while isinstance(step, Step):
                try:
                    dispatcher.on_event(step.events)
                    if step.refresh is not None:
                        answer = await afetch_token(token, step)
                except BaseException:
                    # Whoever keeps this exception must not keep what other calls wait for.
                    step.abandon()
                    raise
                step = await _result_of(step.aresume, answer.token, answer.problem)
            return answer.outcome(step)

    async def _made(self, make: Callable[[Any], _Made], *call: Any) -> _Made:
        # The call begins in here: a task that is cancelled before it runs leaves no coroutine unawaited.
        return make(await self._call(*call))

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
