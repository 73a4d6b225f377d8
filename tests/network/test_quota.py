"""The quota codes: after one of them nothing more is sent until the quota is renewed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

BEIJING = timezone(timedelta(hours=8))
CODES = {45009: wxaudit.DayQuotaError, 45011: wxaudit.MinuteQuotaError}


def refused(client_kind: ClientKind, fake: FakeWeChat, errcode: int, **options: Any) -> CallHarness:
    """A harness whose gate one refusal has closed, without a retry."""
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode))
    error = harness.fails(CODES[errcode], attempts=1, **options)
    assert error.errcode == errcode
    return harness


@pytest.mark.parametrize("errcode", CODES)
def test_nothing_is_sent_while_the_gate_is_closed(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    harness = refused(client_kind, fake, errcode)
    for _ in range(5):
        error = harness.fails(CODES[errcode], attempts=0)
        assert error.errcode == errcode
        assert error.rid is not None
        assert "nothing was sent" in str(error)
    other = fake.submit()
    with pytest.raises(CODES[errcode]) as caught:
        harness.caller.get_audit_status(harness.token, other.auditid)
    assert caught.value.auditid == other.auditid
    assert fake.requests_received == 1


def test_the_minute_gate_opens_after_sixty_seconds(client_kind: ClientKind, fake: FakeWeChat) -> None:
    before = datetime.now(timezone.utc)
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=45011))
    first = harness.fails(wxaudit.MinuteQuotaError, attempts=1)
    after = datetime.now(timezone.utc)
    minute = timedelta(seconds=60)
    assert first.retry_at is not None
    # A datetime has whole microseconds.
    assert before + minute - timedelta(microseconds=2) <= first.retry_at <= after + minute
    assert harness.fails(wxaudit.MinuteQuotaError, attempts=0).retry_at == first.retry_at


def test_the_day_gate_opens_at_midnight_in_beijing(client_kind: ClientKind, fake: FakeWeChat) -> None:
    before = datetime.now(BEIJING)
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=45009))
    first = harness.fails(wxaudit.DayQuotaError, attempts=1)
    after = datetime.now(BEIJING)
    assert first.retry_at is not None
    midnights = [
        (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        for moment in (before, after)
    ]
    assert first.retry_at in midnights
    assert first.retry_at.utcoffset() is not None
    assert harness.fails(wxaudit.DayQuotaError, attempts=0).retry_at == first.retry_at


@pytest.mark.parametrize("errcode", CODES)
def test_another_mini_programs_quota_is_untouched(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    """Without an appid the token tells whose quota it is."""
    harness = refused(client_kind, fake, errcode)
    other = fake.submit("wxother")
    assert harness.caller.get_audit_status(fake.token("wxother"), other.auditid).status == 2


@pytest.mark.parametrize("errcode", CODES)
def test_the_appid_tells_whose_quota_it_is(client_kind: ClientKind, fake: FakeWeChat, errcode: int) -> None:
    """A fresh token does not open the gate of a merchant; a call with another label is its own matter."""
    harness = refused(client_kind, fake, errcode, appid="wxone")
    with pytest.raises(CODES[errcode]) as caught:
        harness.caller.get_audit_status(fake.token(), harness.auditid, appid="wxone")
    assert caught.value.appid == "wxone"
    assert fake.requests_received == 1
    assert harness.ask(appid="wxtwo").status == wxaudit.AuditState.IN_REVIEW
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.requests_received == 3


def test_a_fresh_token_is_another_owner_where_no_appid_is_given(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    harness = refused(client_kind, fake, 45011)
    assert (
        harness.caller.get_audit_status(fake.token(), harness.auditid).status == wxaudit.AuditState.IN_REVIEW
    )


def test_gates_are_a_clients_own(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = refused(client_kind, fake, 45009)
    another = client_kind.client(fake)
    assert another.get_audit_status(harness.token, harness.auditid).status == wxaudit.AuditState.IN_REVIEW
    harness.fails(wxaudit.DayQuotaError, attempts=0)


def test_a_call_that_has_not_the_time_to_wait_fails_at_once(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """One that has it waits; that is tested in the core, on a clock that jumps."""
    harness = refused(client_kind, fake, 45011)
    harness.fails(wxaudit.MinuteQuotaError, attempts=0, timeout=59)
    assert harness.took < 1


def test_a_token_source_is_still_asked_while_the_gate_is_closed_and_nothing_sent(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """Whose quota it is shows in the token, so the source is asked; with the same token the gate holds."""
    harness = CallHarness(client_kind, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return harness.token

    source = client_kind.token_source(get_token)
    fake.fail_next(Fault(errcode=45009))
    for _ in range(3):
        with pytest.raises(wxaudit.DayQuotaError):
            harness.ask(source)
    assert fake.requests_received == 1
    assert asked == [False] * 3
