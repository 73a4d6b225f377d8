"""What WeChat itself says: busy, another token please, no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind


def test_busy_twice_and_then_an_answer(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """Full jitter under one and two seconds, cut to half of what the deadline leaves."""
    events: list[wxaudit.Event] = []
    harness = CallHarness(client_kind, fake, total=1.5, on_event=events.append)
    fake.fail_next(Fault(errcode=-1), times=2)
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.requests_received == 3
    kinds = [(event.kind, event.attempt, event.errcode) for event in events]
    assert kinds == [
        ("request", 1, None),
        ("response", 1, -1),
        ("retry", 1, -1),
        ("request", 2, None),
        ("response", 2, -1),
        ("retry", 2, -1),
        ("request", 3, None),
        ("response", 3, 0),
    ]
    delays = [event.delay for event in events if event.delay is not None]
    assert len(delays) == 2
    assert 0 <= delays[0] <= 0.75
    assert 0 <= delays[1] <= 0.75


def test_busy_for_ever(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake, total=1)
    fake.fail_next(Fault(errcode=-1), times=3)
    error = harness.retried(wxaudit.ServerBusyError)
    assert (error.errcode, error.attempts) == (-1, 3)
    assert error.rid is not None


@pytest.mark.parametrize("retries", [0, 1])
def test_max_retries_bounds_the_attempts_of_one_call(
    client_kind: ClientKind, fake: FakeWeChat, retries: int
) -> None:
    harness = CallHarness(client_kind, fake, total=1)
    fake.fail_next(Fault(errcode=-1), times=retries + 1)
    harness.fails(wxaudit.ServerBusyError, attempts=retries + 1, max_retries=retries)


# Tokens


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_refreshed_once(client_kind: ClientKind, fake: FakeWeChat, errcode: int) -> None:
    harness = CallHarness(client_kind, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fake.token()

    fake.fail_next(Fault(errcode=errcode))
    assert harness.ask(client_kind.token_source(get_token)).status == wxaudit.AuditState.IN_REVIEW
    assert asked == [False, True]
    first, second = fake.requests
    assert (first.errcode, second.errcode) == (errcode, 0)
    assert first.token != second.token


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_token_that_is_refused_for_ever(client_kind: ClientKind, fake: FakeWeChat, errcode: int) -> None:
    harness = CallHarness(client_kind, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fake.token()

    fake.fail_next(Fault(errcode=errcode), times=2)
    with pytest.raises(wxaudit.TokenError) as caught:
        harness.ask(client_kind.token_source(get_token))
    assert asked == [False, True]
    assert fake.requests_received == 2
    assert (caught.value.errcode, caught.value.attempts) == (errcode, 2)
    harness.goes_on()


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_without_a_source_there_is_no_other_token(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode))
    assert harness.once(wxaudit.TokenError).errcode == errcode


@pytest.mark.parametrize("errcode", [41001, 42002, 61003, 86000, 40013])
def test_other_refusals_are_not_the_tokens_age(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    harness = CallHarness(client_kind, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return harness.token

    fake.fail_next(Fault(errcode=errcode))
    with pytest.raises(wxaudit.APIError) as caught:
        harness.ask(client_kind.token_source(get_token))
    assert caught.value.errcode == errcode
    assert asked == [False]
    assert fake.requests_received == 1


def test_a_refresh_between_retries_is_still_the_only_one(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """40001, a gateway's 503, 40001 again: two refusals, one refresh."""
    harness = CallHarness(client_kind, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fake.token()

    for fault in (Fault(errcode=40001), Fault.http(503), Fault(errcode=40001)):
        fake.fail_next(fault)
    with pytest.raises(wxaudit.TokenError) as caught:
        harness.ask(client_kind.token_source(get_token))
    assert asked == [False, True]
    assert caught.value.attempts == fake.requests_received == 3


# Other errors

EVERY_CODE = {
    85012: wxaudit.AuditNotFoundError,
    85058: wxaudit.AuditNotFoundError,
    86001: wxaudit.AuditNotFoundError,
    41001: wxaudit.TokenError,
    48001: wxaudit.PermissionDeniedError,
    61007: wxaudit.PermissionDeniedError,
    61014: wxaudit.PermissionDeniedError,
    61015: wxaudit.PermissionDeniedError,
    61016: wxaudit.PermissionDeniedError,
    61024: wxaudit.PermissionDeniedError,
    86000: wxaudit.PermissionDeniedError,
    61003: wxaudit.AuthorizationLostError,
    61023: wxaudit.AuthorizationLostError,
    42002: wxaudit.AuthorizationLostError,
    42007: wxaudit.AuthorizationLostError,
    48004: wxaudit.AccountBlockedError,
    50002: wxaudit.AccountBlockedError,
    61004: wxaudit.NetworkConfigError,
    40164: wxaudit.NetworkConfigError,
    45035: wxaudit.NetworkConfigError,
    48017: wxaudit.NetworkConfigError,
    40013: wxaudit.APIError,
    40066: wxaudit.APIError,
    40097: wxaudit.APIError,
    43001: wxaudit.APIError,
    43002: wxaudit.APIError,
    43003: wxaudit.APIError,
    44002: wxaudit.APIError,
    47001: wxaudit.APIError,
    99999: wxaudit.APIError,
    -2: wxaudit.APIError,
    2**40: wxaudit.APIError,
}


@pytest.mark.parametrize(("errcode", "kind"), EVERY_CODE.items())
def test_every_other_errcode_is_final(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int, kind: type[wxaudit.APIError]
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode, errmsg="some words rid: 637accc2-7d67c301-4ae3af4b"))
    error = harness.once(kind)
    assert (error.errcode, error.rid) == (errcode, "637accc2-7d67c301-4ae3af4b")
    assert error.errmsg == "some words rid: 637accc2-7d67c301-4ae3af4b"
    assert not error.retryable
    assert f"{errcode} some words" in str(error)
