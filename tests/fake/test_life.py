"""Audits of the fake follow their scripted life."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from support.plain_http import ask
from wxaudit import AuditState
from wxaudit.testing import FakeAudit, FakeClock, FakeWeChat, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

APPROVED, REJECTED, IN_REVIEW, WITHDRAWN, DELAYED = range(5)
FINAL = [APPROVED, REJECTED, WITHDRAWN]


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        yield fake


def polls(fake: FakeWeChat, audit: FakeAudit, count: int) -> list[int]:
    token = fake.token(audit.appid)
    return [ask(fake, token, audit.auditid).json["status"] for _ in range(count)]


def test_an_audit_starts_in_review_with_a_number_in_wechats_range() -> None:
    fake = FakeWeChat()
    audits = [fake.submit() for _ in range(100)]
    assert {audit.state for audit in audits} == {AuditState.IN_REVIEW}
    assert all(410_000_000 <= audit.auditid < 670_000_000 for audit in audits)
    assert len({audit.auditid for audit in audits}) == 100
    assert fake.audits == audits
    assert fake.audit(audits[7].auditid) is audits[7]


def test_a_step_after_polls_is_taken_after_exactly_that_many_polls(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(DELAYED, after_polls=2, reason="排队"), Step(APPROVED, after_polls=3)])
    assert polls(fake, audit, 7) == [2, 2, 4, 4, 4, 0, 0]
    assert audit.polls == 7


def test_a_step_after_a_duration_waits_for_the_fakes_clock(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(REJECTED, after=timedelta(hours=3), reason="1:…", screenshots=["a", "b"])])
    fake.clock.advance(3 * 3600 - 1)
    assert polls(fake, audit, 2) == [2, 2]
    fake.clock.advance(1)
    assert polls(fake, audit, 1) == [1]
    assert audit.reason == "1:…"
    assert audit.screenshots == ("a", "b")
    assert audit.changed_at == audit.submitted_at + timedelta(hours=3)


def test_one_advance_of_the_clock_takes_every_step_that_is_due() -> None:
    fake = FakeWeChat()
    audit = fake.submit(life=[Step(DELAYED, after=60, reason="排队"), Step(APPROVED, after=30.5)])
    states = [audit.state]
    for seconds in (90, 3600):
        fake.clock.advance(seconds)
        states.append(audit.state)
    assert states == [AuditState.IN_REVIEW, AuditState.DELAYED, AuditState.APPROVED]
    assert audit.changed_at == audit.submitted_at + timedelta(seconds=90.5)
    assert audit.life == ()


def test_a_duration_after_polls_counts_from_the_last_of_these_polls(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(DELAYED, after_polls=1), Step(APPROVED, after=60)])
    fake.clock.advance(1000)
    assert polls(fake, audit, 2) == [2, 4]
    fake.clock.advance(59)
    assert polls(fake, audit, 1) == [4]
    fake.clock.advance(1)
    assert polls(fake, audit, 1) == [0]


def test_a_manual_step_waits_for_next_step(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(DELAYED, reason="排队"), Step(WITHDRAWN, after_polls=1)])
    fake.clock.advance(timedelta(days=7))
    assert polls(fake, audit, 3) == [2, 2, 2]
    audit.next_step()
    assert polls(fake, audit, 2) == [4, 3]
    with pytest.raises(LookupError, match="no step left"):
        audit.next_step()


def test_next_step_takes_a_step_early() -> None:
    fake = FakeWeChat()
    audit = fake.submit(life=[Step(DELAYED, after=3600), Step(APPROVED, after_polls=5)])
    states = []
    for _ in range(2):
        audit.next_step()
        states.append(audit.state)
    assert states == [AuditState.DELAYED, AuditState.APPROVED]


def test_an_audit_can_be_decided_manually() -> None:
    fake = FakeWeChat()
    approved, rejected, delayed, withdrawn = (fake.submit() for _ in range(4))
    approved.approve()
    rejected.reject("1:…", ["shot"])
    delayed.delay("排队")
    withdrawn.withdraw()
    assert [audit.state for audit in fake.audits] == [0, 1, 4, 3]
    assert (rejected.reason, rejected.screenshots) == ("1:…", ("shot",))
    assert delayed.reason == "排队"
    delayed.approve()
    assert delayed.reason is None


def test_a_manual_change_discards_the_remaining_steps(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(DELAYED, after_polls=1), Step(REJECTED, after_polls=1)])
    audit.delay()
    assert audit.life == ()
    assert polls(fake, audit, 5) == [4] * 5


def change(audit: FakeAudit, state: int) -> None:
    {APPROVED: audit.approve, REJECTED: audit.reject, WITHDRAWN: audit.withdraw, DELAYED: audit.delay}[
        state
    ]()


@pytest.mark.parametrize("before", FINAL)
@pytest.mark.parametrize("after", [APPROVED, REJECTED, WITHDRAWN, DELAYED])
def test_a_final_state_cannot_change(before: int, after: int) -> None:
    fake = FakeWeChat()
    audit = fake.submit(state=before)
    with pytest.raises(ValueError, match="is final"):
        change(audit, after)
    assert audit.state == before
    with pytest.raises(ValueError, match="is final"):
        fake.submit(state=before, life=[Step(after, after_polls=1)])


@pytest.mark.parametrize(
    ("before", "after"), [(IN_REVIEW, IN_REVIEW), (DELAYED, IN_REVIEW), (DELAYED, DELAYED)]
)
def test_a_review_does_not_restart_and_is_not_delayed_twice(before: int, after: int) -> None:
    with pytest.raises(ValueError, match="cannot change from"):
        FakeWeChat().submit(state=before, life=[Step(after, after_polls=1)])


def test_every_step_of_a_life_is_checked() -> None:
    life = [Step(DELAYED, after_polls=1), Step(APPROVED, after_polls=1), Step(REJECTED, after_polls=1)]
    with pytest.raises(ValueError, match="APPROVED is final: the audit cannot become REJECTED"):
        FakeWeChat().submit(life=life)


def test_undefined_states_are_allowed(fake: FakeWeChat) -> None:
    audit = fake.submit(life=[Step(7, after_polls=1, reason="新"), Step(APPROVED, after_polls=1)])
    assert polls(fake, audit, 3) == [2, 7, 0]


def test_states_may_be_members_of_audit_state() -> None:
    fake = FakeWeChat()
    audit = fake.submit(state=AuditState.DELAYED, life=[Step(AuditState.REJECTED)])
    states = [audit.state]
    assert type(audit.life[0].state) is int
    audit.next_step()
    states.append(audit.state)
    assert states == [AuditState.DELAYED, AuditState.REJECTED]
    assert all(isinstance(state, AuditState) for state in states)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"after_polls": 1, "after": 1}, ValueError, "not both"),
        ({"after_polls": 0}, ValueError, "at least 1"),
        ({"after_polls": True}, TypeError, "after_polls"),
        ({"after_polls": 1.5}, TypeError, "after_polls"),
        ({"after": -1}, ValueError, "negative"),
        ({"after": float("nan")}, ValueError, "finite"),
        ({"after": "3h"}, TypeError, "seconds or a timedelta"),
        ({"reason": 5}, TypeError, "reason"),
        ({"screenshots": "abc"}, TypeError, "not one string"),
        ({"screenshots": ["a|b"]}, ValueError, "media_id"),
        ({"screenshots": [""]}, ValueError, "media_id"),
        ({"screenshots": [5]}, TypeError, "media_id"),
    ],
)
def test_an_invalid_step_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Step(REJECTED, **arguments)


@pytest.mark.parametrize("state", [APPROVED, IN_REVIEW, WITHDRAWN])
def test_only_a_rejection_or_a_delay_has_a_reason(state: int) -> None:
    with pytest.raises(ValueError, match="only with REJECTED and DELAYED"):
        FakeWeChat().submit(state=state, reason="…")


def test_only_a_rejection_has_screenshots() -> None:
    with pytest.raises(ValueError, match="only with REJECTED, not with DELAYED"):
        FakeWeChat().submit(state=DELAYED, screenshots=["a"])


@pytest.mark.parametrize(
    ("auditid", "error"),
    [(0, ValueError), (-1, ValueError), (2**63, ValueError), (True, TypeError), ("1", TypeError)],
)
def test_an_invalid_auditid_is_refused(auditid: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="auditid"):
        FakeWeChat().submit(auditid=auditid)


def test_an_auditid_is_unique() -> None:
    fake = FakeWeChat()
    fake.submit(auditid=1234567)
    with pytest.raises(ValueError, match="1234567 exists already"):
        fake.submit(auditid=1234567)


@pytest.mark.parametrize("state", [True, "1", None, 1.0])
def test_a_state_is_a_number(state: Any) -> None:
    with pytest.raises(TypeError, match="state must be"):
        FakeWeChat().submit(state=state)


def test_an_unknown_audit_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="no audit 5"):
        FakeWeChat().audit(5)


def test_a_media_id_has_wechats_form() -> None:
    fake = FakeWeChat()
    media_id = fake.media_id()
    assert len(media_id) == 64
    assert set(media_id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert media_id != fake.media_id()


def test_the_clock_starts_at_the_real_time_and_does_not_run() -> None:
    before = datetime.now(timezone.utc)
    clock = FakeClock()
    assert before <= clock.now() <= datetime.now(timezone.utc)
    assert clock.now() == clock.now()
    assert clock.now().tzinfo is timezone.utc


def test_the_clock_moves_only_forward() -> None:
    clock = FakeClock(datetime(2024, 2, 29, 12, tzinfo=timezone.utc))
    assert clock.advance(0.5) == datetime(2024, 2, 29, 12, 0, 0, 500_000, tzinfo=timezone.utc)
    assert clock.advance(timedelta(days=1)) == clock.now()
    for by in (-1, float("inf"), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="by must"):
            clock.advance(by)
    with pytest.raises(ValueError, match="aware"):
        FakeClock(datetime(2024, 2, 29))  # noqa: DTZ001  # invalid on purpose


def test_fakes_may_share_a_clock() -> None:
    clock = FakeClock()
    audits = [FakeWeChat(clock=clock).submit(life=[Step(APPROVED, after=60)]) for _ in range(2)]
    clock.advance(60)
    assert [audit.state for audit in audits] == [0, 0]


def test_the_date_header_follows_the_clock() -> None:
    with FakeWeChat(clock=FakeClock(datetime(2024, 2, 29, 12, tzinfo=timezone.utc))) as fake:
        assert ask(fake, None, 1).headers["date"] == "Thu, 29 Feb 2024 12:00:00 GMT"
        fake.clock.advance(61)
        assert ask(fake, None, 1).headers["date"] == "Thu, 29 Feb 2024 12:01:01 GMT"
