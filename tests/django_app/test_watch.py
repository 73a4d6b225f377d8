"""From `watch` to the last signal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from wxaudit import AuditState
from wxaudit.django import PollReport
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from support.watched_fake import WatchedFake

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("database")


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
    assert row.phase == AuditWatch.Phase.DECIDED
    assert row.audit_state is AuditState.REJECTED
    assert (row.reason, row.screenshots) == ("1:no content:<br>(1):nothing", ["media-1"])
    assert row.decided_at == row.checked_at == watched.fake.clock.now()
    assert row.next_check_at is None
    [change] = AuditChange.objects.all()
    assert (change.old_state, change.new_state) == (AuditState.IN_REVIEW, AuditState.REJECTED)
    assert change.delivered_at is not None
    watched.advance(timedelta(days=100))
    assert watched.poll() == PollReport()
