"""Apply the result of a call to a watch. Nothing here reads or writes the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._errors.tree import AuditNotFoundError, QuotaError
from ..._escape import truncate
from .. import _clock
from ..models import AuditChange, AuditWatch
from .schedule import Failure, Situation, after_answer, after_failure, failure_of

if TYPE_CHECKING:
    from datetime import datetime

    from ..._errors.tree import WxAuditError
    from ..._native import AuditResult, AuditStatus
    from .._settings import WatchSettings
    from .schedule import Plan

_ERROR_LENGTH = 500
_UNKNOWN_AUDIT = f"{AuditNotFoundError.__name__}:"


@dataclass
class Outcome:
    """A watch as it is to be written, and what to tell receivers."""

    row: AuditWatch
    # The fields of each new `AuditChange`.
    changes: list[dict[str, Any]] = field(default_factory=list)
    failed: bool = False
    # WeChat answers, and perhaps did not before: parked watches of this mini program go on.
    authorized: bool = False
    # The mini program has withdrawn its authorization: its other watches are parked too.
    authorization_lost: bool = False
    # It had not when it was asked about before.
    newly_parked: bool = False

    @property
    def decided(self) -> bool:
        return self.row.phase == AuditWatch.Phase.DECIDED


def apply(
    row: AuditWatch, result: AuditResult, now: datetime, settings: WatchSettings, chance: float
) -> Outcome:
    """Changes the row, but not in the database. `chance` is a random number from 0 to less than 1."""
    outcome = Outcome(row)
    situation = _situation(row, now, settings)
    first = row.checked_at is None
    row.checked_at = now
    if result.status is not None:
        outcome.authorized = first or row.failures > 0 or row.phase == AuditWatch.Phase.PARKED
        plan = after_answer(situation, result.status.status, settings.pace, chance)
        _take_status(outcome, result.status, now)
    else:
        assert result.error is not None  # noqa: S101  # a result has one of them
        plan = _take_error(outcome, result.error, situation, settings, chance)
    row.phase, row.next_check_at, row.failures = plan.phase, plan.next_check_at, plan.failures
    if plan.overdue:
        row.overdue_at = now
        _add_change(outcome, AuditChange.Kind.OVERDUE, row.state, now)
    return outcome


def _situation(row: AuditWatch, now: datetime, settings: WatchSettings) -> Situation:
    deadline = row.deadline
    if deadline is None and settings.overdue is not None:
        deadline = row.created_at + settings.overdue
    return Situation(
        phase=row.phase,
        failures=row.failures,
        unknown=row.last_error.startswith(_UNKNOWN_AUDIT),
        created_at=row.created_at,
        deadline=deadline if row.overdue_at is None else None,
        now=now,
    )


def _take_status(outcome: Outcome, status: AuditStatus, now: datetime) -> None:
    row, old_state = outcome.row, outcome.row.state
    row.state = int(status.status)
    row.reason = _storable(status.reason or "")
    row.screenshots = [_storable(media_id) for media_id in status.screenshots]
    row.last_error = ""
    if status.is_final:
        row.decided_at = now
    if row.state != old_state:
        _add_change(outcome, AuditChange.Kind.STATE, old_state, now)


def _take_error(
    outcome: Outcome, error: WxAuditError, situation: Situation, settings: WatchSettings, chance: float
) -> Plan:
    failure = failure_of(error)
    outcome.failed = True
    outcome.authorization_lost = failure is Failure.AUTHORIZATION_LOST
    outcome.newly_parked = outcome.authorization_lost and situation.phase != AuditWatch.Phase.PARKED
    outcome.row.last_error = _storable(f"{type(error).__name__}: {truncate(error.message, _ERROR_LENGTH)}")
    retry_at = error.retry_at if isinstance(error, QuotaError) else None
    if retry_at is not None:
        retry_at = _clock.from_host(retry_at, situation.now)
    return after_failure(situation, failure, settings.pace, chance, retry_at=retry_at)


def _add_change(outcome: Outcome, kind: AuditChange.Kind, old_state: int, now: datetime) -> None:
    row = outcome.row
    row.sequence += 1
    outcome.changes.append(
        {
            "watch_id": row.pk,
            "sequence": row.sequence,
            "kind": kind,
            "old_state": old_state,
            "new_state": row.state,
            "reason": row.reason,
            "screenshots": row.screenshots,
            "observed_at": now,
            "next_delivery_at": now,
        }
    )


def simplify(outcome: Outcome, last: str) -> None:
    """Replaces all characters after `last` in its texts by question marks."""

    def simplified(text: str) -> str:
        return "".join(character if character <= last else "?" for character in text)

    row = outcome.row
    row.reason, row.last_error = simplified(row.reason), simplified(row.last_error)
    for change in outcome.changes:
        change["reason"] = row.reason


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "")
