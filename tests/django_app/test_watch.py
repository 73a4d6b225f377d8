"""From `watch` to the last signal, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from wxaudit import ArgumentError, AuditState
from wxaudit.django import PollReport, awatch, poll_due, watch
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import Fault, Step

if TYPE_CHECKING:
    from support.django.watched_fake import WatchedFake

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Phase = AuditWatch.Phase


def test_a_decision_is_told_once(watched: WatchedFake) -> None:
    audit, row = watched.submit(note="order 17")
    key = f"wx1:{audit.auditid}:1"

    assert watched.poll() == PollReport(claimed=1, answered=1)
    assert watched.poll() == PollReport()
    audit.reject("1:no content:<br>(1):nothing", ["media-1"])
    watched.advance(2 * MINUTE)
    assert watched.poll() == PollReport(claimed=1, answered=1, changed=1, decided=1, delivered=1)
    assert watched.told == [("changed", key), ("decided", key)]
    row.refresh_from_db()
    assert row.phase == Phase.DECIDED
    assert row.audit_state is AuditState.REJECTED
    assert (row.reason, row.screenshots) == ("1:no content:<br>(1):nothing", ["media-1"])
    assert row.decided_at == row.checked_at == watched.fake.clock.now()
    assert row.next_check_at is None
    [change] = AuditChange.objects.all()
    assert (change.old_state, change.new_state) == (AuditState.IN_REVIEW, AuditState.REJECTED)
    assert (change.reason, change.screenshots) == (row.reason, row.screenshots)
    assert change.delivered_at == watched.fake.clock.now()
    watched.advance(100 * DAY)
    assert watched.poll() == PollReport()


def test_each_change_is_told_in_order(watched: WatchedFake) -> None:
    life = [Step(4, reason="later", after=3600), Step(0, after=7200)]
    audit, row = watched.submit(life=life)

    for _ in range(40):
        watched.poll()
        watched.advance(10 * MINUTE)

    changes = AuditChange.objects.order_by("sequence")
    assert list(changes.values_list("old_state", "new_state")) == [(2, 4), (4, 0)]
    keys = [f"wx1:{audit.auditid}:{sequence}" for sequence in (1, 2)]
    assert watched.told == [("changed", keys[0]), ("changed", keys[1]), ("decided", keys[1])]
    row.refresh_from_db()
    assert (row.phase, row.sequence) == (Phase.DECIDED, 2)


def test_a_state_unknown_today_is_told_and_watched_on(watched: WatchedFake) -> None:
    audit, row = watched.submit(state=5)
    watched.poll()
    row.refresh_from_db()
    assert row.audit_state == 5
    assert row.phase == Phase.WATCHING
    assert watched.told == [("changed", f"wx1:{audit.auditid}:1")]
    assert row.next_check_at is not None
    assert row.next_check_at - watched.fake.clock.now() >= 27 * MINUTE


def test_a_number_beyond_32_bits_and_a_text_with_nul_are_stored(watched: WatchedFake) -> None:
    audit, row = watched.submit()
    fault = Fault(fields={"status": 2**40, "reason": "a\0b😀", "screenshot": "m\0|n"})
    watched.fake.fail_next(fault, auditid=audit.auditid)
    assert watched.poll().changed == 1
    row.refresh_from_db()
    assert (row.state, row.reason, row.screenshots) == (2**40, "ab😀", ["m", "n"])


def test_watching_again_changes_nothing(watched: WatchedFake) -> None:
    _, row = watched.submit(note="first", deadline=DAY)
    watched.poll()
    before = AuditWatch.objects.values().get()
    assert watch("wx1", str(row.auditid), note="second", deadline=2 * DAY) == row
    assert AuditWatch.objects.values().get() == before


@pytest.mark.parametrize("phase", [Phase.STOPPED, Phase.PARKED, Phase.FAILED])
def test_watching_again_resumes_what_has_ended(watched: WatchedFake, phase: str) -> None:
    audit, row = watched.submit()
    watched.poll()
    ended = {"phase": phase, "next_check_at": None, "failures": 3, "last_error": "TokenError: no"}
    AuditWatch.objects.update(**ended)
    assert watched.poll() == PollReport()
    resumed = watch("wx1", audit.auditid, note="again", deadline=DAY)
    assert (resumed.pk, resumed.phase, resumed.failures) == (row.pk, Phase.WATCHING, 0)
    assert (resumed.note, resumed.deadline) == ("again", watched.fake.clock.now() + DAY)
    audit.approve()
    assert watched.poll().decided == 1


def test_a_decided_watch_is_not_resumed(watched: WatchedFake) -> None:
    audit, _ = watched.submit(state=0)
    watched.poll()
    assert watch("wx1", audit.auditid).phase == Phase.DECIDED
    assert watched.poll() == PollReport()


def test_a_watch_begins_with_the_commit_of_the_callers_transaction(
    watched: WatchedFake, database: str
) -> None:
    audit = watched.fake.submit("wx1")
    with transaction.atomic(using=database):
        watch("wx1", audit.auditid)
        transaction.set_rollback(True, using=database)
    assert not AuditWatch.objects.exists()
    with transaction.atomic(using=database):
        watch("wx1", audit.auditid)
        # It is still there: the caller's transaction goes on.
        watch("wx1", audit.auditid)
    assert watched.poll().answered == 1


def test_polling_is_refused_inside_a_transaction(watched: WatchedFake, database: str) -> None:
    watched.submit()
    with (
        transaction.atomic(using=database),
        pytest.raises(RuntimeError, match=r"poll_due\(\) must not be called inside a transaction"),
    ):
        poll_due()
    assert watched.poll().answered == 1


def test_asyncio_watches_too(watched: WatchedFake) -> None:
    audit = watched.fake.submit("wx1")

    async def main() -> AuditWatch:
        row = await awatch("wx1", audit.auditid, note="from a view")
        # That of the thread in which asyncio runs the queries.
        await sync_to_async(connections.close_all)()
        return row

    row = asyncio.run(main())
    assert row.note == "from a view"
    assert watch("wx1", audit.auditid) == row


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("", 1), "appid must be the appid"),
        ((None, 1), "appid must be the appid of a mini program, got NoneType"),
        (("wx 1", 1), "appid must be"),
        (("wx\n1", 1), "appid must be"),
        (("w" * 65, 1), "at most 64"),
        (("wx1", 0), "auditid"),
        (("wx1", -1), "auditid"),
        (("wx1", True), "auditid"),
        (("wx1", 1.5), "auditid"),
        (("wx1", None), "auditid"),
        (("wx1", 2**63), "auditid"),
        (("wx1", "abc"), "auditid"),
    ],
)
def test_a_wrong_audit_is_refused_before_anything_is_written(
    watched: WatchedFake, arguments: tuple[Any, Any], problem: str
) -> None:
    del watched
    with pytest.raises(ArgumentError, match=problem):
        watch(*arguments)
    assert not AuditWatch.objects.exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"note": "n" * 201}, "at most 200"),
        ({"note": "a\0"}, "NUL"),
        ({"note": None}, "note must be a text"),
        ({"deadline": 5}, "deadline must be a datetime or a timedelta, got 5"),
        ({"deadline": datetime(2030, 1, 1)}, "aware datetime"),  # noqa: DTZ001  # that is the mistake
        ({"deadline": timedelta.max}, "too far away"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_written(
    watched: WatchedFake, options: dict[str, Any], problem: str
) -> None:
    del watched
    with pytest.raises(ArgumentError, match=problem):
        watch("wx1", 1, **options)
    assert not AuditWatch.objects.exists()


def test_the_largest_auditid_is_watched(watched: WatchedFake) -> None:
    audit, row = watched.submit(auditid=2**63 - 1, state=0)
    watched.poll()
    row.refresh_from_db()
    assert (row.auditid, row.phase) == (audit.auditid, Phase.DECIDED)


def test_a_passed_deadline_is_told_once_and_in_time(watched: WatchedFake) -> None:
    audit, row = watched.submit(deadline=100 * MINUTE)
    for _ in range(11):
        watched.poll()
        watched.advance(9 * MINUTE)
    assert watched.poll().overdue == 0
    watched.advance(MINUTE)
    assert watched.poll().overdue == 1
    key = f"wx1:{audit.auditid}:1"
    assert watched.told == [("overdue", key)]
    row.refresh_from_db()
    assert row.overdue_at == watched.fake.clock.now()
    assert row.phase == Phase.WATCHING
    assert list(AuditWatch.objects.all().overdue()) == [row]
    watched.advance(DAY)
    watched.poll()
    audit.approve()
    watched.advance(DAY)
    watched.poll()
    decision = f"wx1:{audit.auditid}:2"
    assert watched.told == [("overdue", key), ("changed", decision), ("decided", decision)]


def test_the_setting_gives_watches_a_deadline(watched: WatchedFake) -> None:
    watched.configure(OVERDUE=7 * DAY)
    _, row = watched.submit()
    watched.poll()
    watched.advance(7 * DAY)
    assert watched.poll().overdue == 1
    row.refresh_from_db()
    assert row.deadline is None
    assert watched.poll().overdue == 0


def test_a_decision_after_the_deadline_is_not_overdue(watched: WatchedFake) -> None:
    watched.submit(deadline=MINUTE, state=0)
    watched.advance(DAY)
    watched.poll()
    assert [name for name, _ in watched.told] == ["changed", "decided"]


def test_a_stopped_watch_is_not_asked_about(watched: WatchedFake) -> None:
    audit, row = watched.submit()
    assert AuditWatch.objects.all().stop() == 1
    assert watched.poll() == PollReport()
    assert audit.polls == 0
    row.refresh_from_db()
    assert row.phase == Phase.STOPPED


def test_checking_now_asks_before_the_next_check(watched: WatchedFake) -> None:
    audit, _ = watched.submit()
    watched.poll()
    assert AuditWatch.objects.all().check_now() == 1
    assert watched.poll().answered == 1
    assert audit.polls == 2
    AuditWatch.objects.update(phase=Phase.FAILED, next_check_at=None, failures=3)
    assert AuditWatch.objects.all().check_now() == 1
    audit.approve()
    assert watched.poll().decided == 1
    assert AuditWatch.objects.all().check_now() == 0


def test_old_decided_watches_are_deleted(watched: WatchedFake) -> None:
    watched.configure(RETENTION=30 * DAY)
    old, _ = watched.submit(state=0)
    untold, _ = watched.submit(state=0)
    pending, _ = watched.submit()

    def refuse(_name: str, row: AuditWatch, _change: AuditChange) -> None:
        if row.auditid == untold.auditid:
            raise ValueError

    watched.on_signal = refuse
    watched.poll()
    watched.advance(29 * DAY)
    assert watched.poll().deleted == 0
    watched.advance(2 * DAY)
    recent, _ = watched.submit(state=0)
    assert watched.poll().deleted == 1
    left = set(AuditWatch.objects.values_list("auditid", flat=True))
    assert left == {untold.auditid, pending.auditid, recent.auditid}
    assert old.auditid not in left


def test_a_limit_bounds_how_many_are_asked(watched: WatchedFake) -> None:
    watched.configure(BATCH_SIZE=2)
    for _ in range(7):
        watched.submit()
    assert watched.poll(limit=3) == PollReport(claimed=3, answered=3)
    assert watched.poll(limit=0) == PollReport()
    assert watched.poll() == PollReport(claimed=4, answered=4)


def test_polling_stops_between_chunks(watched: WatchedFake) -> None:
    watched.configure(BATCH_SIZE=2)
    for _ in range(6):
        watched.submit()
    answers = iter([False, True])
    report = watched.poll(should_stop=lambda: next(answers, True))
    assert report == PollReport(claimed=2, answered=2)
    assert watched.poll().answered == 4


def test_watches_are_shown_as_a_table(watched: WatchedFake) -> None:
    rejected, _ = watched.submit(state=1, reason="1:why:<br>(1):so<br>")
    unknown = watch("wx2", 5)
    watched.poll()
    frame = AuditWatch.objects.order_by("appid").to_pandas()
    assert list(frame["auditid"]) == [rejected.auditid, unknown.auditid]
    assert frame["state"][0] == "REJECTED"
    assert frame["reasons"][0] == [{"title": "why", "details": ["so"]}]
    assert "AuditNotFoundError" in frame["error"][1]
