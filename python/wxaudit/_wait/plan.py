"""What is decided while reviews are waited for: when each is asked, what is tolerated, how it ends.

Nothing here sleeps or calls: the blocking and the asyncio form differ only in who does that.
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


# The last poll has room where this much of the minimum is left: a sleep ends a little late.
_ENOUGH = 0.99

# Many are asked in rounds, at most one in so many seconds, and the first polls in so many rounds at least.
_ROUND = 1.0
_FIRST_ROUNDS = 30


class PollState:
    """One audit that is waited for. Times are seconds of one stopwatch."""

    __slots__ = (
        "_delays",
        "_end",
        "_failures",
        "_polling",
        "_room",
        "asked",
        "attempts",
        "due",
        "last",
        "outcome",
        "polls",
    )

    def __init__(self, polling: Polling, begin: float, end: float | None, late: float = 0.0) -> None:
        """`late`: by so much each poll may come later than it is due."""
        self._polling = polling
        self._room = polling.minimum + late
        self._delays = polling.delays()
        self._end = end
        self._failures = 0
        # When it is asked next, and when it was asked last.
        self.due = self.asked = begin
        self.polls = 0
        # Requests sent, as far as whoever asks counts them.
        self.attempts = 0
        self.last: AuditStatus | None = None
        # A status that is not pending, or the error that ends the wait.
        self.outcome: AuditStatus | WxAuditError | None = None

    def record(self, seen: AuditStatus | WxAuditError, watch: Stopwatch, limit: float | None) -> None:
        """Takes what a poll came to, and sets `outcome` or the next `due`."""
        self.polls += 1
        # From the answer on: a slow WeChat is asked more rarely.
        earliest = watch.elapsed() + next(self._delays)
        if isinstance(seen, AuditStatus):
            self._failures = 0
            self.last = seen
            if not seen.is_pending:
                self.outcome = seen
                return
        elif isinstance(seen, QuotaError) and seen.retry_at is not None:
            opens = watch.at(seen.retry_at)
            if self._end is not None and opens > self._end:
                self.outcome = _beyond(seen, watch, self._end)
                return
            if seen.attempts == 0 and watch.is_given and opens <= watch.elapsed():
                # Refused by the client's memory, which goes by the system's time: waiting by another changes
                # nothing.
                seen.message += " By the clock of the wait that is past; the client goes by the system's."
                self.outcome = seen
                return
            # Some seconds later: clocks differ, and a day's quota that is asked for too soon is a day lost.
            earliest = max(earliest, opens + next(self._polling.delays()))
        else:
            self._failures += 1
            passes = _passes(seen)
            if not passes or self._failures > self._polling.max_failures:
                self.outcome = seen
                if passes and self._failures > 1:
                    seen.message += f" The wait ended after {self._failures} failures in a row."
                return
        self._plan(seen, earliest, limit)

    def _plan(self, seen: AuditStatus | WxAuditError, earliest: float, limit: float | None) -> None:
        if self._end is None or limit is None:
            self.due = earliest
        elif self._end - self.asked < self._polling.minimum * _ENOUGH:
            self.outcome = self._too_late(seen, limit)
        else:
            # The last poll is at the end itself, and the one before it leaves room for it.
            self.due = earliest if earliest + self._room <= self._end else self._end

    def _too_late(self, seen: AuditStatus | WxAuditError, limit: float) -> WaitTimeout:
        from datetime import timedelta

        duration = timedelta(seconds=limit)
        if self.last is None:
            what = f"no poll was answered within the timeout of {duration}"
        else:
            what = f"still {self.last.status.label()} at the last poll within the timeout of {duration}"
        error = make_error(
            WaitTimeout, what, last=self.last, auditid=seen.auditid, appid=seen.appid, attempts=self.polls
        )
        if not isinstance(seen, AuditStatus):
            error.__cause__ = seen
        return error


def _passes(error: WxAuditError) -> bool:
    """Whether a later poll may be answered, so that a wait of days does not end with this one.

    More than `retryable`, by which nothing that needs a person is repeated within seconds: a page of
    somebody else in the place of an answer, and a token source that failed, are often gone at the next poll.
    """
    if isinstance(error, TokenError):
        return error.retryable or error.errcode is None
    return error.retryable or isinstance(error, DecodeError)


def _beyond(error: QuotaError, watch: Stopwatch, end: float) -> QuotaError:
    """The quota's own error, since it says when to come back: what is to be done is not to wait longer."""
    from datetime import timedelta

    moment = watch.now() + timedelta(seconds=end - watch.elapsed())
    error.message += f" The wait was to end before that, at {_in_beijing(moment)}."
    return error


class Wait:
    """A wait for one audit."""

    watch: Stopwatch

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
        """Checks everything and begins nothing."""
        session.check_open()
        self._session = session
        self._limit = limit_of(timeout)
        self._polling = polling_of(polling)
        self.on_poll: Callable[[AuditStatus | WxAuditError], Any] | None = _checked(on_poll, asynchronous)
        check_clock(clock)
        self._clock = clock

    def begin(self) -> PollState:
        self.watch = Stopwatch(self._clock)
        return PollState(self._polling, 0.0, self._limit)

    def record(self, wait: PollState, seen: AuditStatus | WxAuditError) -> bool:
        """Takes what a poll came to. Whether `on_poll` is told: of what ends in an exception it is not."""
        wait.record(seen, self.watch, self._limit)
        if wait.outcome is None:
            with self._session.dispatcher() as dispatcher:
                dispatcher.on_event(self._events(wait, seen))
        return isinstance(seen, AuditStatus) or wait.outcome is not seen

    def _events(self, wait: PollState, seen: AuditStatus | WxAuditError) -> Iterator[Event]:
        """One, which is made only where somebody hears it."""
        now = self.watch.elapsed()
        failed = not isinstance(seen, AuditStatus)
        errcode = getattr(seen, "errcode", None)
        yield Event(
            kind="poll",
            time=self.watch.now().timestamp(),
            auditid=seen.auditid,
            appid=seen.appid,
            attempt=wait.polls,
            http_status=getattr(seen, "http_status", None),
            errcode=errcode if failed else 0,
            rid=getattr(seen, "rid", None),
            delay=max(wait.due - now, 0.0),
            elapsed=now,
            error=str(seen) if failed else None,
            error_type=(type(seen).__name__ if errcode is None else "APIError") if failed else None,
        )


class BatchWait(Wait):
    """A wait for many audits, whose polls are spread so that they never come all at once."""

    def __init__(
        self,
        session: Session,
        queries: Any,
        timeout: Any,
        polling: Any,
        on_poll: Any,
        max_concurrency: Any,
        clock: Any,
        *,
        asynchronous: bool = False,
    ) -> None:
        super().__init__(session, timeout, polling, on_poll, clock, asynchronous=asynchronous)
        check_queries(queries, asynchronous=asynchronous)
        self.given = queries
        self.concurrency = session.engine.concurrency(max_concurrency)

    def begin_with(self, queries: Iterable[AuditQuery | ArgumentError]) -> list[AuditResult]:
        """Gives the results of those that are no queries."""
        self._queries: dict[int, AuditQuery] = {}
        refused = []
        for index, query in enumerate(queries):
            if isinstance(query, ArgumentError):
                refused.append(AuditResult(None, query.appid, None, query, index))
            else:
                self._queries[index] = query
        self.watch = Stopwatch(self._clock)
        # In a short time all of them have their turn in its first half.
        initial, count = self._polling.initial, len(self._queries)
        spread = initial if self._limit is None else min(initial, self._limit / 2)
        self._pace = min(_ROUND, spread / _FIRST_ROUNDS)
        self._most = ceil(count * self._pace / spread)
        rounds = ceil(count / max(self._most, 1))
        self._waits: dict[int, PollState] = {}
        for number, index in enumerate(self._queries):
            turn = number // self._most
            # Who begins in a later round also ends in a later one, and the last one in time.
            end = None if self._limit is None else self._limit - (rounds - turn) * self._pace
            self._waits[index] = PollState(self._polling, turn * self._pace, end, late=2 * self._pace)
        # A heap already: it is in order.
        self._due = [(wait.due, index) for index, wait in self._waits.items()]
        self._next = 0.0
        return refused

    @property
    def goes_on(self) -> bool:
        return bool(self._due)

    @property
    def due(self) -> float:
        """When the next round is."""
        return max(self._due[0][0], self._next)

    def take(self) -> tuple[list[int], list[AuditQuery]]:
        """Who is asked now: their numbers in the input, and their queries.

        Those that are late, because of a slow answer or a slow caller, are not asked all at once: no round is
        larger than the first one.
        """
        now = self.watch.elapsed()
        self._next = now + self._pace
        asked: list[int] = []
        while self._due and self._due[0][0] <= now and len(asked) < self._most:
            asked.append(heappop(self._due)[1])
            self._waits[asked[-1]].asked = now
        return asked, [self._queries[index] for index in asked]

    def note(self, index: int, result: AuditResult) -> tuple[AuditStatus | WxAuditError, bool, Any]:
        """What a poll came to, whether `on_poll` is told, and the result where the wait for it has ended."""
        wait = self._waits[index]
        wait.attempts += result.attempts
        seen: Any = result.status if result.error is None else result.error
        tell = self.record(wait, seen)
        if wait.outcome is None:
            heappush(self._due, (wait.due, index))
            return seen, tell, None
        del self._waits[index], self._queries[index]
        outcome = wait.outcome
        status, error = (outcome, None) if isinstance(outcome, AuditStatus) else (None, outcome)
        return seen, tell, AuditResult(result.auditid, result.appid, status, error, index, wait.attempts)


def read_all(queries: Any) -> list[AuditQuery | ArgumentError]:
    return list(map(read_query, queries))


def _checked(on_poll: Any, asynchronous: bool) -> Any:
    if on_poll is None:
        return None
    check_callback("on_poll", on_poll, may_be_awaited=asynchronous)
    return on_poll
