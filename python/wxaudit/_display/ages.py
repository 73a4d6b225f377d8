"""Compute how long pending audits have been waiting, from the times of submission that a caller passes."""

from __future__ import annotations

from datetime import datetime

from .._errors.tree import ArgumentError
from .._models.state import AuditState
from .._validation import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .._native import AuditResult

PENDING = (AuditState.IN_REVIEW, AuditState.DELAYED)

# In hours. Beyond the last size it doubles, so that there are never more bins than this.
_BIN_SIZES = (1, 2, 3, 6, 12, 24, 48, 96, 168)
_BINS = 24
_DAYS_FROM = 72


class Ages:
    """The ages of pending audits, each at the time when it was observed."""

    def __init__(self, results: Sequence[AuditResult], submitted_at: object) -> None:
        """`ArgumentError` as `moments` raises it."""
        submissions = moments(submitted_at, len(results))
        self.unknown = 0
        self._waiting: list[tuple[float, AuditState, AuditResult]] = []
        for result, moment in zip(results, submissions, strict=True):
            audit = result.status
            if audit is None or not audit.is_pending:
                continue
            if moment is None:
                self.unknown += 1
            else:
                hours = (audit.observed_at - moment).total_seconds() / 3600
                self._waiting.append((hours, audit.status, result))

    def __len__(self) -> int:
        return len(self._waiting)

    def oldest(self) -> tuple[float, AuditResult]:
        """The age in hours of the audit that has been waiting longest, and its result."""
        hours, _, result = max(self._waiting, key=lambda waiting: waiting[0])
        return hours, result

    @property
    def in_days(self) -> bool:
        """Whether the ages are better shown in days."""
        return max(abs(hours) for hours, *_ in self._waiting) > _DAYS_FROM

    def bins(self) -> tuple[int, dict[tuple[int, AuditState], int]]:
        """The size of a bin in hours, and how many audits there are by its start and their state.

        An age below zero is kept: it shows that the times of submission are wrong, for example in their zone.
        """
        # From zero on, where the axis begins: otherwise the bars of old audits would be hairlines.
        lowest = min(0, *(hours for hours, *_ in self._waiting))
        highest = max(hours for hours, *_ in self._waiting)
        size = _bin_size(lowest, highest)
        counts: dict[tuple[int, AuditState], int] = {}
        for hours, state, _ in self._waiting:
            key = (int(hours // size) * size, state)
            counts[key] = counts.get(key, 0) + 1
        return size, dict(sorted(counts.items()))


def _bin_size(lowest: float, highest: float) -> int:
    size, *longer = _BIN_SIZES
    while highest // size - lowest // size >= _BINS:
        size = longer.pop(0) if longer else 2 * size
    return size


def moments(submitted_at: object, expected: int) -> list[datetime | None]:
    """As a list. `ArgumentError` unless there is one aware `datetime` or `None` for each result."""
    if isinstance(submitted_at, (str, bytes)) or not hasattr(submitted_at, "__iter__"):
        raise ArgumentError(
            f"submitted_at must hold one datetime or None for each result, got {shown(submitted_at)}"
        )
    listed = [_moment(value, position) for position, value in enumerate(submitted_at)]
    if len(listed) != expected:
        raise ArgumentError(
            f"submitted_at must hold one datetime or None for each of the {expected} results, "
            f"in their order, got {len(listed)}"
        )
    return listed


def _moment(value: Any, position: int) -> datetime | None:
    """One value of a list, or of a column of any library."""
    if hasattr(value, "as_py"):  # pyarrow
        value = value.as_py()
    kind = type(value).__name__
    if value is None or kind in ("NaTType", "NAType"):
        return None
    if (kind == "datetime64" or isinstance(value, float)) and value != value:  # numpy's NaT, and NaN
        return None
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    given, advice = shown(value), ""
    if kind == "datetime64" or isinstance(value, datetime):
        given = repr(value)
        advice = (
            ", which names no time zone; give it one, such as value.replace(tzinfo=timezone.utc), or a "
            'whole column with dt.tz_localize("Asia/Shanghai") (pandas), dt.replace_time_zone(…) (polars)'
        )
    raise ArgumentError(
        f"submitted_at must hold aware datetimes or None, got {given} at position {position}{advice}"
    )
