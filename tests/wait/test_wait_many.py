"""Waiting for many decisions: each as it comes, and the polls never all at once."""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.scripted_answers import Script, scripted, wait_for_each
from wxaudit import AuditResult, AuditState, AuditStatus, Polling
from wxaudit.testing import Fault, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from support.client_kind import ClientKind
    from support.scripted_answers import Answer
    from wxaudit.testing import FakeWeChat

EXACT = Polling(30, 600, 1.5, jitter=0)
HOUR = 3600
DAY = 24 * HOUR


def at_once(moments: Sequence[float]) -> int:
    """The most polls within any second."""
    ordered = sorted(moments)
    # Rounds are a second apart, and the clock rounds to microseconds.
    return max(bisect_left(ordered, moment + 1 - 1e-5) - number for number, moment in enumerate(ordered))


def closest(polls: list[tuple[float, int]]) -> float:
    """The shortest time between two polls of one audit."""
    moments: dict[int, list[float]] = defaultdict(list)
    for moment, auditid in polls:
        moments[auditid].append(moment)
    return min(after - before for each in moments.values() for before, after in pairwise(each))


def pending(auditid: int, _: float = 0) -> Answer:
    return AuditStatus(auditid, AuditState.IN_REVIEW)


def test_each_is_given_when_it_is_decided(client_kind: ClientKind, fake: FakeWeChat) -> None:
    hours = [5, 1, 3, 2, 4]
    states = [AuditState.REJECTED, AuditState.APPROVED, AuditState.WITHDRAWN]
    submitted = [
        fake.submit(f"wx{number}", life=[Step(states[number % 3], after=hour * HOUR)])
        for number, hour in enumerate(hours)
    ]
    queries = [(fake.token_source(audit.appid), audit.auditid, audit.appid) for audit in submitted]
    began = fake.clock.now()
    found: list[AuditResult] = []
    for result in wait_for_each(
        client_kind, client_kind.client(fake).inner, queries, timeout=DAY, clock=fake.clock
    ):
        found.append(result)
        hour = hours[result.index]
        assert timedelta(hours=hour) <= fake.clock.now() - began <= timedelta(hours=hour, minutes=11)
    assert [hours[result.index] for result in found] == [1, 2, 3, 4, 5]
    for result in found:
        audit = submitted[result.index]
        assert result.status is not None
        assert result.status.status == states[result.index % 3]
        assert (result.auditid, result.appid) == (audit.auditid, audit.appid)
        # Requests: those that met an old token included.
        assert audit.polls <= result.attempts <= audit.polls + 3


def test_what_fails_for_good_ends_for_itself_alone(client_kind: ClientKind) -> None:
    busy = wxaudit.ServerBusyError("busy", errcode=-1)
    unknown = wxaudit.AuditNotFoundError("unknown", errcode=85012)

    def answer(auditid: int, seconds: float) -> Answer:
        if auditid > 1:
            return unknown if auditid == 2 else busy
        return pending(auditid) if seconds < HOUR else AuditStatus(auditid, AuditState.APPROVED)

    script = Script(answer)
    queries: list[Any] = [("t", 1), ("t", 2), ("t", 3), 4, ("t", -5)]
    polling = Polling(30, 30, max_failures=3)
    results = list(
        wait_for_each(client_kind, scripted(client_kind, script), queries, timeout=DAY, polling=polling)
    )
    assert [result.index for result in results] == [3, 4, 1, 2, 0]
    assert [type(result.error) for result in results[:4]] == [
        wxaudit.ArgumentError,
        wxaudit.ArgumentError,
        wxaudit.AuditNotFoundError,
        wxaudit.ServerBusyError,
    ]
    assert results[3].attempts == 4
    assert results[4].ok


def test_at_the_end_the_undecided_have_a_wait_timeout(client_kind: ClientKind) -> None:
    count = 40

    def answer(auditid: int, seconds: float) -> Answer:
        return AuditStatus(auditid, 0) if auditid % 2 and seconds > HOUR else pending(auditid)

    script = Script(answer)
    queries = [("t", number, f"wx{number}") for number in range(1, count + 1)]
    results = list(wait_for_each(client_kind, scripted(client_kind, script), queries, timeout=2 * HOUR))
    assert len(results) == count
    assert [result.ok for result in results] == [True] * (count // 2) + [False] * (count // 2)
    for result in results[count // 2 :]:
        error = result.error
        assert isinstance(error, wxaudit.WaitTimeout)
        assert error.last == pending(result.auditid or 0)
        assert error.auditid == result.auditid
    # Each was asked a last time shortly before the end.
    last = {auditid: moment for moment, auditid in script.polls if auditid % 2 == 0}
    assert min(last.values()) >= 2 * HOUR - 30
    assert max(last.values()) == script.elapsed <= 2 * HOUR
    assert at_once(script.moments) <= 2


@pytest.mark.parametrize(("count", "most"), [(2, 1), (3, 1), (30, 1), (90, 3), (3000, 100)])
def test_the_first_polls_are_spread(client_kind: ClientKind, count: int, most: int) -> None:
    script = Script(lambda auditid, _: AuditStatus(auditid, 0))
    queries = [("t", number) for number in range(1, count + 1)]
    assert len(list(wait_for_each(client_kind, scripted(client_kind, script), queries, timeout=DAY))) == count
    assert script.moments[0] == 0
    assert script.moments[1] <= 1
    assert script.elapsed < 30
    assert at_once(script.moments) <= most


@pytest.mark.parametrize("timeout", [0.01, 1, 20, 29])
def test_in_a_short_time_each_is_asked_once(client_kind: ClientKind, timeout: float) -> None:
    script = Script(pending)
    queries = [("t", number) for number in range(1, 101)]
    results = list(
        wait_for_each(client_kind, scripted(client_kind, script), queries, timeout=timeout, polling=EXACT)
    )
    assert [type(result.error) for result in results] == [wxaudit.WaitTimeout] * 100
    assert len(script.polls) == 100
    assert script.elapsed <= timeout


def test_after_a_slow_caller_the_late_ones_are_asked_bit_by_bit(client_kind: ClientKind) -> None:
    def answer(auditid: int, seconds: float) -> Answer:
        return pending(auditid) if auditid > 1 and seconds < DAY else AuditStatus(auditid, 0)

    script = Script(answer)
    queries = [("t", number) for number in range(1, 301)]
    for number, _ in enumerate(
        wait_for_each(client_kind, scripted(client_kind, script), queries, timeout=None)
    ):
        if number == 0:
            script.clock.advance(6 * HOUR)
    # All were late by then. The scripted answers give the rest of a round when they are asked for it.
    assert {auditid for _, auditid in script.polls[:300]} == set(range(1, 301))
    assert at_once(script.moments) <= 2 * 300 / 30
    assert script.moments[299] >= 6 * HOUR + 28


def test_an_input_that_raises(client_kind: ClientKind) -> None:
    def queries() -> Iterator[Any]:
        yield "t", 1
        raise ZeroDivisionError

    script = Script(pending)
    results = wait_for_each(client_kind, scripted(client_kind, script), queries(), timeout=60)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert script.polls == []


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (5, "queries must be an iterable of AuditQuery"),
        ("t", "queries must be an iterable of AuditQuery"),
        ({"t": 1}, "queries must be an iterable of AuditQuery"),
    ],
)
def test_what_holds_no_queries_is_refused(client_kind: ClientKind, queries: Any, message: str) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=message):
        wait_for_each(client_kind, scripted(client_kind, Script(pending)), queries, timeout=60)


def test_no_queries_no_results(client_kind: ClientKind) -> None:
    assert list(wait_for_each(client_kind, scripted(client_kind, Script(pending)), [], timeout=60)) == []


def test_an_asynchronous_input(client_kind: ClientKind) -> None:
    async def queries() -> AsyncIterator[tuple[str, int]]:
        for number in (1, 2):
            yield "t", number

    script = Script(lambda auditid, _: AuditStatus(auditid, 0))
    if client_kind.kind == "blocking":
        with pytest.raises(wxaudit.ArgumentError, match="only AsyncClient takes an async iterable"):
            wait_for_each(client_kind, scripted(client_kind, script), queries(), timeout=60)
    else:
        results = wait_for_each(client_kind, scripted(client_kind, script), queries(), timeout=60)
        assert [result.index for result in results] == [0, 1]


def test_max_concurrency_holds(client_kind: ClientKind, fake: FakeWeChat) -> None:
    client = client_kind.client(fake, max_concurrency=8).inner
    with pytest.raises(wxaudit.ArgumentError, match="max_concurrency"):
        wait_for_each(client_kind, client, [], timeout=60, max_concurrency=0)
    token = fake.token()
    queries = [(token, fake.submit(state=AuditState.APPROVED).auditid) for _ in range(100)]
    fake.fail_next(Fault(delay=0.005), times=None)
    # Rounds of four.
    polling = Polling(0.05)
    results = wait_for_each(client_kind, client, queries, timeout=60, polling=polling, max_concurrency=2)
    assert sorted(result.index for result in results) == list(range(100))
    begun = sorted(request.received_at for request in fake.requests)
    ended = sorted(request.answered_at or 0.0 for request in fake.requests)
    # The third is received when the first is answered, and so on.
    assert all(later >= earlier for earlier, later in zip(ended, begun[2:], strict=False))
    assert sum(later < earlier for earlier, later in zip(ended, begun[1:], strict=False)) > 10


def test_ten_thousand_audits_of_up_to_seven_days(client_kind: ClientKind) -> None:
    count, chance = 10_000, random.Random(20)  # noqa: S311  # no secret
    # Most reviews take hours, a few up to the whole time that WeChat allows itself.
    lives = [chance.lognormvariate(0.7, 0.8) * HOUR for _ in range(count)]
    lives[::200] = [7 * DAY * (number + 1) / 50 for number in range(50)]
    decided = dict(enumerate(lives, 1))
    statuses = {state: {a: AuditStatus(a, state) for a in decided} for state in (0, 1, 2)}

    def answer(auditid: int, seconds: float) -> Answer:
        return statuses[2 if seconds < decided[auditid] else auditid % 2][auditid]

    script = Script(answer)
    began = time.perf_counter()
    seen: dict[int, tuple[float, AuditStatus | None]] = {}
    queries = (("t", auditid) for auditid in decided)
    for result in wait_for_each(
        client_kind, scripted(client_kind, script), queries, timeout=timedelta(days=8)
    ):
        seen[result.index + 1] = (script.elapsed, result.status)
    took = time.perf_counter() - began
    assert len(seen) == count
    delays = []
    for auditid, (moment, status) in seen.items():
        assert status is not None
        assert status.status == auditid % 2
        delays.append(moment - decided[auditid])
    polls = Counter(auditid for _, auditid in script.polls)
    minimum = closest(script.polls)
    print(
        f"\n{client_kind.kind}: {count} audits, {len(script.polls)} polls in {took:.1f} s; an audit "
        f"{min(polls.values())} to {max(polls.values())} polls, {len(script.polls) / count:.0f} on average; "
        f"at most {at_once(script.moments)} within a second; no two of one audit closer than {minimum:.3f} s;"
        f" longest life {max(decided.values()) / DAY:.1f} days, seen at most {max(delays):.0f} s later"
    )
    assert minimum >= Polling().minimum - 1e-6
    assert min(delays) >= 0
    assert max(delays) <= 600 + 30
    assert at_once(script.moments) <= count / 30 + 1
