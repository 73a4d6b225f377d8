"""`manage.py wxaudit_poll --loop` as a process: it loses nothing when it stops, and several work at once."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from support.django.site_command import SiteCommand
from wxaudit import AuditState
from wxaudit.django import watch
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wxaudit.testing import FakeWeChat

LOOP = ("wxaudit_poll", "--loop", "--interval", "0.2")
CHUNK = 5


def site(fake: FakeWeChat, **options: int) -> dict[str, Any]:
    client = {"base_url": fake.base_url, "timeout": 60}
    return {"token": fake.token("wx1"), "wxaudit": {"CLIENT": client, "WATCH": options}}


def submit_approved(fake: FakeWeChat, count: int) -> None:
    for _ in range(count):
        audit = fake.submit("wx1")
        audit.approve()
        watch("wx1", audit.auditid)


def count(**conditions: Any) -> int:
    return AuditWatch.objects.filter(**conditions).count()


def test_sigterm_lets_the_chunk_end_and_takes_no_other(database: str, fake: FakeWeChat) -> None:
    submit_approved(fake, CHUNK + 3)
    fake.fail_next(Fault(hold=True), times=None)
    with SiteCommand(database, site(fake, BATCH_SIZE=CHUNK), *LOOP) as loop:
        fake.wait_for_held(CHUNK, timeout=60)
        loop.stop()
        # It has had the signal if it still asks when the answers come.
        fake.release()
        code, out = loop.ended()
    assert code == 0, out
    assert re.search(rf"INFO round: claimed {CHUNK}, answered {CHUNK}, changed {CHUNK}", out), out
    assert out.endswith("INFO stopped: every claimed watch is recorded\n")
    assert count(phase=AuditWatch.Phase.DECIDED, state=AuditState.APPROVED) == CHUNK
    # What was not claimed is as it was, and what was decided is told now or by the next driver.
    assert count(phase=AuditWatch.Phase.WATCHING, lease="", checked_at=None) == 3
    assert AuditChange.objects.count() == CHUNK


def test_a_second_signal_ends_it_at_once(database: str, fake: FakeWeChat) -> None:
    submit_approved(fake, 2)
    fake.fail_next(Fault(hold=True), times=None)
    with SiteCommand(database, site(fake), *LOOP) as loop:
        fake.wait_for_held(2, timeout=60)
        loop.stop()
        loop.stop(signal.SIGINT)
        code, _ = loop.ended()
    fake.release()
    assert code != 0
    # The watches are given back, and asked about in the next round of any driver.
    assert count(phase=AuditWatch.Phase.WATCHING, checked_at=None) == 2


def test_an_idle_loop_stops_at_once(database: str, fake: FakeWeChat) -> None:
    with SiteCommand(database, site(fake), *LOOP[:-1], "3600") as loop:
        assert re.match(r"\S+ \S+ INFO round: nothing due in \d+\.\d s\n", loop.line())
        loop.stop()
        code, out = loop.ended()
    assert (code, out.count("\n")) == (0, 1), out


def test_two_drivers_with_two_threads_each(database: str, fake: FakeWeChat) -> None:
    watches = 120
    started = [SiteCommand(database, site(fake, BATCH_SIZE=10), *LOOP, "--workers", "2") for _ in range(2)]
    with started[0] as first, started[1] as second:
        lines = [first.line()]
        # Both work before there is anything to do.
        assert "nothing due" in lines[0]
        assert "nothing due" in second.line()
        submit_approved(fake, watches)
        while AuditChange.objects.exclude(delivered_at=None).count() < watches:
            lines.append(first.line())
        for loop in (first, second):
            loop.stop()
        ends = [loop.ended() for loop in (first, second)]
    assert [code for code, _ in ends] == [0, 0], ends
    outputs = ["".join(lines) + ends[0][1], ends[1][1]]
    claimed = [sum(map(int, re.findall(r"claimed (\d+)", out))) for out in outputs]
    print(f"{database}: {claimed[0]} and {claimed[1]} watches by two drivers")
    assert sum(claimed) == watches
    assert len(fake.requests) == watches
    assert AuditChange.objects.exclude(delivered_at=None).count() == watches
    assert not any("failed" in out for out in outputs), outputs


@pytest.fixture
def unmigrated(database: str) -> Iterator[str]:
    MigrationExecutor(connections[database]).migrate([("wxaudit", None)])
    yield database
    migrate(database)


def migrate(database: str) -> None:
    executor = MigrationExecutor(connections[database])
    executor.migrate(executor.loader.graph.leaf_nodes("wxaudit"))


def test_a_round_that_fails_does_not_end_the_loop(unmigrated: str, fake: FakeWeChat) -> None:
    with SiteCommand(unmigrated, site(fake), *LOOP) as loop:
        assert "ERROR round failed, the next one in 0 s: " in loop.line()
        migrate(unmigrated)
        while "INFO round: nothing due" not in (line := loop.line()):
            assert "ERROR round failed" in line
        loop.stop()
        assert loop.ended()[0] == 0
