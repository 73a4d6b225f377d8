"""The quota codes: after one of them nothing more is sent until the quota is renewed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from trial import Trial
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from conftest import Door

BEIJING = timezone(timedelta(hours=8))
CODES = {45009: wxaudit.DayQuotaError, 45011: wxaudit.MinuteQuotaError}


def refused(door: Door, fake: FakeWeChat, errcode: int, **options: Any) -> Trial:
    """A trial whose gate one refusal has closed, without a retry."""
    trial = Trial(door, fake)
    fake.fail_next(Fault(errcode=errcode))
    error = trial.fails(CODES[errcode], attempts=1, **options)
    assert error.errcode == errcode
    return trial


@pytest.mark.parametrize("errcode", CODES)
def test_nothing_is_sent_while_the_gate_is_closed(door: Door, fake: FakeWeChat, errcode: int) -> None:
    trial = refused(door, fake, errcode)
    for _ in range(5):
        error = trial.fails(CODES[errcode], attempts=0)
        assert error.errcode == errcode
        assert error.rid is not None
        assert "nothing was sent" in str(error)
    other = fake.submit()
    with pytest.raises(CODES[errcode]) as caught:
        trial.caller.get_audit_status(trial.token, other.auditid)
    assert caught.value.auditid == other.auditid
    assert fake.requests_received == 1


def test_the_minute_gate_opens_after_sixty_seconds(door: Door, fake: FakeWeChat) -> None:
    before = datetime.now(timezone.utc)
    trial = Trial(door, fake)
    fake.fail_next(Fault(errcode=45011))
    first = trial.fails(wxaudit.MinuteQuotaError, attempts=1)
    after = datetime.now(timezone.utc)
    minute = timedelta(seconds=60)
    assert first.retry_at is not None
    # A datetime has whole microseconds.
    assert before + minute - timedelta(microseconds=2) <= first.retry_at <= after + minute
    assert trial.fails(wxaudit.MinuteQuotaError, attempts=0).retry_at == first.retry_at


def test_the_day_gate_opens_at_midnight_in_beijing(door: Door, fake: FakeWeChat) -> None:
    before = datetime.now(BEIJING)
    trial = Trial(door, fake)
    fake.fail_next(Fault(errcode=45009))
    first = trial.fails(wxaudit.DayQuotaError, attempts=1)
    after = datetime.now(BEIJING)
    assert first.retry_at is not None
    midnights = [
        (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        for moment in (before, after)
    ]
    assert first.retry_at in midnights
    assert first.retry_at.utcoffset() is not None
    assert trial.fails(wxaudit.DayQuotaError, attempts=0).retry_at == first.retry_at


@pytest.mark.parametrize("errcode", CODES)
def test_another_mini_programs_quota_is_untouched(door: Door, fake: FakeWeChat, errcode: int) -> None:
    """Without an appid the token tells whose quota it is."""
    trial = refused(door, fake, errcode)
    other = fake.submit("wxother")
    assert trial.caller.get_audit_status(fake.token("wxother"), other.auditid).status == 2


@pytest.mark.parametrize("errcode", CODES)
def test_the_appid_tells_whose_quota_it_is(door: Door, fake: FakeWeChat, errcode: int) -> None:
    """A fresh token does not open the gate of a merchant; a call with another label is its own matter."""
    trial = refused(door, fake, errcode, appid="wxone")
    with pytest.raises(CODES[errcode]) as caught:
        trial.caller.get_audit_status(fake.token(), trial.auditid, appid="wxone")
    assert caught.value.appid == "wxone"
    assert fake.requests_received == 1
    assert trial.ask(appid="wxtwo").status == wxaudit.AuditState.IN_REVIEW
    assert trial.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.requests_received == 3


def test_a_fresh_token_is_another_owner_where_no_appid_is_given(door: Door, fake: FakeWeChat) -> None:
    trial = refused(door, fake, 45011)
    assert trial.caller.get_audit_status(fake.token(), trial.auditid).status == wxaudit.AuditState.IN_REVIEW


def test_gates_are_a_clients_own(door: Door, fake: FakeWeChat) -> None:
    trial = refused(door, fake, 45009)
    another = door.client(fake)
    assert another.get_audit_status(trial.token, trial.auditid).status == wxaudit.AuditState.IN_REVIEW
    trial.fails(wxaudit.DayQuotaError, attempts=0)


def test_a_call_that_has_not_the_time_to_wait_fails_at_once(door: Door, fake: FakeWeChat) -> None:
    """One that has it waits; that is tested in the core, on a clock that jumps."""
    trial = refused(door, fake, 45011)
    trial.fails(wxaudit.MinuteQuotaError, attempts=0, timeout=59)
    assert trial.took < 1


def test_a_token_source_is_still_asked_while_the_gate_is_closed_and_nothing_sent(
    door: Door, fake: FakeWeChat
) -> None:
    """Whose quota it is shows in the token, so the source is asked; with the same token the gate holds."""
    trial = Trial(door, fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return trial.token

    source = door.token_source(get_token)
    fake.fail_next(Fault(errcode=45009))
    for _ in range(3):
        with pytest.raises(wxaudit.DayQuotaError):
            trial.ask(source)
    assert fake.requests_received == 1
    assert asked == [False] * 3
