"""Waiting for a decision: when polls come, what is waited out, and how it ends."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.scripted_answers import Script, scripted, wait
from wxaudit import AuditState, AuditStatus, Polling
from wxaudit.testing import Fault, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client_kind import ClientKind
    from support.scripted_answers import Answer
    from wxaudit.testing import FakeWeChat

EXACT = Polling(30, 600, 1.5, jitter=0)
PENDING = AuditStatus(1, AuditState.IN_REVIEW)
APPROVED = AuditStatus(1, AuditState.APPROVED)
BUSY = wxaudit.ServerBusyError("busy", errcode=-1, auditid=1, attempts=1)
DAY = 24 * 3600


def decided_at(moment: float) -> Callable[[int, float], Answer]:
    return lambda _, seconds: PENDING if seconds < moment else APPROVED


def answering(*answers: Answer) -> Callable[[int, float], Answer]:
    """These answers, one a poll, and the last of them for ever."""
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


def test_a_review_of_three_days(client_kind: ClientKind, fake: FakeWeChat) -> None:
    reason = "1:账号信息不符合规范:<br>(1):包含色情因素<br>"
    life = [
        Step(AuditState.DELAYED, after=DAY, reason="审核排队中"),
        Step(AuditState.REJECTED, after=2 * DAY, reason=reason),
    ]
    submitted = fake.submit(life=life)
    began = fake.clock.now()
    source = fake.token_source() if client_kind.kind == "blocking" else fake.async_token_source()
    moments: list[float] = []
    audit = wait(
        client_kind,
        client_kind.client(fake).inner,
        submitted.auditid,
        source,
        timeout=timedelta(days=7),
        polling=EXACT,
        on_poll=lambda _: moments.append((fake.clock.now() - began).total_seconds()),
        clock=fake.clock,
    )
    assert audit.is_rejected
    assert audit.reason == reason
    assert moments[:10] == [0, 30, 75, 142.5, 243.75, 395.625, 623.4375, 965.15625, 1477.734375, 2077.734375]
    assert {after - before for before, after in pairwise(moments[8:])} == {600}
    # The first poll after the decision, not one more.
    assert 3 * DAY <= moments[-1] < 3 * DAY + 600
    assert submitted.polls == len(moments)
    # A token lives two hours.
    assert source.refreshes >= 3 * 12 - 1


@pytest.mark.parametrize("state", [AuditState.REJECTED, AuditState.WITHDRAWN, AuditState(7)])
def test_whatever_is_not_pending_is_returned(client_kind: ClientKind, state: AuditState) -> None:
    script = Script(answering(PENDING, AuditStatus(1, AuditState.DELAYED), AuditStatus(1, state)))
    audit = wait(client_kind, scripted(client_kind, script), timeout=3600, polling=EXACT)
    assert audit.status == state
    assert script.moments == [0, 30, 75]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        # The one before the last leaves room for it.
        (30, [0, 30]),
        (59, [0, 59]),
        (60, [0, 30, 60]),
        (timedelta(seconds=90), [0, 30, 90]),
        (105, [0, 30, 75, 105]),
        (300, [0, 30, 75, 142.5, 243.75, 300]),
        # Too short for a second poll: nothing is gained by waiting.
        (29, [0]),
        (0.001, [0]),
    ],
)
def test_the_last_poll_comes_when_the_time_is_over(
    client_kind: ClientKind, timeout: Any, expected: list[float]
) -> None:
    script = Script(decided_at(DAY))
    with pytest.raises(wxaudit.WaitTimeout) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=timeout, polling=EXACT)
    assert script.moments == expected
    assert script.elapsed == expected[-1]
    error = raised.value
    assert isinstance(error, TimeoutError)
    assert (error.last, error.auditid, error.attempts) == (PENDING, 1, len(expected))
    assert error.__cause__ is None
    assert (
        f"the timeout of {timedelta(seconds=timeout) if not isinstance(timeout, timedelta) else timeout}"
        in (str(error))
    )
    assert pickle.loads(pickle.dumps(error)).last == PENDING


def test_a_decision_at_the_last_poll_counts(client_kind: ClientKind) -> None:
    script = Script(decided_at(100))
    assert wait(client_kind, scripted(client_kind, script), timeout=100, polling=EXACT).is_approved


def test_without_a_timeout_it_waits_as_long_as_it_takes(client_kind: ClientKind) -> None:
    script = Script(decided_at(100 * DAY))
    assert wait(
        client_kind, scripted(client_kind, script), timeout=None, polling=Polling(3600, DAY)
    ).is_approved
    assert 100 * DAY <= script.elapsed < 101 * DAY


def test_jitter_never_brings_polls_closer_than_the_minimum(client_kind: ClientKind) -> None:
    script = Script(decided_at(7 * DAY))
    polling = Polling(60, 60, 1, jitter=0.5)
    wait(client_kind, scripted(client_kind, script), timeout=None, polling=polling)
    between = [after - before for before, after in pairwise(script.moments)]
    # The clock tells microseconds apart.
    assert polling.minimum - 1e-6 <= min(between) < 31
    assert 59 < max(between) <= 60 + 1e-6


@pytest.mark.parametrize(
    "error",
    [
        BUSY,
        wxaudit.TransportError("refused", auditid=1),
        wxaudit.RequestTimeout("over", auditid=1),
        wxaudit.HTTPStatusError("bad gateway", http_status=502, auditid=1),
        wxaudit.DecodeError("a maintenance page", auditid=1),
        wxaudit.TokenError("the token source failed", auditid=1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failures_that_pass_are_waited_out(client_kind: ClientKind, error: wxaudit.WxAuditError) -> None:
    polling = EXACT.__replace__(max_failures=2)
    answers: list[Answer] = [error, error, PENDING, error, error, APPROVED]
    script = Script(answering(*answers))
    seen: list[object] = []
    wait(client_kind, scripted(client_kind, script), timeout=DAY, polling=polling, on_poll=seen.append)
    # Each was told of, and the intervals grew as ever.
    assert seen == answers
    assert script.moments == [0, 30, 75, 142.5, 243.75, 395.625]


@pytest.mark.parametrize("kind", [wxaudit.TransportError, wxaudit.DecodeError, wxaudit.TokenError])
@pytest.mark.parametrize("allowed", [0, 1, 10])
def test_one_failure_too_many_in_a_row_is_raised(
    client_kind: ClientKind, allowed: int, kind: type[wxaudit.WxAuditError]
) -> None:
    polling = EXACT.__replace__(max_failures=allowed)
    script = Script(answering(PENDING, kind("refused", auditid=1)))
    seen: list[object] = []
    with pytest.raises(kind) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=DAY, polling=polling, on_poll=seen.append)
    assert len(script.polls) == allowed + 2
    assert len(seen) == allowed + 1
    said = f"refused The wait ended after {allowed + 1} failures in a row." if allowed else "refused"
    assert str(raised.value) == said


@pytest.mark.parametrize(
    "error",
    [
        wxaudit.AuditNotFoundError("unknown", errcode=85012),
        wxaudit.TokenError("superseded", errcode=40001),
        wxaudit.AuthorizationLostError("lost", errcode=61003),
        wxaudit.HTTPStatusError("forbidden", http_status=403),
        wxaudit.QuotaError("no moment known", errcode=45009),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_error_is_raised_at_once(client_kind: ClientKind, error: wxaudit.WxAuditError) -> None:
    script = Script(answering(PENDING, error))
    seen: list[object] = []
    with pytest.raises(type(error)) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=DAY, polling=EXACT, on_poll=seen.append)
    assert raised.value is error
    assert script.moments == [0, 30]
    assert seen == [PENDING]


def test_when_the_last_poll_failed_its_error_is_the_cause(client_kind: ClientKind) -> None:
    script = Script(answering(PENDING, BUSY))
    with pytest.raises(wxaudit.WaitTimeout) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=60, polling=EXACT)
    assert raised.value.last == PENDING
    assert raised.value.__cause__ is BUSY
    script = Script(answering(BUSY))
    with pytest.raises(
        wxaudit.WaitTimeout, match="no poll was answered within the timeout of 0:01:00"
    ) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=60, polling=EXACT)
    assert raised.value.last is None
    assert raised.value.auditid == 1


def test_a_quota_is_waited_for(client_kind: ClientKind) -> None:
    def answer(_: int, seconds: float) -> Answer:
        if 30 <= seconds < 3600:
            return quota
        return decided_at(5000)(1, seconds)

    script = Script(answer)
    retry_at = script.clock.now() + timedelta(hours=1)
    quota = wxaudit.DayQuotaError("used up", errcode=45009, auditid=1, retry_at=retry_at)
    seen: list[object] = []
    polling = EXACT.__replace__(max_failures=0)
    wait(client_kind, scripted(client_kind, script), timeout=DAY, polling=polling, on_poll=seen.append)
    # Some seconds after the moment, since clocks differ; then on as before.
    assert script.moments[:5] == [0, 30, 3630, 3697.5, 3798.75]
    assert seen[1] is quota


def test_a_quota_that_outlasts_the_wait_is_raised_at_once(client_kind: ClientKind) -> None:
    def answer(_: int, seconds: float) -> Answer:
        return quota if seconds else PENDING

    script = Script(answer)
    retry_at = script.clock.now() + timedelta(hours=1, seconds=1)
    quota = wxaudit.DayQuotaError("used up", errcode=45009, auditid=1, retry_at=retry_at)
    end = (script.clock.now() + timedelta(hours=1)).astimezone(timezone(timedelta(hours=8)))
    with pytest.raises(wxaudit.DayQuotaError) as raised:
        wait(client_kind, scripted(client_kind, script), timeout=3600, polling=EXACT)
    assert script.moments == [0, 30]
    assert raised.value.retry_at == retry_at
    assert f"The wait would end before that, at {end.isoformat(' ', 'seconds')}." in str(raised.value)


def test_a_quota_whose_moment_is_past_does_not_make_it_hurry(client_kind: ClientKind) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    quota = wxaudit.MinuteQuotaError("used up", errcode=45011, auditid=1, retry_at=long_ago, attempts=1)
    script = Script(answering(*[quota] * 4, APPROVED))
    wait(client_kind, scripted(client_kind, script), timeout=DAY, polling=EXACT)
    assert script.moments == [0, 30, 75, 142.5, 243.75]


def test_a_page_of_somebody_else_does_not_end_a_wait(client_kind: ClientKind, fake: FakeWeChat) -> None:
    submitted = fake.submit(life=[Step(AuditState.APPROVED, after=3600)])
    fake.fail_next(Fault(body=b"<html>maintenance</html>"), times=2)
    audit = wait(
        client_kind,
        client_kind.client(fake).inner,
        submitted.auditid,
        fake.token(),
        timeout=DAY,
        clock=fake.clock,
    )
    assert audit.is_approved


def test_a_hiccup_of_the_token_source_does_not_end_a_wait(client_kind: ClientKind, fake: FakeWeChat) -> None:
    submitted = fake.submit(life=[Step(AuditState.APPROVED, after=3600)])
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        if len(asked) == 2:
            raise ConnectionError("the cache is away for a second")
        return fake.token()

    source, client = client_kind.token_source(get_token), client_kind.client(fake).inner
    seen: list[object] = []
    options: dict[str, Any] = {"timeout": DAY, "on_poll": seen.append, "clock": fake.clock}
    assert wait(client_kind, client, submitted.auditid, source, **options).is_approved
    assert [type(it) for it in seen[:3]] == [AuditStatus, wxaudit.TokenError, AuditStatus]


def test_a_quota_that_only_the_systems_time_keeps_used_up_ends_a_wait(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    submitted = fake.submit()
    fake.fail_next(Fault(errcode=45009))
    client, token = client_kind.client(fake).inner, fake.token(expires_in=30 * DAY)
    for timeout in (None, timedelta(days=30)):
        with pytest.raises(wxaudit.DayQuotaError) as raised:
            wait(client_kind, client, submitted.auditid, token, timeout=timeout, clock=fake.clock)
        assert raised.value.attempts == 0
        assert "That time has passed by `clock`" in str(raised.value)
    assert fake.requests_received == 1


def test_the_clients_own_retries_come_first(client_kind: ClientKind, fake: FakeWeChat) -> None:
    submitted = fake.submit(state=AuditState.APPROVED)
    fake.fail_next(Fault.http(503), times=4)
    client = client_kind.client(fake, max_retries=1).inner
    seen: list[object] = []
    wait(
        client_kind,
        client,
        submitted.auditid,
        fake.token(),
        timeout=600,
        on_poll=seen.append,
        clock=fake.clock,
    )
    assert [type(it) for it in seen] == [wxaudit.HTTPStatusError, wxaudit.HTTPStatusError, AuditStatus]
    assert fake.requests_received == 5


def test_the_polls_are_events(client_kind: ClientKind) -> None:
    events: list[wxaudit.Event] = []
    script = Script(answering(PENDING, BUSY, APPROVED))
    begun = script.clock.now()
    wait(client_kind, scripted(client_kind, script, on_event=events.append), timeout=DAY, polling=EXACT)
    # One for each that is followed by another, and its time is the clock's.
    first = {"time": begun.timestamp(), "attempt": 1, "errcode": 0, "delay": 30.0, "elapsed": 0.0}
    later = (begun + timedelta(seconds=30)).timestamp()
    second = {"time": later, "attempt": 2, "errcode": -1, "delay": 45.0, "elapsed": 30.0}
    busy = {"error": "busy", "error_type": "APIError"}
    told = [{"kind": "poll", "auditid": 1, **values} for values in (first, {**second, **busy})]
    assert [event.to_dict() for event in events] == told
