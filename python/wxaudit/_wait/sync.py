"""Waiting for decisions: the blocking form."""

from __future__ import annotations

from contextlib import closing

from .._errors.base import WxAuditError
from .._observability.logging import log_callback_error
from .plan import BatchWait, Wait, read_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .._native import AuditQuery, AuditResult, AuditStatus


def wait_for_one(poll: Callable[[], AuditStatus], waiting: Wait) -> AuditStatus:
    wait = waiting.begin()
    while True:
        wait.asked = waiting.watch.pause(wait.due)
        seen: AuditStatus | WxAuditError
        try:
            seen = poll()
        except WxAuditError as error:
            # It may be kept for days.
            seen = error.with_traceback(None)
        if waiting.record(wait, seen):
            _tell(waiting, seen)
        if isinstance(wait.outcome, WxAuditError):
            raise wait.outcome
        if wait.outcome is not None:
            return wait.outcome


def wait_for_many(
    ask: Callable[[list[AuditQuery]], Generator[AuditResult, None, None]], waiting: BatchWait
) -> Generator[AuditResult, None, None]:
    yield from waiting.begin_with(read_all(waiting.given))
    while waiting.goes_on:
        waiting.watch.pause(waiting.due)
        asked, queries = waiting.take()
        with closing(ask(queries)) as answers:
            for answer in answers:
                seen, tell, ended = waiting.note(asked[answer.index], answer)
                if tell:
                    _tell(waiting, seen)
                if ended is not None:
                    yield ended


def _tell(waiting: Wait, seen: AuditStatus | WxAuditError) -> None:
    try:
        if waiting.on_poll is not None:
            waiting.on_poll(seen)
    except Exception:
        log_callback_error("on_poll raised; the wait goes on")
