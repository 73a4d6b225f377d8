"""When an audit is asked about again: a pure function, tried with any situation."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxaudit import AuditState
from wxaudit.django._polling.schedule import (
    Failure,
    Plan,
    Situation,
    after_answer,
    after_failure,
)
from wxaudit.django._settings import PACE
from wxaudit.django.models import AuditWatch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
Phase = AuditWatch.Phase

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001  # hypothesis adds the zone
chances = st.floats(0, 1, exclude_max=True)
situations = st.builds(
    Situation,
    phase=st.sampled_from([Phase.WATCHING, Phase.PARKED]),
    failures=st.integers(0, 10**9),
    unknown=st.booleans(),
    created_at=moments,
    deadline=st.none() | moments,
    now=moments,
)
intervals = st.timedeltas(timedelta(seconds=1), 3 * DAY)

# The machine may be busy: no bound of time for an example, nor for its generation.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def paces(draw: st.DrawFn) -> tuple[tuple[timedelta | None, timedelta], ...]:
    ages = sorted(draw(st.sets(st.timedeltas(timedelta(seconds=1), 30 * DAY), max_size=4)))
    return tuple((age, draw(intervals)) for age in [*ages, None])


def _check(plan: Plan, situation: Situation) -> None:
    """What holds for each plan."""
    ended = plan.phase in (Phase.DECIDED, Phase.FAILED)
    assert (plan.next_check_at is None) == ended
    if plan.next_check_at is not None:
        assert plan.next_check_at > situation.now or plan.next_check_at == situation.deadline
    if plan.overdue:
        assert situation.deadline is not None
        assert situation.deadline <= situation.now
        assert plan.phase != Phase.DECIDED


@unhurried
@given(situations, st.integers(-3, 9), paces(), chances)
def test_an_answer_ends_the_watch_if_and_only_if_it_is_final(
    situation: Situation, number: int, pace: tuple[tuple[timedelta | None, timedelta], ...], chance: float
) -> None:
    state = AuditState(number)
    plan = after_answer(situation, state, pace, chance)
    _check(plan, situation)
    assert plan.phase == (Phase.DECIDED if state.is_final else Phase.WATCHING)
    assert plan.failures == 0
    if plan.next_check_at is not None:
        assert plan.next_check_at - situation.now <= 1.1 * max(every for _, every in pace)


@unhurried
@given(situations, st.sampled_from(Failure), paces(), chances, st.none() | moments)
def test_a_failure_never_stops_a_watch_but_for_an_unknown_audit(
    situation: Situation,
    failure: Failure,
    pace: tuple[tuple[timedelta | None, timedelta], ...],
    chance: float,
    retry_at: datetime | None,
) -> None:
    plan = after_failure(situation, failure, pace, chance, retry_at=retry_at)
    _check(plan, situation)
    if plan.phase == Phase.FAILED:
        assert failure is Failure.UNKNOWN_AUDIT
    elif plan.phase != situation.phase:
        assert failure is Failure.AUTHORIZATION_LOST
        assert plan.phase == Phase.PARKED
    if failure is Failure.QUOTA:
        assert plan.failures == situation.failures
        assert plan.next_check_at is not None
        assert retry_at is None or plan.next_check_at >= retry_at
    if plan.next_check_at is not None and failure is Failure.RETRY:
        longest = max(HOUR, DAY if situation.phase == Phase.PARKED else HOUR, *(every for _, every in pace))
        assert plan.next_check_at - situation.now <= 1.1 * longest


@unhurried
@given(situations, st.sampled_from([Failure.RETRY, Failure.UNKNOWN_AUDIT]), chances)
def test_more_failures_never_shorten_the_wait(situation: Situation, failure: Failure, chance: float) -> None:
    before = after_answer(situation, AuditState.IN_REVIEW, PACE, chance)
    waits = []
    phase = Phase.WATCHING
    for failures in range(12):
        later = Situation(phase, failures, False, situation.created_at, None, situation.now)
        plan = after_failure(later, failure, PACE, chance)
        assert plan.next_check_at is not None
        waits.append(plan.next_check_at - situation.now)
    assert waits == sorted(waits)
    if situation.deadline is None:
        assert before.next_check_at is not None
        assert waits[0] >= before.next_check_at - situation.now


def _situation(age: timedelta = timedelta(0), failures: int = 0, *, unknown: bool = False) -> Situation:
    return Situation(Phase.WATCHING, failures, unknown, NOW - age, None, NOW)


def _wait(plan: Plan) -> timedelta:
    assert plan.next_check_at is not None
    return plan.next_check_at - NOW


def test_the_pace_slows_down_with_the_age_of_a_watch() -> None:
    ages = [0 * MINUTE, 9 * MINUTE, 10 * MINUTE, 59 * MINUTE, HOUR, 23 * HOUR, DAY, 100 * DAY, -HOUR]
    waits = [_wait(after_answer(_situation(age), AuditState.IN_REVIEW, PACE, 0.5)) for age in ages]
    assert waits == [MINUTE * count for count in (1, 1, 5, 5, 15, 15, 30, 30, 1)]


def test_checks_are_spread_by_a_tenth() -> None:
    waits = [
        _wait(after_answer(_situation(2 * DAY), AuditState.IN_REVIEW, PACE, chance)) for chance in (0, 0.999)
    ]
    assert waits[0] == 27 * MINUTE
    assert 32.9 * MINUTE < waits[1] < 33 * MINUTE


def test_failures_double_the_wait_up_to_half_an_hour() -> None:
    waits = [_wait(after_failure(_situation(failures=n), Failure.RETRY, PACE, 0.5)) for n in range(7)]
    assert waits == [MINUTE * count for count in (2, 4, 8, 16, 30, 30, 30)]
    old = [_wait(after_failure(_situation(2 * DAY, failures=n), Failure.RETRY, PACE, 0.5)) for n in range(3)]
    assert old == [HOUR, HOUR, HOUR]


def test_an_unknown_audit_ends_at_the_third_time_in_a_row() -> None:
    plans = [
        after_failure(_situation(failures=failures, unknown=unknown), Failure.UNKNOWN_AUDIT, PACE, 0.5)
        # After other failures, the first time, the second, the third.
        for failures, unknown in [(7, False), (0, False), (1, True), (2, True)]
    ]
    assert [(plan.phase, plan.failures) for plan in plans] == [
        (Phase.WATCHING, 1),
        (Phase.WATCHING, 1),
        (Phase.WATCHING, 2),
        (Phase.FAILED, 3),
    ]


def test_a_quota_is_waited_for_and_its_end_is_not_met_by_all_at_once() -> None:
    retry_at = NOW + 40 * MINUTE
    situation = _situation(2 * DAY)
    starts = [
        after_failure(situation, Failure.QUOTA, PACE, chance, retry_at=retry_at).next_check_at
        for chance in (0, 0.5)
    ]
    assert starts == [retry_at + 3 * MINUTE, retry_at + 16.5 * MINUTE]


def test_a_deadline_is_met_by_a_check() -> None:
    situation = Situation(Phase.WATCHING, 0, False, NOW - 2 * DAY, NOW + 10 * MINUTE, NOW)
    assert _wait(after_answer(situation, AuditState.IN_REVIEW, PACE, 0.5)) == 10 * MINUTE
    plan = after_failure(situation, Failure.AUTHORIZATION_LOST, PACE, 0.5)
    assert (plan.phase, _wait(plan)) == (Phase.PARKED, 10 * MINUTE)
