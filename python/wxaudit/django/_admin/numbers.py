"""Compute the numbers of a window of days, at a cost that does not grow with the tables.

What is counted is read and counted here: databases differ in percentiles, and MariaDB knows no time zones
unless somebody has loaded them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from ..._escape import truncate
from ..._models.state import AuditState
from ..models import AuditWatch
from .display import read_reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from django.db.models import QuerySet

    from .._querysets import AuditWatchQuerySet

# The latest decisions of the window that are read, and the latest rejections whose reasons are.
MAX_DECISIONS = 50_000
MAX_REJECTIONS = 2_000
# What is stuck is counted up to here, and failed deliveries among the latest changes.
MAX_COUNT = 10_000
MAX_CHANGES = 200_000

FINAL = (AuditState.APPROVED, AuditState.REJECTED, AuditState.WITHDRAWN)

# A check or a delivery that is this late has no worker.
LATE = timedelta(minutes=10)

_REASONS_SHOWN = 10
_REASON_CHARACTERS = 120
_LONGEST_SHOWN = 10


@dataclass(frozen=True)
class Waiting:
    """How long decisions took, from the beginning of the watch."""

    count: int
    median: timedelta
    # Nine of ten took no longer.
    percentile_90: timedelta


@dataclass(frozen=True)
class Decisions:
    days: tuple[date, ...]
    # By day and state.
    counts: Counter[tuple[date, int]]
    # The days begin before the first decision that is counted, since there are more than are read.
    is_cut: bool
    # For every state, and under None for all of them; nothing for those without a decision.
    waiting: dict[int | None, Waiting]
    # The number of rejections with a text that were read, and how many of them name each title.
    rejections: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def totals(self) -> Counter[int]:
        totals: Counter[int] = Counter()
        for (_, state), count in self.counts.items():
            totals[state] += count
        return totals

    @property
    def approval_rate(self) -> float | None:
        """The part of the approved ones among the approved and the rejected; None without any."""
        approved, rejected = (self.totals[state] for state in (AuditState.APPROVED, AuditState.REJECTED))
        return approved / (approved + rejected) if approved + rejected else None


@dataclass(frozen=True)
class Stuck:
    """Each count stops at `MAX_COUNT`."""

    late_checks: int
    overdue: int
    parked: int
    failed: int
    late_deliveries: int
    # Of the latest `MAX_CHANGES` changes.
    failed_deliveries: int
    longest: tuple[AuditWatch, ...]


def read_decisions(watches: AuditWatchQuerySet[AuditWatch], now: datetime, days: int) -> Decisions:
    """The decisions of today and the days before it, in the current time zone."""
    today = _local(now)
    start = today.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    newest = watches.decided().filter(decided_at__gte=start).order_by("-decided_at")
    columns: Any = newest.values_list("id", "state", "created_at", "decided_at")[: MAX_DECISIONS + 1]
    counts: Counter[tuple[date, int]] = Counter()
    durations: dict[int, list[timedelta]] = {}
    rejected: list[int] = []
    read = 0
    for pk, state, created_at, decided_at in columns.iterator(chunk_size=2_000):
        read += 1
        if read > MAX_DECISIONS:
            break
        counts[_local(decided_at).date(), state] += 1
        durations.setdefault(state, []).append(decided_at - created_at)
        if state == AuditState.REJECTED and len(rejected) < MAX_REJECTIONS:
            rejected.append(pk)
    texts = watches.filter(pk__in=rejected).exclude(reason="").order_by().values_list("reason", flat=True)
    rejections, reasons = _count_reasons(texts)
    return Decisions(
        days=tuple((start + timedelta(days=day)).date() for day in range(days)),
        counts=counts,
        is_cut=read > MAX_DECISIONS,
        waiting=dict(_waiting(durations)),
        rejections=rejections,
        reasons=reasons,
    )


def read_stuck(watches: AuditWatchQuerySet[AuditWatch], changes: QuerySet[Any], now: datetime) -> Stuck:
    newest = changes.aggregate(newest=Max("id"))["newest"] or 0
    return Stuck(
        late_checks=_count(watches.filter(next_check_at__lte=now - LATE)),
        overdue=_count(watches.overdue()),
        parked=_count(watches.filter(phase=AuditWatch.Phase.PARKED)),
        failed=_count(watches.filter(phase=AuditWatch.Phase.FAILED)),
        late_deliveries=_count(changes.filter(next_delivery_at__lte=now - LATE)),
        failed_deliveries=_count(changes.filter(id__gt=newest - MAX_CHANGES, failed_at__isnull=False)),
        longest=tuple(_longest(watches)),
    )


def _longest(watches: AuditWatchQuerySet[AuditWatch]) -> list[AuditWatch]:
    """The pending watches that began first: they have the smallest ids, and each phase has an index."""
    first: list[AuditWatch] = []
    for phase in (AuditWatch.Phase.WATCHING, AuditWatch.Phase.PARKED):
        first += watches.filter(phase=phase, decided_at__isnull=True).order_by("id")[:_LONGEST_SHOWN]
    return sorted(first, key=lambda watch: watch.created_at)[:_LONGEST_SHOWN]


def _count(rows: QuerySet[Any]) -> int:
    count: int = rows.order_by()[:MAX_COUNT].count()
    return count


def _local(moment: datetime) -> datetime:
    return moment if timezone.is_naive(moment) else timezone.localtime(moment)


def _waiting(durations: dict[int, list[timedelta]]) -> Iterable[tuple[int | None, Waiting]]:
    everything = [duration for some in durations.values() for duration in some]
    for state, some in ((None, everything), *durations.items()):
        if some:
            ordered = sorted(some)
            yield state, Waiting(len(ordered), _percentile(ordered, 50), _percentile(ordered, 90))


def _percentile(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The least value that `percent` of the values do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _count_reasons(texts: Iterable[str]) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The number of texts, and the most frequent titles; each text counts a title once."""
    read = 0
    titles: Counter[str] = Counter()
    for text in texts:
        read += 1
        reasons = read_reasons(AuditState.REJECTED, text)
        # A line before the list of the reasons has no details.
        named = [reason for reason in reasons if reason.details] or reasons
        titles.update({truncate(reason.title, _REASON_CHARACTERS) for reason in named})
    ordered = sorted(titles.items(), key=lambda title: (-title[1], title[0]))
    return read, tuple(ordered[:_REASONS_SHOWN])
