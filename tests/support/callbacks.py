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


class CallSetup:
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


def call_with_a_source(setup: CallSetup) -> None:
    setup.caller.get_audit_status(setup.source(), setup.auditid)


def call_with_a_source_of_the_same_thread(setup: CallSetup) -> None:
    setup.caller.get_audit_status(setup.blocking_source(), setup.auditid)


def refresh_of_a_source(setup: CallSetup) -> None:
    setup.fake.expire(setup.token)

    def get_token(refresh: bool) -> str:
        if refresh:
            setup.strike()
        return setup.token

    source = setup.kind.token_source(get_token)
    source.same_thread = True
    setup.caller.get_audit_status(source, setup.auditid)


def batch_with_a_source(setup: CallSetup) -> None:
    setup.caller.get_audit_statuses([(setup.source(), setup.auditid)])


def iteration_with_a_source(setup: CallSetup) -> None:
    list(setup.caller.iter_audit_statuses([(setup.source(), setup.auditid)]))


def on_event_of_a_call(setup: CallSetup) -> None:
    setup.kind.client(setup.fake, on_event=setup.strike).get_audit_status(setup.token, setup.auditid)


def on_event_of_a_batch(setup: CallSetup) -> None:
    setup.kind.client(setup.fake, on_event=setup.strike).get_audit_statuses(setup.queries())


def filter_of_the_log(setup: CallSetup) -> None:
    logger = logging.getLogger("wxaudit")
    level = logger.level

    def notice(_: object) -> bool:
        setup.strike()
        return True

    logger.setLevel(logging.DEBUG)
    logger.addFilter(notice)
    try:
        setup.caller.get_audit_status(setup.token, setup.auditid)
    finally:
        logger.removeFilter(notice)
        logger.setLevel(level)


def progress(setup: CallSetup) -> None:
    setup.caller.get_audit_statuses(setup.queries(), progress=setup.strike)


def on_poll_of_a_wait(setup: CallSetup) -> None:
    setup.caller.call(
        "wait_for_decision",
        setup.token,
        setup.auditid,
        timeout=3600,
        on_poll=setup.strike,
        clock=setup.fake.clock,
    )


def on_poll_of_waits(setup: CallSetup) -> None:
    method = setup.caller.inner.wait_for_decisions
    results: Any = method(setup.queries(), timeout=3600, on_poll=setup.strike, clock=setup.fake.clock)
    list(results if setup.kind.kind == "blocking" else setup.kind.each(results))


def token_for_of_a_frame(setup: CallSetup) -> None:
    frame = pd.DataFrame({"auditid": [setup.auditid], "appid": ["wx1"]})
    setup.caller.get_audit_statuses(
        wxaudit.queries_from_frame(frame, lambda _: setup.strike() or setup.token)
    )


def input_of_a_batch(setup: CallSetup) -> None:
    setup.caller.get_audit_statuses(struck_input(setup))


def input_of_an_iteration(setup: CallSetup) -> None:
    # Had the input failed by itself, the results of earlier queries would come first, late ones too.
    setup.fake.fail_next(Fault(hold=True))
    for result in setup.caller.iter_audit_statuses(struck_input(setup)):
        assert result.ok


def struck_input(setup: CallSetup) -> Iterator[tuple[str, int]]:
    yield from setup.queries()
    setup.strike()


def number_in_a_query(setup: CallSetup) -> None:
    class Number:
        def __index__(self) -> int:
            setup.strike()
            return setup.auditid

    setup.caller.get_audit_statuses([(setup.token, Number())])


def async_input_of_a_batch(setup: CallSetup) -> None:
    setup.caller.get_audit_statuses(struck_async_input(setup))


def async_input_of_an_iteration(setup: CallSetup) -> None:
    list(setup.caller.iter_audit_statuses(struck_async_input(setup)))


async def struck_async_input(setup: CallSetup) -> AsyncIterator[tuple[str, int]]:
    for query in setup.queries():
        yield query
    await asyncio.sleep(0)
    setup.strike()


def async_on_poll_of_a_wait(setup: CallSetup) -> None:
    async def on_poll(_: object) -> None:
        await asyncio.sleep(0)
        setup.strike()

    setup.caller.call(
        "wait_for_decision",
        setup.token,
        setup.auditid,
        timeout=3600,
        on_poll=on_poll,
        clock=setup.fake.clock,
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
