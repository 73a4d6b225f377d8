"""Wait for decisions with asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import aclosing

from .._errors.base import WxAuditError
from .._native import read_query
from .._observability.logging import log_callback_error
from .._signals import raised_by_signal
from .plan import BatchWait, Wait, read_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from typing import Any

    from .._native import AuditQuery, AuditResult, AuditStatus


async def wait_for_one(poll: Callable[[], Coroutine[Any, Any, AuditStatus]], wait: Wait) -> AuditStatus:
    state = wait.begin()
    while True:
        state.asked = await wait.watch.apause(state.due)
        answer: AuditStatus | WxAuditError
        try:
            answer = await poll()
        except WxAuditError as error:
            # It may be stored for days.
            answer = error.with_traceback(None)
        if wait.record(state, answer):
            await _notify(wait, answer)
        if isinstance(state.outcome, WxAuditError):
            raise state.outcome
        if state.outcome is not None:
            return state.outcome


async def wait_for_many(
    ask: Callable[[list[AuditQuery]], AsyncGenerator[AuditResult, None]], wait: BatchWait
) -> AsyncGenerator[AuditResult, None]:
    for refused in wait.begin_with(await _read_all(wait.queries)):
        yield refused
    while wait.is_running:
        await wait.watch.apause(wait.due)
        indexes, queries = wait.take()
        async with aclosing(ask(queries)) as results:
            async for result in results:
                answer, notify, ended = wait.note(indexes[result.index], result)
                if notify:
                    await _notify(wait, answer)
                if ended is not None:
                    yield ended


async def _notify(wait: Wait, answer: AuditStatus | WxAuditError) -> None:
    try:
        if wait.on_poll is not None:
            awaitable = wait.on_poll(answer)
            if hasattr(awaitable, "__await__"):
                await awaitable
    except Exception as error:
        if raised_by_signal(error):
            raise
        log_callback_error("on_poll raised; the wait goes on")


async def _read_all(queries: Any) -> Any:
    if not isinstance(queries, AsyncIterable):
        return read_all(queries)
    iterator, read = aiter(queries), []
    try:
        while True:
            # Without a variable for the item: a traceback with locals would show a token in it.
            read.append(read_query(await anext(iterator)))
    except StopAsyncIteration:
        return read
