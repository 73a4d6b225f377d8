"""Several workers on the same watches, and workers that die, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from freezegun import freeze_time

from support.django.settings import SERVERS
from support.subprocess_runner import run_child
from wxaudit.django import PollReport, _clock, _hints
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.django.watched_fake import WatchedFake

MINUTE = timedelta(minutes=1)
PROGRAMS = Path(__file__).parents[1] / "programs"


def _start(database: str, work: Callable[[], object]) -> threading.Thread:
    """Starts a thread that has a database connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connections[database].close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_two_workers_share_the_watches(watched: WatchedFake, database: str) -> None:
    watched.configure(BATCH_SIZE=3)
    audits = [watched.submit(state=0)[0] for _ in range(40)]
    reports: list[PollReport] = []
    start = threading.Barrier(3)

    def work() -> None:
        start.wait(60)
        reports.extend(watched.poll() for _ in range(4))

    workers = [_start(database, work) for _ in range(3)]
    for worker in workers:
        worker.join(120)
    total = sum(reports, PollReport())
    assert (total.claimed, total.decided, total.delivered) == (40, 40, 40)
    assert [audit.polls for audit in audits] == [1] * 40
    assert len(watched.told) == len(set(watched.told)) == 80


def test_a_late_worker_writes_nothing(watched: WatchedFake, database: str) -> None:
    audit, row = watched.submit()
    # The first worker's question is answered with the old state, after its lease.
    watched.fake.fail_next(Fault(hold=True))
    reports: list[PollReport] = []
    late = _start(database, lambda: reports.append(watched.poll()))
    watched.fake.wait_for_held(1, timeout=60)
    audit.approve()
    watched.advance(6 * MINUTE)
    assert watched.poll() == PollReport(claimed=1, answered=1, changed=1, decided=1, delivered=1)
    written = AuditWatch.objects.values().get()
    watched.fake.release()
    late.join(60)
    assert reports == [PollReport(claimed=1, skipped=1)]
    assert AuditWatch.objects.values().get() == written
    assert AuditChange.objects.count() == 1
    assert row.pk == written["id"]


def _check_all_now() -> int:
    return AuditWatch.objects.all().check_now()


@pytest.mark.parametrize(
    "hint", [_check_all_now, partial(_hints.check_now, "wx1")], ids=["query set", "push"]
)
def test_a_hint_outlives_the_answer_that_is_on_its_way(
    watched: WatchedFake, database: str, hint: Callable[[], int]
) -> None:
    watched.submit()
    watched.fake.fail_next(Fault(hold=True))
    reports: list[PollReport] = []
    late = _start(database, lambda: reports.append(watched.poll()))
    watched.fake.wait_for_held(1, timeout=60)
    # A push event, for example.
    assert hint() == 1
    watched.fake.release()
    late.join(60)
    assert reports == [PollReport(claimed=1, skipped=1)]
    assert watched.poll().answered == 1


def test_hosts_whose_clocks_differ_respect_each_others_leases(watched: WatchedFake, database: str) -> None:
    watched.configure(LEASE=240)
    audit, row = watched.submit()
    _clock.replacement = None
    watched.fake.fail_next(Fault(hold=True))
    late = _start(database, watched.poll)
    watched.fake.wait_for_held(1, timeout=60)
    row.refresh_from_db()
    assert row.lease
    for minutes in (-5, 5):
        with freeze_time(datetime.now(timezone.utc) + minutes * MINUTE, tick=True):
            assert watched.poll() == PollReport()
    watched.fake.release()
    late.join(60)
    assert audit.polls == 1


@pytest.mark.parametrize("minutes", [-5, 5])
def test_the_end_of_a_quota_does_not_go_by_a_clock_that_is_wrong(minutes: int) -> None:
    now = datetime.now(timezone.utc)
    with freeze_time(now + minutes * MINUTE):
        # What the client of this host has computed.
        retry_at = datetime.now(timezone.utc) + MINUTE
        assert _clock.from_host(retry_at, now) == now + MINUTE


def test_a_worker_that_is_killed_at_any_step_loses_nothing(watched: WatchedFake, database: str) -> None:
    audits = [str(watched.fake.submit("wx1", state=0).auditid) for _ in range(80)]
    token = watched.fake.token("wx1")
    script = (PROGRAMS / "django_killed_worker.py").read_text()
    environment = {"WXAUDIT_TEST_SERVERS": SERVERS}
    printed = run_child(script, database, watched.fake.base_url, token, *audits, environment=environment)
    *killed, summary = printed.splitlines()
    outcome = json.loads(summary)
    keys = {f"wx1:{number}:1" for number in audits[: len(killed) + 1]}
    assert (outcome["undecided"], outcome["undelivered"]) == (0, 0)
    # Each change exactly once, told at least once, and twice only by one that was killed while it told.
    assert outcome["changes"] == dict.fromkeys(keys, 1)
    assert set(outcome["told"]) == keys
    twice = [key for key, count in outcome["told"].items() if count > 1]
    assert all(count <= 2 for count in outcome["told"].values())
    places = [line.removeprefix("killed at: ") for line in killed]
    queries = {"SELECT", "UPDATE", "INSERT", "COMMIT"}
    assert set(places) >= queries | {"token source", "receiver", "end of receiver"}
    first, last = places.index("end of receiver"), len(places)
    assert {audits.index(key.split(":")[1]) for key in twice} <= set(range(first, last))
