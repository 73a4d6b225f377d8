"""Change selected rows at the wish of a person, each in one UPDATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, PositiveIntegerField, Value, When

from .. import _clock
from ..models import AuditWatch

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from .._querysets import AuditWatchQuerySet

_PHASES = AuditWatch.Phase
# A watch in one of these goes on as if it had just begun to fail.
_ENDED = (_PHASES.STOPPED, _PHASES.FAILED)
_NO_FAILURES = Value(0, output_field=PositiveIntegerField())


def check_now(watches: AuditWatchQuerySet) -> int:
    """Makes the watches due whose audits are not decided, also stopped and failed ones."""
    count: int = watches.exclude(phase=_PHASES.DECIDED).update(
        next_check_at=_now(watches),
        # First: MySQL evaluates assignments in their order, and the phase changes below.
        failures=Case(When(phase__in=_ENDED, then=_NO_FAILURES), default=F("failures")),
        phase=Case(When(phase__in=_ENDED, then=Value(_PHASES.WATCHING)), default=F("phase")),
    )
    return count


def stop(watches: AuditWatchQuerySet) -> int:
    """Stops pending watches. An answer that is on its way finds its lease gone, and is not written."""
    count: int = watches.pending().update(phase=_PHASES.STOPPED, next_check_at=None, lease="")
    return count


def deliver_again(changes: QuerySet[Any]) -> int:
    """Makes changes due that were delivered or have failed, with all their tries before them."""
    count: int = changes.filter(next_delivery_at__isnull=True).update(
        next_delivery_at=_now(changes), delivered_at=None, failed_at=None, attempts=0, lease="", last_error=""
    )
    return count


def _now(rows: QuerySet[Any]) -> Any:
    return _clock.now(rows.db)
