"""What a signal handler raises inside of a callback reaches the caller, whatever its class."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
import pytest

import wxaudit
from support.client_kind import ClientKind
from wxaudit.testing import FakeWeChat, Fault

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class SoftLimitError(Exception):
    """What the handler raises: an `Exception`, as `SoftTimeLimitExceeded` of Celery and billiard is."""


class CallbackError(Exception):
    """What a callback raises by itself."""


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


def name_of(value: Any) -> str:
    return str(value.__name__)


@pytest.mark.parametrize(
    "error", [SoftLimitError, TimeoutError, TypeError, wxaudit.ArgumentError], ids=name_of
)
@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_it_reaches_the_caller(
    client_kind: ClientKind, fake: FakeWeChat, place: Callable[[Asked], None], error: type[Exception]
) -> None:
    def handler(*_: object) -> NoReturn:
        raise error("the time is up")

    asked = Asked(client_kind, fake, strike)
    with handled_by(handler), pytest.raises(error, match="the time is up") as raised:
        place(asked)
    assert type(raised.value) is error
    # One that was for a request that was never sent.
    fake.clear_faults()
    answer = asked.caller.get_audit_status(fake.token(), asked.auditid)
    assert answer.auditid == asked.auditid


@pytest.mark.parametrize("place", ASYNC_PLACES, ids=name_of)
def test_it_reaches_the_caller_of_asyncio(fake: FakeWeChat, place: Callable[[Asked], None]) -> None:
    kind = ClientKind("asyncio")
    asked = Asked(kind, fake, strike)
    with handled_by(raise_soft_limit), pytest.raises(SoftLimitError):
        place(asked)
    assert asked.caller.get_audit_status(asked.token, asked.auditid).auditid == asked.auditid
    kind.close()


class Limit:
    """Handlers as programs write them."""

    def method(self, _signum: int, _frame: Any) -> NoReturn:
        raise SoftLimitError

    def __call__(self, *_: object) -> NoReturn:
        raise SoftLimitError

    @staticmethod
    def with_arguments_deleted(signum: int, frame: Any) -> NoReturn:
        del signum, frame
        raise SoftLimitError

    @staticmethod
    def deeper(_signum: int, _frame: Any) -> None:
        raise_soft_limit(0, None)

    @staticmethod
    def taken_off(signum: int, _frame: Any) -> NoReturn:
        signal.signal(signum, signal.SIG_DFL)
        raise SoftLimitError

    @staticmethod
    def with_more(_reason: str, _signum: int, _frame: Any, **_: object) -> NoReturn:
        raise SoftLimitError

    @staticmethod
    def chained(_signum: int, _frame: Any) -> NoReturn:
        try:
            raise CallbackError
        except CallbackError as failure:
            raise SoftLimitError from failure


def logged(handler: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(handler)
    def wrapper(*arguments: Any) -> object:
        return handler(*arguments)

    return wrapper


@pytest.mark.parametrize(
    "handler",
    [
        raise_soft_limit,
        Limit().method,
        Limit(),
        Limit.with_arguments_deleted,
        Limit.deeper,
        Limit.taken_off,
        Limit.chained,
        functools.partial(Limit.with_more, "too long"),
        functools.partial(functools.partial(Limit.with_arguments_deleted)),
        logged(raise_soft_limit),
    ],
    ids=[
        "function",
        "method",
        "object",
        "arguments_deleted",
        "deeper",
        "taken_off",
        "chained",
        "partial",
        "nested_partial",
        "decorated",
    ],
)
def test_a_handler_of_any_form_is_known(fake: FakeWeChat, handler: Any) -> None:
    asked = Asked(ClientKind("blocking"), fake, strike)
    with handled_by(handler), pytest.raises(SoftLimitError):
        progress(asked)


def wrap_explicitly() -> NoReturn:
    try:
        strike()
    except SoftLimitError as limit:
        raise CallbackError from limit
    raise AssertionError


def wrap_implicitly() -> NoReturn:
    try:
        strike()
    finally:
        raise CallbackError


def wrap_without_a_cause() -> NoReturn:
    try:
        strike()
    except SoftLimitError:
        raise CallbackError from None
    raise AssertionError


def wrap_deeper() -> NoReturn:
    try:
        wrap_explicitly()
    except CallbackError:
        fail()


def wrap_in_a_group() -> NoReturn:
    try:
        strike()
    except SoftLimitError as limit:
        raise ExceptionGroup("several", [CallbackError(), limit]) from None
    raise AssertionError


def fail() -> NoReturn:
    raise CallbackError


@pytest.mark.parametrize(
    "wrap",
    [wrap_explicitly, wrap_implicitly, wrap_without_a_cause, wrap_deeper, wrap_in_a_group],
    ids=name_of,
)
def test_what_the_callback_makes_of_it_reaches_the_caller(
    client_kind: ClientKind, fake: FakeWeChat, wrap: Callable[[], NoReturn]
) -> None:
    def struck(*_: object) -> None:
        wrap()

    asked = Asked(client_kind, fake, struck)
    for place in (call_with_a_source, batch_with_a_source, on_event_of_a_call, progress):
        with handled_by(raise_soft_limit), pytest.raises((CallbackError, ExceptionGroup)):
            place(asked)


def test_a_failure_while_the_caller_handles_a_limit_is_the_callback_s_own(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """A task uses its last seconds to ask once more."""
    asked = Asked(client_kind, fake, lambda *_: fail())
    with handled_by(raise_soft_limit):
        try:
            strike()
        except SoftLimitError:
            with pytest.raises(wxaudit.TokenError) as raised:
                call_with_a_source(asked)
            assert isinstance(raised.value.__cause__, CallbackError)
            on_event_of_a_call(asked)
            progress(asked)
        else:
            raise AssertionError("not struck")


def test_a_handled_limit_is_forgotten(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """What a callback handles by itself is over; what it raises later is its own failure."""

    def struck(*_: object) -> None:
        with suppress(SoftLimitError):
            strike()
        fail()

    asked = Asked(client_kind, fake, struck)
    with handled_by(raise_soft_limit):
        with pytest.raises(wxaudit.TokenError) as raised:
            call_with_a_source(asked)
        assert isinstance(raised.value.__cause__, CallbackError)
        progress(asked)
