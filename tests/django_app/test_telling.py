"""Receivers that raise, hang or watch themselves, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections, transaction

from wxaudit.django import PollReport, audit_changed, watch
from wxaudit.django._polling.delivery import BATCH_SIZE
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from support.django.watched_fake import WatchedFake

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


class RefusedError(Exception):
    """What a receiver raises."""


def test_a_receiver_that_raises_is_called_again_later(watched: WatchedFake) -> None:
    audit, _ = watched.submit(state=0)
    key = f"wx1:{audit.auditid}:1"
    refusals = [RefusedError("token=secret"), RefusedError()]

    def refuse_twice(name: str, *_: object) -> None:
        if name == "changed" and refusals:
            raise refusals.pop()

    watched.on_signal = refuse_twice
    assert watched.poll() == PollReport(claimed=1, answered=1, changed=1, decided=1, undelivered=1)
    # The other signals of the change do not wait for it.
    assert watched.told == [("decided", key)]
    change = AuditChange.objects.get()
    assert change.attempts == 1
    assert change.last_error.startswith("RefusedError raised by ")
    assert change.last_error.endswith("receive")
    assert watched.poll() == PollReport()
    watched.advance(11)
    assert watched.poll() == PollReport(undelivered=1)
    watched.advance(11)
    assert watched.poll() == PollReport()
    watched.advance(11)
    assert watched.poll() == PollReport(delivered=1)
    assert watched.told == [("decided", key), ("decided", key), ("changed", key), ("decided", key)]
    change.refresh_from_db()
    assert (change.attempts, change.last_error) == (3, "")
    assert change.delivered_at is not None


def test_a_receiver_that_raises_does_not_block_other_watches_nor_lets_its_own_overtake(
    watched: WatchedFake,
) -> None:
    refused, _ = watched.submit("wx1", state=4, reason="later")
    other, _ = watched.submit("wx2", state=4, reason="later")
    failing = True

    def refuse(_name: str, row: AuditWatch, _change: AuditChange) -> None:
        if failing and row.auditid == refused.auditid:
            raise RefusedError

    watched.on_signal = refuse
    watched.poll()
    assert watched.told == [("changed", f"wx2:{other.auditid}:1")]
    # The decision comes before the earlier change was told.
    refused.approve()
    AuditWatch.objects.all().check_now()
    watched.poll()
    assert watched.told == [("changed", f"wx2:{other.auditid}:1")]
    failing = False
    watched.advance(MINUTE)
    watched.poll()
    first, second = (f"wx1:{refused.auditid}:{sequence}" for sequence in (1, 2))
    assert watched.told[1:] == [("changed", first), ("changed", second), ("decided", second)]


def test_a_change_fails_at_the_last_attempt_and_later_ones_go_on(watched: WatchedFake) -> None:
    watched.configure(DELIVERY_ATTEMPTS=3)
    audit, _ = watched.submit(state=4)

    def refuse(_name: str, _watch: AuditWatch, change: AuditChange) -> None:
        if change.sequence == 1:
            raise RefusedError

    watched.on_signal = refuse
    reports = []
    for _ in range(5):
        reports.append(watched.poll().undelivered)
        watched.advance(2 * MINUTE)
    assert sum(reports) == 3
    change = AuditChange.objects.get()
    assert change.failed_at is not None
    assert change.next_delivery_at is None
    assert AuditChange.objects.all().failed().count() == 1
    audit.approve()
    AuditWatch.objects.all().check_now()
    watched.poll()
    second = f"wx1:{audit.auditid}:2"
    assert watched.told == [("changed", second), ("decided", second)]


def test_a_failed_change_can_be_delivered_again(watched: WatchedFake) -> None:
    watched.configure(DELIVERY_ATTEMPTS=1)
    audit, _ = watched.submit(state=0)
    refusals = [RefusedError()]

    def refuse_once(*_: object) -> None:
        if refusals:
            raise refusals.pop()

    watched.on_signal = refuse_once
    watched.poll()
    watched.told.clear()
    assert watched.poll() == PollReport()
    assert AuditChange.objects.all().failed().deliver_again() == 1
    assert watched.poll() == PollReport(delivered=1)
    key = f"wx1:{audit.auditid}:1"
    assert watched.told == [("changed", key), ("decided", key)]


def test_a_receiver_may_watch_the_next_audit(watched: WatchedFake, database: str) -> None:
    first, _ = watched.submit(state=1, reason="again")
    second = watched.fake.submit("wx1", state=0)

    def submit_again(name: str, row: AuditWatch, _change: AuditChange) -> None:
        if name == "decided" and row.auditid == first.auditid:
            with transaction.atomic(using=database):
                watch("wx1", second.auditid)

    watched.on_signal = submit_again
    watched.poll()
    watched.poll()
    assert [name for name, key in watched.told if key.startswith(f"wx1:{second.auditid}")] == [
        "changed",
        "decided",
    ]


def test_receivers_are_called_outside_any_transaction(watched: WatchedFake, database: str) -> None:
    watched.submit(state=0)
    seen = []
    watched.on_signal = lambda *_: seen.append(connections[database].in_atomic_block)
    watched.poll()
    assert seen == [False, False]


def test_a_receiver_sees_the_watch_as_the_database_has_it(watched: WatchedFake) -> None:
    audit, _ = watched.submit(state=1, reason="because")
    seen = []

    def receive(**sent: Any) -> None:
        seen.append((sent["sender"], sent["watch"].phase, sent["change"].reason, sent["key"]))

    audit_changed.connect(receive)
    try:
        watched.poll()
    finally:
        audit_changed.disconnect(receive)
    assert seen == [(AuditWatch, AuditWatch.Phase.DECIDED, "because", f"wx1:{audit.auditid}:1")]


def test_a_receiver_that_hangs_holds_up_no_other_worker(watched: WatchedFake, database: str) -> None:
    hanging, _ = watched.submit("wx1", state=0)
    other, _ = watched.submit("wx2", state=0)
    entered, go_on = threading.Event(), threading.Event()
    first = True

    def hang_once(_name: str, row: AuditWatch, _change: AuditChange) -> None:
        nonlocal first
        if first and row.auditid == hanging.auditid:
            first = False
            entered.set()
            assert go_on.wait(60)

    watched.on_signal = hang_once
    reports = []

    def poll() -> None:
        reports.append(watched.poll())
        connections[database].close()

    thread = threading.Thread(target=poll)
    thread.start()
    assert entered.wait(60)
    # The other worker gets what the first one has claimed when its lease has ended.
    assert watched.poll() == PollReport()
    watched.advance(6 * MINUTE)
    report = watched.poll()
    assert report.delivered == 2
    go_on.set()
    thread.join(60)
    # At least once, with the same key; and the late worker has changed nothing.
    key = f"wx1:{hanging.auditid}:1"
    assert watched.told.count(("decided", key)) == 2
    assert watched.told.count(("decided", f"wx2:{other.auditid}:1")) == 1
    assert [report.skipped for report in reports] == [1]
    assert not AuditChange.objects.all().undelivered().exists()


def test_more_changes_than_are_claimed_at_once_are_told(watched: WatchedFake) -> None:
    for number in range(BATCH_SIZE + 5):
        watched.submit(f"wx{number % 3}", state=0)
    assert watched.poll().delivered == BATCH_SIZE + 5
    assert len(set(watched.told)) == 2 * (BATCH_SIZE + 5)


def test_what_interrupts_a_receiver_gives_the_changes_back(watched: WatchedFake) -> None:
    for _ in range(3):
        watched.submit(state=0)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    watched.on_signal = interrupt
    with pytest.raises(KeyboardInterrupt):
        watched.poll()
    watched.on_signal = lambda *_: None
    assert watched.poll().delivered == 3
    assert set(AuditChange.objects.values_list("attempts", flat=True)) == {1}


def test_stopping_gives_the_changes_back(watched: WatchedFake) -> None:
    for _ in range(3):
        watched.submit(state=0)
    assert watched.poll(should_stop=lambda: len(watched.told) > 2).delivered == 2
    assert watched.poll().delivered == 1


def test_a_receiver_that_ends_the_process_is_not_called_for_ever(watched: WatchedFake) -> None:
    watched.configure(DELIVERY_ATTEMPTS=3)
    _, row = watched.submit()
    watched.poll()
    now = watched.fake.clock.now()
    # As three workers leave it that died while they called receivers.
    AuditChange.objects.create(
        watch=row, sequence=1, old_state=2, new_state=4, observed_at=now, next_delivery_at=now, attempts=3
    )
    assert watched.poll() == PollReport(undelivered=1)
    assert watched.told == []
    change = AuditChange.objects.get()
    assert change.failed_at is not None
    assert "ended while it called" in change.last_error


def test_a_deleted_watch_is_not_told_of(watched: WatchedFake) -> None:
    watched.submit(state=0)

    def delete(*_: object) -> None:
        AuditWatch.objects.all().delete()

    watched.on_signal = delete
    report = watched.poll()
    assert (report.delivered, report.skipped) == (0, 1)
    assert not AuditChange.objects.exists()
