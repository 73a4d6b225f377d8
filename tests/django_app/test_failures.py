"""What WeChat refuses, and what does not answer, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from wxaudit.django import PollReport, watch
from wxaudit.django._polling.outage import FAILURE_LIMIT
from wxaudit.django.models import AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.django.watched_fake import WatchedFake

pytestmark = pytest.mark.usefixtures("database")

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Phase = AuditWatch.Phase


def _phases() -> list[str]:
    return list(AuditWatch.objects.order_by("id").values_list("phase", flat=True))


def test_an_unknown_audit_fails_at_the_third_answer(watched: WatchedFake) -> None:
    row = watch("wx1", 17)
    for _ in range(10):
        watched.poll()
        watched.advance(HOUR)
    row.refresh_from_db()
    assert (row.phase, row.failures, row.next_check_at) == (Phase.FAILED, 3, None)
    assert row.last_error.startswith("AuditNotFoundError: 85012 invalid audit id")
    assert [request.errcode for request in watched.fake.requests].count(85012) == 3
    assert watched.told == []


def test_an_unknown_audit_counts_only_in_a_row(watched: WatchedFake) -> None:
    audit, row = watched.submit()
    for fault in [85012, 85012, 61004, 85012, 85012, 0]:
        if fault:
            watched.fake.fail_next(Fault(errcode=fault))
        watched.poll()
        watched.advance(HOUR)
    row.refresh_from_db()
    assert (row.phase, row.failures, row.last_error) == (Phase.WATCHING, 0, "")
    assert audit.polls == 1


@pytest.mark.parametrize("errcode", [61004, 48001, 48004, 40097, 12345])
def test_what_a_person_repairs_is_asked_again(watched: WatchedFake, errcode: int) -> None:
    audit, row = watched.submit(state=0)
    scripted = watched.fake.fail_next(Fault(errcode=errcode), times=None)
    for _ in range(8):
        watched.poll()
        watched.advance(1.1 * HOUR)
    row.refresh_from_db()
    assert (row.phase, row.failures) == (Phase.WATCHING, 8)
    assert str(errcode) in row.last_error
    scripted.cancel()
    watched.poll()
    assert watched.told[-1] == ("decided", f"wx1:{audit.auditid}:1")


def test_a_lost_authorization_parks_the_mini_program_and_says_so_once(
    watched: WatchedFake, caplog: pytest.LogCaptureFixture
) -> None:
    watched.configure(BATCH_SIZE=2)
    lost = [watched.submit("wx1")[0] for _ in range(6)]
    other, _ = watched.submit("wx2")
    watched.fake.deauthorize("wx1")
    with caplog.at_level(logging.WARNING, "wxaudit.django"):
        watched.poll()
    assert _phases() == [Phase.PARKED] * 6 + [Phase.WATCHING]
    [message] = [record.getMessage() for record in caplog.records if record.name == "wxaudit.django"]
    assert message.startswith("wx1 has withdrawn its authorization")
    # One chunk was asked about, not each of them.
    asked = [request for request in watched.fake.requests if request.appid == "wx1"]
    assert len(asked) == 2
    caplog.clear()
    for _ in range(20):
        watched.advance(HOUR)
        watched.poll()
    assert len([request for request in watched.fake.requests if request.appid == "wx1"]) == 2
    assert other.polls > 20
    watched.advance(10 * HOUR)
    watched.poll()
    assert len([request for request in watched.fake.requests if request.appid == "wx1"]) == 4
    assert caplog.messages == []
    # The merchant authorizes again: the first answer lets all go on.
    watched.fake.authorize("wx1")
    for audit in lost:
        audit.approve()
    watched.advance(28 * HOUR)
    report = watched.poll()
    assert report.decided == 6
    assert _phases()[:6] == [Phase.DECIDED] * 6


def test_a_new_watch_that_is_answered_resumes_the_parked_ones(watched: WatchedFake) -> None:
    parked, _ = watched.submit("wx1")
    watched.fake.deauthorize("wx1")
    watched.poll()
    watched.fake.authorize("wx1")
    parked.approve()
    watched.submit("wx1")
    assert watched.poll().answered == 1
    assert watched.poll().answered == 1
    assert _phases() == [Phase.DECIDED, Phase.WATCHING]


@pytest.mark.parametrize(("errcode", "wait"), [(45011, 2 * MINUTE), (45009, DAY + HOUR)])
def test_a_quota_holds_up_one_mini_program_alone(watched: WatchedFake, errcode: int, wait: timedelta) -> None:
    refused, row = watched.submit("wx1")
    other, _ = watched.submit("wx2")
    watched.fake.fail_next(Fault(errcode=errcode), appid="wx1")
    assert watched.poll() == PollReport(claimed=2, answered=1, failed=1)
    row.refresh_from_db()
    assert row.failures == 0
    assert row.phase == Phase.WATCHING
    assert row.next_check_at is not None
    assert row.next_check_at - watched.fake.clock.now() <= wait
    assert (refused.polls, other.polls) == (0, 1)


def test_a_million_due_watches_do_not_exceed_a_quota(watched: WatchedFake) -> None:
    """300 here. Of those that wait for a quota nothing is sent, and they come back spread."""
    watched.configure(BATCH_SIZE=50)
    rows = [watch("wx1", 1000 + number) for number in range(300)]
    for row in rows:
        watched.fake.submit("wx1", auditid=row.auditid)
    # WeChat allows 20 a minute.
    watched.fake.fail_next(Fault(), times=20)
    watched.fake.fail_next(Fault(errcode=45011), times=None)
    report = watched.poll()
    assert report.claimed == 300
    sent = len(watched.fake.requests)
    # Those that were in flight when the first refusal came, at most as many as run at once.
    assert sent <= 20 + 64
    waiting = AuditWatch.objects.filter(failures=0, last_error__startswith="MinuteQuotaError")
    due = waiting.values_list("next_check_at", flat=True)
    starts = sorted(moment for moment in due if moment is not None)
    assert len(starts) == 280
    spread = starts[-1] - starts[0]
    assert spread > 50 * timedelta(seconds=1)
    # No more than a few in any second.
    buckets: dict[int, int] = {}
    for start in starts:
        second = int((start - starts[0]).total_seconds())
        buckets[second] = buckets.get(second, 0) + 1
    assert max(buckets.values()) < 30


def test_a_token_source_that_raises_fails_its_own_watches_alone(watched: WatchedFake) -> None:
    calls = []

    def token_source(appid: str) -> Any:
        calls.append(appid)
        if appid == "wx1":
            raise LookupError("secret-of-the-shop")
        return watched.token_source(appid)

    watched.configure(token_source=token_source)
    _, row = watched.submit("wx1")
    watched.submit("wx1")
    watched.submit("wx2")
    assert watched.poll() == PollReport(claimed=3, answered=1, failed=2)
    assert sorted(calls) == ["wx1", "wx2"]
    row.refresh_from_db()
    assert row.failures == 1
    assert row.last_error.startswith("TokenError: the token source failed: LookupError was raised")
    assert "secret-of-the-shop" not in row.last_error


def test_wrong_settings_are_raised_and_no_watch_fails_for_them(watched: WatchedFake, settings: Any) -> None:
    watched.submit(state=0)
    right = settings.WXAUDIT
    for wrong in (
        {**right, "TOKEN_SOURCE": None},
        {**right, "CLIENT": {"timeout": 0}},
        {**right, "WATHC": {}},
    ):
        settings.WXAUDIT = wrong
        with pytest.raises(ImproperlyConfigured):
            watched.poll()
    assert list(AuditWatch.objects.values_list("failures", "last_error")) == [(0, "")]
    settings.WXAUDIT = right
    assert watched.poll().decided == 1


def test_a_token_that_is_none_fails_its_own_watches_alone(watched: WatchedFake) -> None:
    tokens: dict[str, Any] = {"wx1": None, "wx2": "", "wx3": 7}
    watched.configure(
        token_source=lambda appid: tokens[appid] if appid in tokens else watched.token_source(appid)
    )
    for number in range(1, 5):
        watched.submit(f"wx{number}")
    assert watched.poll() == PollReport(claimed=4, answered=1, failed=3)
    for _ in range(4):
        watched.advance(HOUR)
        watched.poll()
    # They have a chance when the source is repaired.
    assert _phases() == [Phase.WATCHING] * 4


def test_what_interrupts_asking_gives_the_watches_back(watched: WatchedFake) -> None:
    def token_source(_: str) -> Any:
        raise KeyboardInterrupt

    watched.configure(token_source=token_source)
    audit, _ = watched.submit(state=0)
    with pytest.raises(KeyboardInterrupt):
        watched.poll()
    watched.configure()
    assert watched.poll().decided == 1
    assert audit.polls == 1


def test_an_outage_is_probed_once_a_minute(watched: WatchedFake, caplog: pytest.LogCaptureFixture) -> None:
    watched.configure(client={"max_concurrency": 5}, BATCH_SIZE=50)
    for _ in range(100):
        watched.submit(state=0)
    watched.fake.fail_next(Fault(cut="head"), times=None)
    with caplog.at_level(logging.WARNING, "wxaudit.django"):
        report = watched.poll()
    # Stopped early, and the others are not to blame.
    assert report.failed == FAILURE_LIMIT
    assert report.claimed == 50
    assert AuditWatch.objects.filter(failures=0).count() == 100 - FAILURE_LIMIT
    sent = len(watched.fake.requests)
    assert sent <= 50
    for _ in range(10):
        assert watched.poll() == PollReport()
        watched.advance(61)
        assert watched.poll() == PollReport(claimed=1, failed=1)
    # One a minute. What was in flight when the batch was stopped may have arrived later.
    assert sent + 10 <= len(watched.fake.requests) <= sent + 10 + 5
    assert len([message for message in caplog.messages if "does not answer" in message]) == 1
    watched.fake.clear_faults()
    assert watched.poll() == PollReport()
    watched.advance(61)
    with caplog.at_level(logging.WARNING, "wxaudit.django"):
        watched.poll()
    assert caplog.messages[-1] == "WeChat answers again"
    watched.advance(HOUR)
    watched.poll()
    assert _phases() == [Phase.DECIDED] * 100


def test_busy_answers_are_an_outage_too_and_refusals_are_not(watched: WatchedFake) -> None:
    for _ in range(2 * FAILURE_LIMIT):
        watched.submit()
    watched.fake.fail_next(Fault(errcode=61004), times=None)
    assert watched.poll().failed == 2 * FAILURE_LIMIT
    watched.fake.clear_faults()
    watched.advance(HOUR)
    watched.fake.fail_next(Fault(errcode=-1), times=None)
    assert watched.poll().failed == FAILURE_LIMIT
    watched.advance(HOUR)
    assert watched.poll().failed == 1


def test_one_answer_among_failures_is_not_an_outage(watched: WatchedFake) -> None:
    watched.configure(client={"max_concurrency": 1})
    for _ in range(3 * FAILURE_LIMIT):
        watched.submit()
    for _ in range(3):
        watched.fake.fail_next(Fault(errcode=-1), times=FAILURE_LIMIT - 1)
        watched.fake.fail_next(Fault(), times=1)
    assert watched.poll() == PollReport(claimed=3 * FAILURE_LIMIT, answered=3, failed=3 * (FAILURE_LIMIT - 1))
