"""Lay out the page of numbers: what its template draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from ..._models.state import AuditState
from ..models import AuditChange
from .display import NOTHING, age, badge, length, state_colour, state_label
from .numbers import FINAL, MAX_CHANGES, MAX_COUNT, MAX_DECISIONS, read_decisions, read_stuck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from django.contrib.admin import AdminSite
    from django.db.models import QuerySet

    from .._querysets import AuditWatchQuerySet
    from ..models import AuditWatch
    from .numbers import Decisions, Stuck

# The windows that can be chosen, in days.
WINDOWS = (7, 30, 90)
_DEFAULT_WINDOW = 30

# Of the drawing, which is stretched to the width of the page.
_DAY_WIDTH, _BAR_WIDTH, _HEIGHT = 10, 8, 100


def chosen_window(given: str | None) -> int:
    return next((days for days in WINDOWS if str(days) == given), _DEFAULT_WINDOW)


def page_context(
    watches: AuditWatchQuerySet[AuditWatch], changes: QuerySet[Any], now: datetime, days: int, site: AdminSite
) -> dict[str, Any]:
    decisions = read_decisions(watches, now, days)
    stuck = read_stuck(watches, changes, now)
    return {
        "title": gettext("Audits in numbers"),
        "windows": WINDOWS,
        "window": days,
        "now": now,
        "decisions": decisions,
        "tiles": list(_tiles(decisions)),
        "rows": list(_rows(decisions)),
        "chart": _chart(decisions),
        "reasons": _reasons(decisions),
        "stuck": _stuck(stuck, site),
        "longest": [
            {
                "pk": watch.pk,
                "appid": watch.appid,
                "auditid": watch.auditid,
                "badge": badge(watch.state),
                "age": age(watch.created_at, now),
                "note": watch.note,
            }
            for watch in stuck.longest
        ],
        "max_decisions": f"{MAX_DECISIONS:,}",
        "max_changes": f"{MAX_CHANGES:,}",
    }


def _tiles(decisions: Decisions) -> Iterator[dict[str, str]]:
    rate, waiting = decisions.approval_rate, decisions.waiting.get(None)
    yield {"name": gettext("decided"), "value": number_format(waiting.count if waiting else 0)}
    yield {
        "name": gettext("approval rate"),
        "value": NOTHING if rate is None else f"{number_format(100 * rate, 1)}%",
        "note": gettext("of the approved and the rejected"),
    }
    for name, duration in (
        (gettext("median time to decision"), waiting.median if waiting else None),
        (gettext("90th percentile"), waiting.percentile_90 if waiting else None),
    ):
        yield {"name": name, "value": length(duration) if duration is not None else NOTHING}


def _rows(decisions: Decisions) -> Iterator[dict[str, Any]]:
    """For all decisions and for each state: its label and colour, how many, and how long they took."""
    for state in (None, *FINAL):
        waiting = decisions.waiting.get(state)
        yield {
            "label": gettext("all decisions") if state is None else state_label(state),
            "colour": None if state is None else state_colour(state),
            "count": waiting.count if waiting else 0,
            "median": length(waiting.median) if waiting else None,
            "percentile_90": length(waiting.percentile_90) if waiting else None,
        }


def _chart(decisions: Decisions) -> dict[str, Any]:
    """A bar for each day, with the states one above the other."""
    totals = [sum(decisions.counts[day, state] for state in FINAL) for day in decisions.days]
    highest = max(totals)
    return {
        "width": _DAY_WIDTH * len(decisions.days),
        "height": _HEIGHT,
        "highest": highest,
        "states": [{"label": state_label(state), "colour": state_colour(state)} for state in FINAL],
        "days": [
            _day(decisions, day, place * _DAY_WIDTH, highest) for place, day in enumerate(decisions.days)
        ],
    }


def _day(decisions: Decisions, day: date, left: int, highest: int) -> dict[str, Any]:
    parts = []
    top = float(_HEIGHT)
    for state in FINAL:
        count = decisions.counts[day, state]
        height = _HEIGHT * count / highest if highest else 0
        top -= height
        # As text: a page in another language would write a decimal comma.
        place = {"x": left + (_DAY_WIDTH - _BAR_WIDTH) // 2, "y": f"{top:.2f}", "height": f"{height:.2f}"}
        parts.append({"count": count, "colour": state_colour(state), "width": _BAR_WIDTH, **place})
    return {"day": day, "left": left, "parts": parts, "total": sum(part["count"] for part in parts)}


def _reasons(decisions: Decisions) -> list[dict[str, Any]]:
    most = max((count for _, count in decisions.reasons), default=0)
    return [
        {
            "title": title,
            "count": count,
            "width": f"{100 * count / most:.1f}",
            "colour": state_colour(AuditState.REJECTED),
        }
        for title, count in decisions.reasons
    ]


def _stuck(stuck: Stuck, site: AdminSite) -> list[dict[str, Any]]:
    """What is stuck: how many, what to do about it, and the list that shows them."""
    watches = reverse(f"{site.name}:wxaudit_auditwatch_changelist")
    # A site of one's own may show watches only.
    shows_changes = site.is_registered(AuditChange)
    changes = reverse(f"{site.name}:wxaudit_auditchange_changelist") if shows_changes else None
    rows = (
        (
            stuck.late_checks,
            gettext("checks late by more than 10 minutes"),
            gettext("is a worker running? start manage.py wxaudit_poll --loop, or Celery's worker and beat"),
            None,
        ),
        (
            stuck.overdue,
            gettext("past their deadline without a decision"),
            gettext("ask WeChat's support if the review has stopped"),
            f"{watches}?overdue=yes",
        ),
        (
            stuck.parked,
            gettext("of mini programs whose authorization is lost"),
            gettext("ask the merchants to authorize the third-party platform again"),
            f"{watches}?phase__exact=parked",
        ),
        (
            stuck.failed,
            gettext("failed watches"),
            gettext("their last error says why; “Check now” starts them again"),
            f"{watches}?phase__exact=failed",
        ),
        (
            stuck.late_deliveries,
            gettext("deliveries late by more than 10 minutes"),
            gettext("a receiver is slow or fails, or no worker is running"),
            changes and f"{changes}?delivery=waiting",
        ),
        (
            stuck.failed_deliveries,
            gettext("failed deliveries"),
            gettext("their last error says why; mend the receiver, then “Deliver again”"),
            changes and f"{changes}?delivery=failed",
        ),
    )
    return [
        {"count": count, "is_cut": count >= MAX_COUNT, "what": what, "advice": advice, "address": address}
        for count, what, advice, address in rows
    ]
