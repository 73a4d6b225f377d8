"""Decide when to poll, which errors to tolerate, and how a wait ends.

Nothing here sleeps or sends requests: `sync` and `asyncio` do.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import ceil

from .._batch.run import check_queries
from .._errors.tree import (
    ArgumentError,
    DecodeError,
    QuotaError,
    TokenError,
    WaitTimeout,
    _in_beijing,
    make_error,
)
from .._native import AuditResult, AuditStatus, Event, read_query
from .._validation import check_callback
from .clock import Stopwatch, check_clock
from .polling import limit_of, polling_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .._errors.tree import WxAuditError
    from .._native import AuditQuery
    from .._session import Session
    from .polling import Polling


# The share of the minimum interval that must be left for a last poll: sleeps end a little late.
_MIN_LAST_INTERVAL = 0.99

# Seconds between rounds of polls, and the minimum number of rounds of first polls.
_MAX_PACE = 1.0
_MIN_FIRST_ROUNDS = 30


class PollState:
    """The polls of one audit. Times are seconds of one stopwatch."""

    def __init__(self, polling: Polling, begin: float, end: float | None, late: float = 0.0) -> None:
        """`late`: how late each poll may be."""
        self._polling = polling
        self._room = polling.minimum + late
        self._delays = polling.delays()
        self._end = end
        self._failures = 0
        # The times of the next and of the latest poll.
        self.due = self.asked = begin
        self.polls = 0
        # Requests sent, if the caller counts them.
        self.attempts = 0
        self.last: AuditStatus | None = None
        # A status that is not pending, or the error that ends the wait.
        self.outcome: AuditStatus | WxAuditError | None = None

    def record(self, answer: AuditStatus | WxAuditError, watch: Stopwatch, limit: float | None) -> None:
        """Records the answer of a poll, and sets `outcome` or the next `due`."""
        self.polls += 1
        # Measured from the answer, so that a slow WeChat gets fewer requests.
        earliest = watch.elapsed() + next(self._delays)
        if isinstance(answer, AuditStatus):
            self._failures = 0
            self.last = answer
            if not answer.is_pending:
                self.outcome = answer
                return
        elif isinstance(answer, QuotaError) and answer.retry_at is not None:
            opens = watch.at(answer.retry_at)
            if self._end is not None and opens > self._end:
                self.outcome = _beyond(answer, watch, self._end)
                return
            if answer.attempts == 0 and watch.is_given and opens <= watch.elapsed():
                # The client blocks the quota by the system's time, so waiting by another clock does not help.
                answer.message += " That time has passed by `clock`, but the client uses the system's time."
                self.outcome = answer
                return
            # Some seconds later: clocks differ, and a request that is too early blocks the quota for a day.
            earliest = max(earliest, opens + next(self._polling.delays()))
        else:
            self._failures += 1
            transient = _is_transient(answer)
            if not transient or self._failures > self._polling.max_failures:
                self.outcome = answer
                if transient and self._failures > 1:
                    answer.message += f" The wait ended after {self._failures} failures in a row."
                return
        self._plan(answer, earliest, limit)

    def _plan(self, answer: AuditStatus | WxAuditError, earliest: float, limit: float | None) -> None:
        if self._end is None or limit is None:
            self.due = earliest
        elif self._end - self.asked < self._polling.minimum * _MIN_LAST_INTERVAL:
            self.outcome = self._too_late(answer, limit)
        else:
            # The last poll is at the end. The one before it leaves room for it.
            self.due = earliest if earliest + self._room <= self._end else self._end

    def _too_late(self, answer: AuditStatus | WxAuditError, limit: float) -> WaitTimeout:
        from datetime import timedelta

        duration = timedelta(seconds=limit)
        if self.last is None:
            what = f"no poll was answered within the timeout of {duration}"
        else:
            what = f"still {self.last.status.label()} at the last poll within the timeout of {duration}"
        error = make_error(
            WaitTimeout, what, last=self.last, auditid=answer.auditid, appid=answer.appid, attempts=self.polls
        )
        if not isinstance(answer, AuditStatus):
            error.__cause__ = answer
        return error


def _is_transient(error: WxAuditError) -> bool:
    """Whether a later poll may succeed.

    Wider than `retryable`, which is for retries within seconds: an answer that is not WeChat's and a failed
    token source often recover before the next poll.
    """
    if isinstance(error, TokenError):
        return error.retryable or error.errcode is None
    return error.retryable or isinstance(error, DecodeError)


def _beyond(error: QuotaError, watch: Stopwatch, end: float) -> QuotaError:
    """The quota's own error, since a longer wait would not be the remedy: it says when to return."""
    from datetime import timedelta

    moment = watch.now() + timedelta(seconds=end - watch.elapsed())
    error.message += f" The wait would end before that, at {_in_beijing(moment)}."
    return error


class Wait:
    """A wait for one audit."""

    def __init__(
        self,
        session: Session,
        timeout: Any,
        polling: Any,
        on_poll: Any,
        clock: Any,
        *,
        asynchronous: bool = False,
    ) -> None:
        """Checks the arguments. The wait starts with `begin`."""
        session.check_open()
        self._session = session
        self._limit = limit_of(timeout)
        self._polling = polling_of(polling)
        if on_poll is not None:
            check_callback("on_poll", on_poll, may_be_awaited=asynchronous)
        self.on_poll: Callable[[AuditStatus | WxAuditError], Any] | None = on_poll
        check_clock(clock)
        self._clock = clock

    def begin(self) -> PollState:
        self.watch = Stopwatch(self._clock)
        return PollState(self._polling, 0.0, self._limit)

    def record(self, state: PollState, answer: AuditStatus | WxAuditError) -> bool:
        """Records an answer. Returns whether to call `on_poll`: not for an error that is raised."""
        state.record(answer, self.watch, self._limit)
        if state.outcome is None:
            with self._session.dispatcher() as dispatcher:
                dispatcher.on_event(self._events(state, answer))
        return isinstance(answer, AuditStatus) or state.outcome is not answer

    def _events(self, state: PollState, answer: AuditStatus | WxAuditError) -> Iterator[Event]:
        """One event, made only if there is a listener."""
        now = self.watch.elapsed()
        failed = not isinstance(answer, AuditStatus)
        errcode = getattr(answer, "errcode", None)
        yield Event(
            kind="poll",
            time=self.watch.now().timestamp(),
            auditid=answer.auditid,
            appid=answer.appid,
            attempt=state.polls,
            http_status=getattr(answer, "http_status", None),
            errcode=errcode if failed else 0,
            rid=getattr(answer, "rid", None),
            delay=max(state.due - now, 0.0),
            elapsed=now,
            error=str(answer) if failed else None,
            error_type=(type(answer).__name__ if errcode is None else "APIError") if failed else None,
        )


class BatchWait(Wait):
    """A wait for many audits, whose polls are spread over time."""

    def __init__(
        self, session: Session, queries: Any, max_concurrency: Any, *options: Any, asynchronous: bool = False
    ) -> None:
        """`options`: timeout, polling, on_poll and clock, as for `Wait`."""
        super().__init__(session, *options, asynchronous=asynchronous)
        check_queries(queries, asynchronous=asynchronous)
        self.queries = queries
        self.concurrency = session.engine.concurrency(max_concurrency)

    def begin_with(self, queries: Iterable[AuditQuery | ArgumentError]) -> list[AuditResult]:
        """Starts the wait. Returns the results of invalid queries."""
        self._queries: dict[int, AuditQuery] = {}
        refused = []
        for index, query in enumerate(queries):
            if isinstance(query, ArgumentError):
                refused.append(AuditResult(None, query.appid, None, query, index))
            else:
                self._queries[index] = query
        self.watch = Stopwatch(self._clock)
        # With a short timeout, all first polls are in its first half.
        initial, count = self._polling.initial, len(self._queries)
        spread = initial if self._limit is None else min(initial, self._limit / 2)
        self._pace = min(_MAX_PACE, spread / _MIN_FIRST_ROUNDS)
        self._max_round = ceil(count * self._pace / spread)
        rounds = ceil(count / max(self._max_round, 1))
        self._states: dict[int, PollState] = {}
        for number, index in enumerate(self._queries):
            turn = number // self._max_round
            # Audits of a later first round also have a later last poll. The last of all is in time.
            end = None if self._limit is None else self._limit - (rounds - turn) * self._pace
            self._states[index] = PollState(self._polling, turn * self._pace, end, late=2 * self._pace)
        # Sorted, and so a heap.
        self._due = [(state.due, index) for index, state in self._states.items()]
        self._next = 0.0
        return refused

    @property
    def is_running(self) -> bool:
        return bool(self._due)

    @property
    def due(self) -> float:
        """The time of the next round."""
        return max(self._due[0][0], self._next)

    def take(self) -> tuple[list[int], list[AuditQuery]]:
        """The indexes and queries to poll now.

        After a delay, overdue polls do not all come at once: no round is larger than the first.
        """
        now = self.watch.elapsed()
        self._next = now + self._pace
        asked: list[int] = []
        while self._due and self._due[0][0] <= now and len(asked) < self._max_round:
            asked.append(heappop(self._due)[1])
            self._states[asked[-1]].asked = now
        return asked, [self._queries[index] for index in asked]

    def note(self, index: int, result: AuditResult) -> tuple[AuditStatus | WxAuditError, bool, Any]:
        """Records a result. Returns the answer, whether to call `on_poll`, and the final result, if any."""
        state = self._states[index]
        state.attempts += result.attempts
        answer: Any = result.status if result.error is None else result.error
        notify = self.record(state, answer)
        if state.outcome is None:
            heappush(self._due, (state.due, index))
            return answer, notify, None
        del self._states[index], self._queries[index]
        outcome = state.outcome
        status, error = (outcome, None) if isinstance(outcome, AuditStatus) else (None, outcome)
        return answer, notify, AuditResult(result.auditid, result.appid, status, error, index, state.attempts)


def read_all(queries: Any) -> list[AuditQuery | ArgumentError]:
    return list(map(read_query, queries))
