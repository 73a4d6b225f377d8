"""Every callback of a call, a batch or a wait, struck by a signal whose handler raises."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

import wxaudit
from support.client_kind import ClientKind
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class SoftLimitError(Exception):
    """What the handler raises: an `Exception`, as `SoftTimeLimitExceeded` of Celery and billiard is."""


def strike(*_: object) -> None:
    """Lets the signal come now."""
    signal.raise_signal(signal.SIGUSR1)


@contextmanager
def handled_by(handler: Any) -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def raise_soft_limit(_signum: int, _frame: Any) -> NoReturn:
    raise SoftLimitError


class Asked:
    """A client of one kind, and what its calls need."""

    def __init__(self, kind: ClientKind, fake: FakeWeChat, strike: Callable[..., None]) -> None:
        self.kind, self.fake, self.strike = kind, fake, strike
        self.token, self.auditid = fake.token(), fake.submit().auditid
        self.caller = kind.client(fake)

    def source(self) -> Any:
        source = self.kind.token_source(lambda _: self.strike() or self.token)
        source.same_thread = True
        return source

    def blocking_source(self) -> Any:
        """A source without coroutines, for either client."""
        source = ClientKind("blocking").token_source(lambda _: self.strike() or self.token)
        source.same_thread = True
        return source

    def queries(self) -> list[tuple[str, int]]:
        return [(self.token, self.auditid)] * 4


def call_with_a_source(asked: Asked) -> None:
    asked.caller.get_audit_status(asked.source(), asked.auditid)


def call_with_a_source_of_the_same_thread(asked: Asked) -> None:
    asked.caller.get_audit_status(asked.blocking_source(), asked.auditid)


def refresh_of_a_source(asked: Asked) -> None:
    asked.fake.expire(asked.token)

    def get_token(refresh: bool) -> str:
        if refresh:
            asked.strike()
        return asked.token

    source = asked.kind.token_source(get_token)
    source.same_thread = True
    asked.caller.get_audit_status(source, asked.auditid)


def batch_with_a_source(asked: Asked) -> None:
    asked.caller.get_audit_statuses([(asked.source(), asked.auditid)])


def iteration_with_a_source(asked: Asked) -> None:
    list(asked.caller.iter_audit_statuses([(asked.source(), asked.auditid)]))


def on_event_of_a_call(asked: Asked) -> None:
    asked.kind.client(asked.fake, on_event=asked.strike).get_audit_status(asked.token, asked.auditid)


def on_event_of_a_batch(asked: Asked) -> None:
    asked.kind.client(asked.fake, on_event=asked.strike).get_audit_statuses(asked.queries())


def filter_of_the_log(asked: Asked) -> None:
    logger = logging.getLogger("wxaudit")
    level = logger.level

    def notice(_: object) -> bool:
        asked.strike()
        return True

    logger.setLevel(logging.DEBUG)
    logger.addFilter(notice)
    try:
        asked.caller.get_audit_status(asked.token, asked.auditid)
    finally:
        logger.removeFilter(notice)
        logger.setLevel(level)


def progress(asked: Asked) -> None:
    asked.caller.get_audit_statuses(asked.queries(), progress=asked.strike)


def on_poll_of_a_wait(asked: Asked) -> None:
    asked.caller.call(
        "wait_for_decision",
        asked.token,
        asked.auditid,
        timeout=3600,
        on_poll=asked.strike,
        clock=asked.fake.clock,
    )


def on_poll_of_waits(asked: Asked) -> None:
    method = asked.caller.inner.wait_for_decisions
    results: Any = method(asked.queries(), timeout=3600, on_poll=asked.strike, clock=asked.fake.clock)
    list(results if asked.kind.kind == "blocking" else asked.kind.each(results))


def token_for_of_a_frame(asked: Asked) -> None:
    frame = pd.DataFrame({"auditid": [asked.auditid], "appid": ["wx1"]})
    asked.caller.get_audit_statuses(
        wxaudit.queries_from_frame(frame, lambda _: asked.strike() or asked.token)
    )


def input_of_a_batch(asked: Asked) -> None:
    asked.caller.get_audit_statuses(struck_input(asked))


def input_of_an_iteration(asked: Asked) -> None:
    # Had the input failed by itself, the results of earlier queries would come first, late ones too.
    asked.fake.fail_next(Fault(hold=True))
    for result in asked.caller.iter_audit_statuses(struck_input(asked)):
        assert result.ok


def struck_input(asked: Asked) -> Iterator[tuple[str, int]]:
    yield from asked.queries()
    asked.strike()


def number_in_a_query(asked: Asked) -> None:
    class Number:
        def __index__(self) -> int:
            asked.strike()
            return asked.auditid

    asked.caller.get_audit_statuses([(asked.token, Number())])


def async_input_of_a_batch(asked: Asked) -> None:
    asked.caller.get_audit_statuses(struck_async_input(asked))


def async_input_of_an_iteration(asked: Asked) -> None:
    list(asked.caller.iter_audit_statuses(struck_async_input(asked)))


async def struck_async_input(asked: Asked) -> AsyncIterator[tuple[str, int]]:
    for query in asked.queries():
        yield query
    await asyncio.sleep(0)
    asked.strike()


def async_on_poll_of_a_wait(asked: Asked) -> None:
    async def on_poll(_: object) -> None:
        await asyncio.sleep(0)
        asked.strike()

    asked.caller.call(
        "wait_for_decision",
        asked.token,
        asked.auditid,
        timeout=3600,
        on_poll=on_poll,
        clock=asked.fake.clock,
    )


PLACES = [
    call_with_a_source,
    call_with_a_source_of_the_same_thread,
    refresh_of_a_source,
    batch_with_a_source,
    iteration_with_a_source,
    on_event_of_a_call,
    on_event_of_a_batch,
    filter_of_the_log,
    progress,
    on_poll_of_a_wait,
    on_poll_of_waits,
    token_for_of_a_frame,
    input_of_a_batch,
    input_of_an_iteration,
    number_in_a_query,
]
ASYNC_PLACES = [async_input_of_a_batch, async_input_of_an_iteration, async_on_poll_of_a_wait]
