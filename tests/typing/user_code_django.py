"""What a user's Django project sees of the types. pyright has no plug-in for Django; mypy has."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.dispatch import receiver
from typing_extensions import assert_type

import wxaudit
import wxaudit.events
from wxaudit.django import (
    PollReport,
    audit_decided,
    awatch,
    check_now,
    get_async_client,
    get_client,
    poll_due,
    watch,
)
from wxaudit.django.admin import AuditWatchAdmin
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.django.views import AuditEventsView


class Admin(AuditWatchAdmin):
    list_per_page = 20
    list_display = (*AuditWatchAdmin.list_display, "note")
    search_fields = ["note"]  # noqa: RUF012  # as Django's tutorial writes it


class Events(AuditEventsView):
    def find_appid(self, event: wxaudit.events.AuditEvent) -> str:
        return f"wx{event.original_id}"


async def functions(appid: str, auditid: int) -> None:
    assert_type(watch(appid, auditid, note="shop", deadline=timedelta(days=3)), AuditWatch)
    assert_type(await awatch(appid, auditid), AuditWatch)
    assert_type(check_now(appid), int)
    assert_type(poll_due(), PollReport)
    assert_type(get_client(), wxaudit.Client)
    assert_type(get_async_client(), wxaudit.AsyncClient)


@receiver(audit_decided)
def decided(watch: AuditWatch, change: AuditChange, key: str, **_: object) -> None:
    assert_type(watch.audit.status, wxaudit.AuditState)
    assert_type(change.is_decision, bool)
    assert_type(change.watch.appid, str)
    assert_type(change.watch_id, int)
    assert_type(change.observed_at, datetime)
    assert_type(change.get_kind_display(), str)
    print(change.key == key)


def rows(row: AuditWatch) -> None:
    assert_type(row.id, int)
    assert_type(row.appid, str)
    assert_type(row.auditid, int)
    assert_type(row.decided_at, datetime | None)
    assert_type(row.created_at, datetime)
    assert_type(row.screenshots, list[str])
    assert_type(row.audit_state, wxaudit.AuditState)
    assert_type(row.get_phase_display(), str)
    row.note = "shop"
    row.save(update_fields=["note"])
    for change in row.changes.all():
        assert_type(change, AuditChange)


def queries() -> None:
    assert_type(AuditWatch.objects.get(appid="wx01", auditid=5), AuditWatch)
    assert_type(AuditWatch.objects.filter(appid="wx01").overdue().count(), int)
    assert_type(AuditWatch.objects.pending().stop(), int)
    assert_type(AuditChange.objects.failed().deliver_again(), int)
    for row in AuditWatch.objects.decided().order_by("-decided_at"):
        assert_type(row, AuditWatch)
    for change in AuditChange.objects.undelivered():
        assert_type(change, AuditChange)
    AuditWatch.objects.to_pandas()


def mistakes(row: AuditWatch) -> None:
    """Each comment is needed: without an error below it, mypy and pyright report the comment itself."""
    row.auditid = "5"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    _ = row.reasn  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
