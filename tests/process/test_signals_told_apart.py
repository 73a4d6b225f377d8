"""What a signal handler raises inside of a callback is told from what the callback raises by itself."""

from __future__ import annotations

import functools
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import wxaudit
from support.callbacks import (
    CallSetup,
    SoftLimitError,
    batch_with_a_source,
    call_with_a_source,
    handled_by,
    on_event_of_a_call,
    progress,
    raise_soft_limit,
    strike,
)
from support.client_kind import ClientKind

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from wxaudit.testing import FakeWeChat


class CallbackError(Exception):
    """What a callback raises by itself."""


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
    setup = CallSetup(ClientKind("blocking"), fake, strike)
    with handled_by(handler), pytest.raises(SoftLimitError):
        progress(setup)


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
    ids=lambda wrap: wrap.__name__,
)
def test_what_the_callback_makes_of_it_reaches_the_caller(
    client_kind: ClientKind, fake: FakeWeChat, wrap: Callable[[], NoReturn]
) -> None:
    def struck(*_: object) -> None:
        wrap()

    setup = CallSetup(client_kind, fake, struck)
    for place in (call_with_a_source, batch_with_a_source, on_event_of_a_call, progress):
        with handled_by(raise_soft_limit), pytest.raises((CallbackError, ExceptionGroup)):
            place(setup)


def test_a_failure_while_the_caller_handles_a_limit_is_the_callback_s_own(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """A task uses its last seconds to ask once more."""
    setup = CallSetup(client_kind, fake, lambda *_: fail())
    with handled_by(raise_soft_limit):
        try:
            strike()
        except SoftLimitError:
            with pytest.raises(wxaudit.TokenError) as raised:
                call_with_a_source(setup)
            assert isinstance(raised.value.__cause__, CallbackError)
            on_event_of_a_call(setup)
            progress(setup)
        else:
            raise AssertionError("not struck")


def test_a_handled_limit_is_forgotten(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """What a callback handles by itself is over; what it raises later is its own failure."""

    def struck(*_: object) -> None:
        with suppress(SoftLimitError):
            strike()
        fail()

    setup = CallSetup(client_kind, fake, struck)
    with handled_by(raise_soft_limit):
        with pytest.raises(wxaudit.TokenError) as raised:
            call_with_a_source(setup)
        assert isinstance(raised.value.__cause__, CallbackError)
        progress(setup)
