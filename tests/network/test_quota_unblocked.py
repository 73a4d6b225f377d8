"""The ways out of a quota block: WeChat's quota, or what was cleared at WeChat, and `unblock_quota`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.call_harness import CallHarness
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

CODES = {45009: wxaudit.DayQuotaError, 45011: wxaudit.MinuteQuotaError}


def blocked(client_kind: ClientKind, fake: FakeWeChat, errcode: int = 45009, **options: Any) -> CallHarness:
    """A harness whose calls are kept back since a refusal."""
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode))
    harness.fails(CODES[errcode], attempts=1, **options)
    harness.fails(CODES[errcode], attempts=0, **options)
    return harness


def answered(fake: FakeWeChat, remain: object) -> None:
    """The next answer, of a quota query, has that number of calls left."""
    body = {"errcode": 0, "errmsg": "ok", "quota": {"daily_limit": 100_000, "used": 1, "remain": remain}}
    fake.fail_next(Fault(body=json.dumps(body).encode()))


@pytest.mark.parametrize("remain", [1, 100_000, "99999"])
@pytest.mark.parametrize("appid", [None, "wx1"])
def test_a_quota_with_calls_left_opens_the_block_of_the_day(
    client_kind: ClientKind, fake: FakeWeChat, appid: str | None, remain: object
) -> None:
    harness = blocked(client_kind, fake, appid=appid)
    answered(fake, remain)
    assert harness.caller.call("quota", harness.token, appid=appid).remain == int(str(remain))
    assert harness.ask(appid=appid).status == wxaudit.AuditState.IN_REVIEW


@pytest.mark.parametrize("remain", [0, -1, "0", None, True, 1.5, "x"], ids=repr)
def test_a_quota_without_calls_left_opens_nothing(
    client_kind: ClientKind, fake: FakeWeChat, remain: object
) -> None:
    harness = blocked(client_kind, fake)
    answered(fake, remain)
    harness.caller.call("quota", harness.token)
    harness.fails(wxaudit.DayQuotaError, attempts=0)


def test_a_quota_that_cannot_be_read_opens_nothing(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = blocked(client_kind, fake)
    fake.fail_next(Fault(errcode=48001))
    with pytest.raises(wxaudit.PermissionDeniedError):
        harness.caller.call("quota", harness.token)
    harness.fails(wxaudit.DayQuotaError, attempts=0)


def test_a_quota_opens_what_it_shows_and_nothing_else(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """The quota of a token tells nothing of a label that was not given, of another, or of another token."""
    harness = blocked(client_kind, fake, appid="wx1")
    harness.caller.call("quota", harness.token)
    harness.fails(wxaudit.DayQuotaError, attempts=0, appid="wx1")
    harness.caller.call("quota", harness.token, appid="wx2")
    harness.fails(wxaudit.DayQuotaError, attempts=0, appid="wx1")
    other = fake.token("wxother")
    harness.caller.call("quota", other, appid="wx1")
    assert harness.ask(appid="wx1").status == wxaudit.AuditState.IN_REVIEW


def test_a_quota_opens_the_block_of_its_token_too(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = blocked(client_kind, fake)
    harness.caller.call("quota", harness.token, appid="wx1")
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW


def test_a_quota_of_the_day_does_not_open_the_minute(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = blocked(client_kind, fake, 45011)
    answered(fake, 99_999)
    harness.caller.call("quota", harness.token)
    harness.fails(wxaudit.MinuteQuotaError, attempts=0)


def test_another_interface_stays_blocked(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """WeChat counts each interface, and the query is about one."""
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=45009))
    for sent in (1, 0):
        with pytest.raises(wxaudit.DayQuotaError) as caught:
            harness.caller.call("get_latest_audit_status", harness.token)
        assert caught.value.attempts == sent
    harness.caller.call("quota", harness.token)
    with pytest.raises(wxaudit.DayQuotaError, match="nothing was sent"):
        harness.caller.call("get_latest_audit_status", harness.token)
    harness.caller.call("unblock_quota")
    assert harness.caller.call("get_latest_audit_status", harness.token).auditid == harness.auditid


@pytest.mark.parametrize("errcode", CODES)
def test_unblock_quota_sends_calls_again(client_kind: ClientKind, fake: FakeWeChat, errcode: int) -> None:
    harness = blocked(client_kind, fake, errcode)
    before = fake.requests_received
    harness.caller.call("unblock_quota")
    assert fake.requests_received == before
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    # The next refusal closes it again.
    fake.fail_next(Fault(errcode=errcode))
    harness.fails(CODES[errcode], attempts=1)
    harness.fails(CODES[errcode], attempts=0)


def test_unblock_quota_of_one_mini_program(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = blocked(client_kind, fake, appid="wx1")
    labels: list[dict[str, Any]] = [{"appid": "wx2"}, {}]
    for options in labels:
        fake.fail_next(Fault(errcode=45009))
        harness.fails(wxaudit.DayQuotaError, attempts=1, **options)
    harness.caller.call("unblock_quota", appid="wx1")
    assert harness.ask(appid="wx1").status == wxaudit.AuditState.IN_REVIEW
    harness.fails(wxaudit.DayQuotaError, attempts=0, appid="wx2")
    harness.fails(wxaudit.DayQuotaError, attempts=0)


def test_a_batch_is_sent_again(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = blocked(client_kind, fake, appid="wx1")
    queries = [(harness.token, harness.auditid, appid) for appid in ("wx1", "wx2", "wx1")]
    batch = harness.caller.get_audit_statuses(queries)
    assert [result.ok for result in batch] == [False, True, False]
    assert "client.unblock_quota()" in str(batch.errors[0])
    harness.caller.call("unblock_quota", appid="wx1")
    assert [result.ok for result in harness.caller.get_audit_statuses(queries)] == [True] * 3


def test_unblock_quota_checks_its_arguments(client_kind: ClientKind, fake: FakeWeChat) -> None:
    caller = client_kind.client(fake)
    caller.call("unblock_quota")  # before any call, there is nothing to forget
    for appid in (5, "x" * 65, "\ud800"):
        with pytest.raises(wxaudit.ArgumentError, match=r"^appid: ") as caught:
            caller.call("unblock_quota", appid=appid)
        assert str(appid) not in str(caught.value)
    caller.close()
    with pytest.raises(RuntimeError, match="closed"):
        caller.call("unblock_quota")


@pytest.mark.parametrize("errcode", CODES)
def test_what_is_not_sent_says_how_to_send_it(
    client_kind: ClientKind, fake: FakeWeChat, errcode: int
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(errcode=errcode))
    harness.fails(CODES[errcode], attempts=1)
    error = harness.fails(CODES[errcode], attempts=0)
    for text in (str(error), error.hint, error.hint_zh):
        assert "client.unblock_quota()" in text
        assert ("client.quota(token)" in text) is (errcode == 45009)
