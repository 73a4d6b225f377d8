"""Decide when to ask about an audit again, or to ask no more. Nothing here reads a clock or a database."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..._errors.tree import AuditNotFoundError, AuthorizationLostError, QuotaError
from ..models import AuditWatch

if TYPE_CHECKING:
    from datetime import datetime

    from ..._models.state import AuditState

# A random part of each interval, so that what was submitted together is not asked about together for ever.
JITTER = 0.1
# How long failures may defer a check: never less than the pace itself.
LONGEST_BACKOFF = timedelta(minutes=30)
LONGEST_INTERVAL = timedelta(hours=1)
# How often to ask about an audit whose mini program has withdrawn its authorization.
PARKED_INTERVAL = timedelta(days=1)
# How often in a row WeChat has to answer that it does not know an audit.
UNKNOWN_LIMIT = 3

_Phase = AuditWatch.Phase


class Failure(enum.Enum):
    """What an error means for the schedule."""

    # Another try may help, or a person repairs what all audits of a platform or a mini program share.
    RETRY = enum.auto()
    QUOTA = enum.auto()
    AUTHORIZATION_LOST = enum.auto()
    # The audit does not exist for this mini program.
    UNKNOWN_AUDIT = enum.auto()


# Not `ArgumentError`: a token that is not a text is a fault of the token source, which is repaired.
_FAILURES = (
    (QuotaError, Failure.QUOTA),
    (AuthorizationLostError, Failure.AUTHORIZATION_LOST),
    (AuditNotFoundError, Failure.UNKNOWN_AUDIT),
)


@dataclass(frozen=True)
class Situation:
    """What the schedule knows about a watch. `now` and the others are times of the database."""

    phase: str
    # Failures in a row so far, and whether the latest was `UNKNOWN_AUDIT`.
    failures: int
    unknown: bool
    created_at: datetime
    # When the watch is overdue; None if never, or if it was told already.
    deadline: datetime | None
    now: datetime


@dataclass(frozen=True)
class Plan:
    """What comes next. `next_check_at` is None if the watch has ended."""

    phase: str
    next_check_at: datetime | None
    failures: int = 0
    # The deadline has passed: to be told now.
    overdue: bool = False


Pace = tuple[tuple[timedelta | None, timedelta], ...]


def failure_of(error: Exception) -> Failure:
    for classes, failure in _FAILURES:
        if isinstance(error, classes):
            return failure
    return Failure.RETRY


def after_answer(situation: Situation, state: AuditState, pace: Pace, chance: float) -> Plan:
    """The plan after WeChat has answered. `chance` is a random number from 0 to less than 1."""
    if state.is_final:
        return Plan(_Phase.DECIDED, None)
    # A state unknown today may be final.
    interval = _interval(situation, pace) if state.is_pending else max(every for _, every in pace)
    return _plan(situation, _Phase.WATCHING, interval, 0, chance)


def after_failure(
    situation: Situation, failure: Failure, pace: Pace, chance: float, *, retry_at: datetime | None = None
) -> Plan:
    """The plan after a call has failed. `retry_at` is that of a quota error."""
    interval = _interval(situation, pace)
    phase, failures = situation.phase, situation.failures + 1
    if failure is Failure.QUOTA:
        # Nothing is wrong with the audit. Spread: others of this mini program wait for the same moment.
        start = max(situation.now, retry_at) if retry_at else situation.now + interval
        return _plan(situation, phase, interval, situation.failures, chance, start=start)
    if failure is Failure.AUTHORIZATION_LOST:
        return _plan(situation, _Phase.PARKED, PARKED_INTERVAL, failures, chance)
    if failure is Failure.UNKNOWN_AUDIT:
        failures = failures if situation.unknown else 1
        if failures >= UNKNOWN_LIMIT:
            return Plan(_Phase.FAILED, None, failures)
    if phase == _Phase.PARKED:
        return _plan(situation, phase, PARKED_INTERVAL, failures, chance)
    # Bounded before it is computed: 2 ** 1000 intervals do not fit a timedelta.
    backoff = interval * 2 ** min(failures, 10)
    longest = max(LONGEST_BACKOFF, min(2 * interval, LONGEST_INTERVAL), interval)
    return _plan(situation, phase, min(backoff, longest), failures, chance)


def _interval(situation: Situation, pace: Pace) -> timedelta:
    age = situation.now - situation.created_at
    return next(every for until, every in pace if until is None or age < until)


def _plan(
    situation: Situation,
    phase: str,
    interval: timedelta,
    failures: int,
    chance: float,
    *,
    start: datetime | None = None,
) -> Plan:
    now, deadline = situation.now, situation.deadline
    overdue = deadline is not None and deadline <= now
    if start is not None:
        return Plan(phase, start + interval * (JITTER + (1 - JITTER) * chance), failures, overdue)
    next_check_at = now + interval * (1 - JITTER + 2 * JITTER * chance)
    if deadline is not None and now < deadline < next_check_at:
        # To be told of in time.
        next_check_at = deadline
    return Plan(phase, next_check_at, failures, overdue)
