"""What a signal handler raises inside of a callback reaches the caller, whatever its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import wxaudit
from support.callbacks import (
    ASYNC_PLACES,
    PLACES,
    CallSetup,
    SoftLimitError,
    handled_by,
    raise_soft_limit,
    strike,
)
from support.client_kind import ClientKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from wxaudit.testing import FakeWeChat


def name_of(value: Any) -> str:
    return str(value.__name__)


@pytest.mark.parametrize(
    "error", [SoftLimitError, TimeoutError, TypeError, wxaudit.ArgumentError], ids=name_of
)
@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_it_reaches_the_caller(
    client_kind: ClientKind, fake: FakeWeChat, place: Callable[[CallSetup], None], error: type[Exception]
) -> None:
    def handler(*_: object) -> NoReturn:
        raise error("the time is up")

    setup = CallSetup(client_kind, fake, strike)
    with handled_by(handler), pytest.raises(error, match="the time is up") as raised:
        place(setup)
    assert type(raised.value) is error
    # One that was for a request that was never sent.
    fake.clear_faults()
    answer = setup.caller.get_audit_status(fake.token(), setup.auditid)
    assert answer.auditid == setup.auditid


@pytest.mark.parametrize("place", ASYNC_PLACES, ids=name_of)
def test_it_reaches_the_caller_of_asyncio(fake: FakeWeChat, place: Callable[[CallSetup], None]) -> None:
    kind = ClientKind("asyncio")
    setup = CallSetup(kind, fake, strike)
    with handled_by(raise_soft_limit), pytest.raises(SoftLimitError):
        place(setup)
    assert setup.caller.get_audit_status(setup.token, setup.auditid).auditid == setup.auditid
    kind.close()
