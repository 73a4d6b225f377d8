"""Wait for decisions, blocking."""

from __future__ import annotations

from contextlib import closing

from .._errors.base import WxAuditError
from .._observability.logging import log_callback_error
from .._signals import raised_by_signal
from .plan import BatchWait, Wait, read_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .._native import AuditQuery, AuditResult, AuditStatus


def wait_for_one(poll: Callable[[], AuditStatus], wait: Wait) -> AuditStatus:
    state = wait.begin()
    while True:
        state.asked = wait.watch.pause(state.due)
        answer: AuditStatus | WxAuditError
        try:
            answer = poll()
        except WxAuditError as error:
            # It may be stored for days.
            answer = error.with_traceback(None)
        if wait.record(state, answer):
            _notify(wait, answer)
        if isinstance(state.outcome, WxAuditError):
            raise state.outcome
        if state.outcome is not None:
            return state.outcome


def wait_for_many(
    ask: Callable[[list[AuditQuery]], Generator[AuditResult, None, None]], wait: BatchWait
) -> Generator[AuditResult, None, None]:
    yield from wait.begin_with(read_all(wait.queries))
    while wait.is_running:
        wait.watch.pause(wait.due)
        indexes, queries = wait.take()
        with closing(ask(queries)) as results:
            for result in results:
                answer, notify, ended = wait.note(indexes[result.index], result)
                if notify:
                    _notify(wait, answer)
                if ended is not None:
                    yield ended


def _notify(wait: Wait, answer: AuditStatus | WxAuditError) -> None:
    try:
        if wait.on_poll is not None:
            wait.on_poll(answer)
    except Exception as error:
        if raised_by_signal(error):
            raise
        log_callback_error("on_poll raised; the wait goes on")
