"""The numbers: what is counted, on three databases, in the time zone of the site, and at what cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin import AdminSite
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone as django_timezone

from support.django.staff import logged_in
from wxaudit import AuditState
from wxaudit.django._admin import numbers
from wxaudit.django.admin import AuditWatchAdmin
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wxaudit.django._admin.numbers import Decisions, Stuck

PAGE = "/admin/wxaudit/auditwatch/numbers/"
# For mypy as Python 3.10, its members are tuples.
PHASE: Any = AuditWatch.Phase
# 20:00 in Shanghai.
NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _shanghai() -> Iterator[None]:
    with django_timezone.override("Asia/Shanghai"):
        yield


def decide(state: int, at: datetime, hours: float = 1, reason: str = "") -> None:
    AuditWatch.objects.create(
        appid="wx1",
        auditid=AuditWatch.objects.count() + 1,
        phase=PHASE.DECIDED,
        state=state,
        reason=reason,
        created_at=at - timedelta(hours=hours),
        decided_at=at,
        next_check_at=None,
    )


def decisions(days: int = 7) -> Decisions:
    return numbers.read_decisions(AuditWatch.objects.all(), NOW, days)


def stuck() -> Stuck:
    return numbers.read_stuck(AuditWatch.objects.all(), AuditChange.objects.all(), NOW)


def test_decisions_are_counted_by_day_and_state(database: str) -> None:  # noqa: ARG001
    today = datetime(2026, 11, 28, 16, tzinfo=timezone.utc)  # its midnight in Shanghai
    decide(0, today)
    decide(0, today + timedelta(hours=3))
    decide(1, today - timedelta(microseconds=1))
    decide(3, today - timedelta(days=6))
    decide(0, today - timedelta(days=6, microseconds=1))  # a day too early
    AuditWatch.objects.create(appid="wx1", auditid=99, state=0, decided_at=NOW)  # watched again
    counted = decisions()
    assert counted.days == tuple(date(2026, 11, day) for day in range(23, 30))
    assert dict(counted.counts) == {
        (date(2026, 11, 29), 0): 2,
        (date(2026, 11, 28), 1): 1,
        (date(2026, 11, 23), 3): 1,
    }
    assert not counted.is_cut
    assert counted.approval_rate == 2 / 3


def test_the_time_to_a_decision(database: str) -> None:  # noqa: ARG001
    for hours in range(1, 11):
        decide(0, NOW, hours)
    decide(1, NOW, 100)
    waiting = decisions().waiting
    assert waiting[0] == numbers.Waiting(10, timedelta(hours=5), timedelta(hours=9))
    assert waiting[1] == numbers.Waiting(1, timedelta(hours=100), timedelta(hours=100))
    assert waiting[None] == numbers.Waiting(11, timedelta(hours=6), timedelta(hours=10))
    assert 3 not in waiting


def test_without_decisions_there_are_no_numbers(database: str) -> None:  # noqa: ARG001
    counted = decisions()
    assert (counted.approval_rate, counted.waiting, counted.reasons) == (None, {}, ())


def test_reasons_are_counted_once_for_each_rejection(database: str) -> None:  # noqa: ARG001
    two = "1:内容不符:<br>(1):a<br>2:帐号不符:<br>(1):b<br>3:内容不符:<br>(1):c<br>"
    decide(1, NOW, reason=two)
    decide(1, NOW, reason="你好，你的小程序审核未通过<br>1:内容不符:<br>(1):d<br>")
    decide(1, NOW, reason="only a text")
    decide(1, NOW)
    decide(0, NOW, reason="1:of an approval:<br>(1):e<br>")
    counted = decisions()
    assert counted.rejections == 3
    assert counted.reasons == (("内容不符", 2), ("only a text", 1), ("帐号不符", 1))


def test_what_is_too_much_to_read_is_left_out(database: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr(numbers, "MAX_DECISIONS", 3)
    monkeypatch.setattr(numbers, "MAX_REJECTIONS", 2)
    for hour in range(3):
        decide(1, NOW - timedelta(hours=hour), reason=f"reason {hour}")
    assert not decisions().is_cut
    decide(0, NOW - timedelta(days=2))
    counted = decisions()
    assert counted.is_cut
    # The latest.
    assert dict(counted.totals) == {1: 3}
    assert [title for title, _ in counted.reasons] == ["reason 0", "reason 1"]


def test_what_is_stuck(database: str) -> None:  # noqa: ARG001
    for auditid, minutes in ((1, 9), (2, 11)):
        AuditWatch.objects.create(
            appid="wx1",
            auditid=auditid,
            created_at=NOW - timedelta(days=auditid),
            next_check_at=NOW - timedelta(minutes=minutes),
        )
    later = NOW + timedelta(hours=1)
    for auditid, phase in enumerate((PHASE.PARKED, PHASE.FAILED, PHASE.STOPPED), start=3):
        AuditWatch.objects.create(
            appid="wx1", auditid=auditid, phase=phase, created_at=NOW, next_check_at=later, overdue_at=NOW
        )
    watch = AuditWatch.objects.get(auditid=1)
    late: dict[str, Any] = {"next_delivery_at": NOW - timedelta(minutes=11)}
    failed: dict[str, Any] = {"next_delivery_at": None, "failed_at": NOW}
    for sequence, times in enumerate((late, failed), start=1):
        AuditChange.objects.create(
            watch=watch, sequence=sequence, old_state=2, new_state=4, observed_at=NOW, **times
        )
    told = stuck()
    assert (told.late_checks, told.overdue, told.parked, told.failed) == (1, 1, 1, 1)
    assert (told.late_deliveries, told.failed_deliveries) == (1, 1)
    assert [row.auditid for row in told.longest] == [2, 1, 3]


def test_the_page_asks_the_same_queries_whatever_is_in_the_tables(database: str) -> None:
    counts = []
    for _ in range(2):
        for state in (0, 1, 1, 3):
            decide(state, django_timezone.now(), reason="1:why:<br>(1):so<br>")
        with logged_in("view_auditwatch") as client, CaptureQueriesContext(connections[database]) as captured:
            assert client.get(PAGE).status_code == 200
        counts.append(sum("wxaudit_" in query["sql"] for query in captured))
    assert counts == [11, 11]


@pytest.mark.parametrize("database", ["default"], indirect=True)
@pytest.mark.parametrize(("days", "drawn"), [("7", 7), ("30", 30), ("90", 90), ("8", 30), ("x", 30)])
def test_windows(database: str, days: str, drawn: int) -> None:  # noqa: ARG001
    decide(0, django_timezone.now())
    with logged_in("view_auditwatch") as client:
        response = client.get(PAGE, {"days": days})
    assert response.context["window"] == drawn
    assert response.content.count(b"<g><title>") == drawn


@pytest.mark.parametrize("database", ["default"], indirect=True)
@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_drawings_have_decimal_points_in_every_language(database: str, language: str) -> None:  # noqa: ARG001
    for _ in range(3):
        decide(AuditState.REJECTED, django_timezone.now(), reason="1:one:<br>(1):a<br>")
    decide(AuditState.APPROVED, django_timezone.now() - timedelta(days=1))
    with logged_in("view_auditwatch", language=language) as client:
        page = client.get(PAGE).content.decode()
    assert 'height="33.33"' in page
    assert '<rect width="100.0%"' in page


@pytest.mark.parametrize("database", ["default"], indirect=True)
def test_a_site_of_ones_own_may_show_watches_only(database: str, settings: Any) -> None:  # noqa: ARG001
    settings.ROOT_URLCONF = __name__
    with logged_in("view_auditwatch") as client:
        page = client.get("/operations/wxaudit/auditwatch/numbers/").content.decode()
        assert client.get("/operations/wxaudit/auditwatch/").status_code == 200
    assert 'href="/operations/wxaudit/auditwatch/?overdue=yes"' in page
    assert "/admin/wxaudit/" not in page
    assert "auditchange" not in page


_site = AdminSite("operations")
_site.register(AuditWatch, AuditWatchAdmin)
urlpatterns = [path("operations/", _site.urls)]
