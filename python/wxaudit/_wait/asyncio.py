"""Waiting for decisions: the asyncio form."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import aclosing

from .._errors.base import WxAuditError
from .._native import read_query
from .._observability.logging import log_callback_error
from .plan import BatchWait, Wait, read_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from typing import Any

    from .._native import AuditQuery, AuditResult, AuditStatus


async def wait_for_one(poll: Callable[[], Coroutine[Any, Any, AuditStatus]], waiting: Wait) -> AuditStatus:
    wait = waiting.begin()
    while True:
        wait.asked = await waiting.watch.apause(wait.due)
        seen: AuditStatus | WxAuditError
        try:
            seen = await poll()
        except WxAuditError as error:
            # It may be kept for days.
            seen = error.with_traceback(None)
        if waiting.record(wait, seen):
            await _tell(waiting, seen)
        if isinstance(wait.outcome, WxAuditError):
            raise wait.outcome
        if wait.outcome is not None:
            return wait.outcome


async def wait_for_many(
    ask: Callable[[list[AuditQuery]], AsyncGenerator[AuditResult, None]], waiting: BatchWait
) -> AsyncGenerator[AuditResult, None]:
    for refused in waiting.begin_with(await _read_all(waiting.given)):
        yield refused
    while waiting.goes_on:
        await waiting.watch.apause(waiting.due)
        asked, queries = waiting.take()
        async with aclosing(ask(queries)) as answers:
            async for answer in answers:
                seen, tell, ended = waiting.note(asked[answer.index], answer)
                if tell:
                    await _tell(waiting, seen)
                if ended is not None:
                    yield ended


async def _tell(waiting: Wait, seen: AuditStatus | WxAuditError) -> None:
    try:
        if waiting.on_poll is not None:
            told = waiting.on_poll(seen)
            if hasattr(told, "__await__"):
                await told
    except Exception:
        log_callback_error("on_poll raised; the wait goes on")


async def _read_all(queries: Any) -> Any:
    if not isinstance(queries, AsyncIterable):
        return read_all(queries)
    given, found = aiter(queries), []
    try:
        while True:
            found.append(read_query(await anext(given)))
    except StopAsyncIteration:
        return found
