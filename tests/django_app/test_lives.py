"""Any life of some audits, with faults, receivers that raise and interruptions: the record is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxaudit import AuditState
from wxaudit.django import watch
from wxaudit.django._polling import outage
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import FakeAudit, Fault

if TYPE_CHECKING:
    from support.django.watched_fake import WatchedFake

# No quotas: the client waits for their end by the real time.
errcodes = st.sampled_from([-1, 40001, 61003, 61004, 85012])
audits = st.integers(0, 2)
steps = st.one_of(
    st.tuples(st.just("poll")),
    st.tuples(st.just("check now")),
    st.tuples(st.just("advance"), st.sampled_from([10, 61, 400, 3600, 90_000])),
    st.tuples(st.just("change"), audits, st.sampled_from(["approve", "reject", "delay", "withdraw"])),
    st.tuples(st.just("fault"), errcodes, st.integers(1, 4)),
    st.tuples(st.just("cut"), st.integers(1, 30)),
    st.tuples(st.just("refuse"), st.integers(1, 3)),
    st.tuples(st.just("interrupt")),
    st.tuples(st.just("watch again"), audits),
)


@pytest.mark.parametrize("database", ["default"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
@given(script=st.lists(steps, max_size=25))
def test_the_record_is_the_life(watched: WatchedFake, database: str, script: list[tuple[Any, ...]]) -> None:
    del database
    life = _Life(watched)
    for name, *values in script:
        getattr(life, name.replace(" ", "_"))(*values)
    life.end()


class _Life:
    def __init__(self, watched: WatchedFake) -> None:
        AuditChange.objects.all().delete()
        AuditWatch.objects.all().delete()
        watched.fake.clear_faults()
        watched.fake.authorize("wx1")
        outage.outage.reset()
        watched.configure()
        watched.told.clear()
        watched.on_signal = self._receive
        self._watched = watched
        self._refusals = 0
        self._interrupt = False
        self._audits: list[FakeAudit] = [watched.submit("wx1")[0] for _ in range(3)]

    def _receive(self, *_: object) -> None:
        if self._interrupt:
            self._interrupt = False
            raise KeyboardInterrupt
        if self._refusals:
            self._refusals -= 1
            raise LookupError

    def poll(self) -> None:
        try:
            self._watched.poll()
        except KeyboardInterrupt:
            return

    def check_now(self) -> None:
        AuditWatch.objects.all().check_now()

    def advance(self, seconds: int) -> None:
        self._watched.advance(seconds)

    def change(self, number: int, how: str) -> None:
        audit = self._audits[number]
        if not audit.state.is_final and not (how == "delay" and audit.state == AuditState.DELAYED):
            getattr(audit, how)()

    def fault(self, errcode: int, times: int) -> None:
        self._watched.fake.fail_next(Fault(errcode=errcode), times)

    def cut(self, times: int) -> None:
        self._watched.fake.fail_next(Fault(cut="head"), times)

    def refuse(self, times: int) -> None:
        self._refusals += times

    def interrupt(self) -> None:
        self._interrupt = True

    def watch_again(self, number: int) -> None:
        watch("wx1", self._audits[number].auditid)

    def end(self) -> None:
        """Everything is well again: the record catches up with WeChat, and all is told."""
        self._watched.fake.clear_faults()
        self._refusals, self._interrupt = 0, False
        for number in range(3):
            self.watch_again(number)
        for _ in range(4):
            self.advance(26 * 3600)
            self.check_now()
            self.poll()
        told = [key for name, key in self._watched.told if name == "changed"]
        for audit in self._audits:
            row = AuditWatch.objects.get(auditid=audit.auditid)
            assert row.audit_state == audit.state
            assert (row.phase == AuditWatch.Phase.DECIDED) == audit.state.is_final
            assert (row.failures, row.last_error) == (0, "")
            changes = list(AuditChange.objects.filter(watch=row).order_by("sequence"))
            assert [change.sequence for change in changes] == list(range(1, len(changes) + 1))
            states = [change.new_state for change in changes]
            assert [change.old_state for change in changes] == [AuditState.IN_REVIEW.value, *states][
                : len(states)
            ]
            assert all(change.delivered_at is not None for change in changes)
            # In order, however often each was told.
            own = [key for key in told if key.startswith(f"wx1:{audit.auditid}:")]
            assert own == sorted(own)
            assert set(own) == {change.key for change in changes}
