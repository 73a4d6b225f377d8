"""Many audits at once: the Python half of a batch, and its blocking form.

The fan-out runs natively and hands over results in bunches; here the input is taken in, questions to token
sources are answered, and failures become exceptions.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from time import monotonic

from .._errors.tree import ArgumentError, TokenError, from_native
from .._models.screenshot import fetched
from .._native import AuditQuery, AuditResult
from .._timeout import Timeout
from .._token_sources import serve_request
from .progress import Reporter
from .results import in_order
from .screenshots import MOST_PICTURES, asked_for, named
from .screenshots import in_order as pictures_in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any, SupportsIndex, TypeAlias

    from .._base_client import BaseClient
    from .._client import Client
    from .._errors.tree import WxAuditError
    from .._models.screenshot import Screenshot
    from .._native import Hidden, Question, _Failed
    from .._observability.dispatch import EventDispatcher
    from .._token_sources import AsyncTokenSource, TokenSource
    from .progress import Listener
    from .results import AuditBatch

    Token: TypeAlias = str | TokenSource
    AsyncToken: TypeAlias = str | TokenSource | AsyncTokenSource
    AuditId: TypeAlias = SupportsIndex | str | float
    Query: TypeAlias = AuditQuery | tuple[Token, AuditId] | tuple[Token, AuditId, str | None]
    AsyncQuery: TypeAlias = AuditQuery | tuple[AsyncToken, AuditId] | tuple[AsyncToken, AuditId, str | None]
    Progress: TypeAlias = Listener | bool | None

# For so many seconds input is taken in before results are looked at again.
_SLICE = 0.005


class Run:
    """A batch under way: what its blocking and its asyncio form have in common."""

    native: Any = None
    dispatcher: EventDispatcher
    # What the bar counts.
    unit = "audit"

    def __init__(
        self, client: BaseClient, queries: Hidden, max_concurrency: Any, timeout: Any, *, collected: bool
    ) -> None:
        """Checks everything and begins nothing."""
        client._check_open()
        _check(queries, asynchronous=client._asynchronous)
        self.queries = queries
        self._client = client
        self._concurrency = client._engine.concurrency(max_concurrency)
        self._limit = None if timeout is None else Timeout.of(timeout, client._timeout).total
        # Beyond its time one that is collected has an error for each query, and one that is iterated ends.
        self._collected = collected
        self._bunch: list[Any] = []
        self._broken: Exception | None = None
        self.ended = False
        self.over = False

    def reporter(self, progress: Any) -> Reporter:
        return Reporter(progress, size(self.queries), self.unit)

    def begin(self) -> None:
        self.dispatcher = self._client._dispatcher()
        self.native = self._client._engine.begin_batch(self._concurrency, self._limit, bool(self.dispatcher))
        self._until = None if self._limit is None or self._collected else monotonic() + self._limit

    def fill(self, queries: Iterator[Any]) -> None:
        """Takes in what the batch wants, as far as the input gives it in a moment."""
        if self.is_late():
            return self.end()
        until = monotonic() + _SLICE
        if self._until is not None:
            until = min(until, self._until)
        for _ in range(self.native.wanted):
            try:
                refused = self._take_in(queries)
            except StopIteration:
                return self.end()
            except Exception as error:
                return self.fail(error)
            if refused is not None:
                self.refuse(*refused)
            if monotonic() >= until:
                break
        return None

    def is_late(self) -> bool:
        """Whether its time is over, so that no more input is taken."""
        return self._until is not None and monotonic() >= self._until

    def fail(self, error: Exception) -> None:
        """The input raised."""
        self._broken = error
        self.end()

    @property
    def goes_on(self) -> bool:
        """Whether more results come. Raises what the input raised, once those that are wanted have come."""
        if self._broken is not None and (self.over or self._collected):
            raise self._broken
        return not self.over

    def _take_in(self, queries: Iterator[Any]) -> tuple[int, ArgumentError] | None:
        """Takes the next query in. One that cannot be used comes back as its number and why."""
        refused: tuple[int, ArgumentError] | None = self.native.add(next(queries))
        return refused

    def refuse(self, index: int, error: ArgumentError) -> None:
        self._bunch.append(self._refused(index, error))

    def _refused(self, index: int, error: ArgumentError) -> Any:
        return AuditResult(None, error.appid, None, error, index)

    def end(self) -> None:
        self.ended = True
        self.native.end()

    def close(self) -> None:
        """Drops what is under way."""
        if self.native is not None:
            self.native.close()

    @property
    def has_refused(self) -> bool:
        """Whether there are results that needed no answer."""
        return bool(self._bunch)

    @property
    def is_full(self) -> bool:
        """Whether results are to be taken before more input is."""
        return self.native.wanted == 0 or len(self._bunch) >= self._concurrency

    @property
    def must_wait(self) -> bool:
        """Whether there is nothing to do before something has been answered."""
        if self._bunch or (self._broken is not None and self._collected):
            return False
        return self.ended or self.native.wanted == 0

    def take(self) -> tuple[list[Any], list[Question]]:
        """What has come meanwhile."""
        results, questions, events, self.over = self.native.take()
        self.dispatcher.on_event(events)
        bunch, self._bunch = self._bunch, []
        bunch += map(self._result, results)
        return bunch, questions

    def _result(self, it: Any) -> Any:
        if isinstance(it, AuditResult):
            return it
        index, error = it[0], self._error(*it[1:])
        return AuditResult(error.auditid, error.appid, None, error, index, error.attempts)

    def _error(self, failed: _Failed, cause: BaseException | None) -> WxAuditError:
        error = from_native(*failed)
        if isinstance(error, TokenError) and error.errcode is None:
            # WeChat has not refused a token: there was none.
            error.__cause__ = cause
        return error


class ScreenshotRun(Run):
    """The pictures behind several `media_id`s of one token: pairs of an index and a picture, or an error."""

    unit = "screenshot"

    def __init__(
        self, client: BaseClient, token: Any, given: Hidden, appid: Any, max_concurrency: Any, timeout: Any
    ) -> None:
        media_ids, own_appid = asked_for(given)
        most = client._engine.concurrency(max_concurrency)
        super().__init__(
            client,
            media_ids,
            min(most, MOST_PICTURES) if max_concurrency is None else most,
            timeout,
            collected=True,
        )
        self._token = token
        self._appid = own_appid if appid is None else appid

    def _take_in(self, queries: Iterator[Any]) -> tuple[int, ArgumentError] | None:
        refused: tuple[int, ArgumentError] | None
        refused = self.native.ask("get_screenshot", self._token, next(queries), self._appid)
        return refused

    def _refused(self, index: int, error: ArgumentError) -> Any:
        if error.message.startswith("media_id"):
            error.message += f" It is number {index + 1} of them."
        return index, error

    def _result(self, it: Any) -> Any:
        if len(it) == 2:
            index, picture = it
            return index, fetched(*picture)
        error = self._error(*it[1:])
        error.message += f" It was screenshot {named(self.queries.get()[it[0]], it[0])}."
        return it[0], error


def _check(queries: Hidden, *, asynchronous: bool) -> None:
    """`ArgumentError` for what can hold no queries."""
    if isinstance(queries.get(), AsyncIterable):
        if not asynchronous:
            raise ArgumentError("queries: only AsyncClient takes an async iterable")
        return
    kind = type(queries.get()).__name__
    if hasattr(queries.get(), "__arrow_c_stream__") or hasattr(queries.get(), "columns"):
        raise ArgumentError(f"queries: got a {kind}; write queries_from_frame(frame, token_for)")
    if isinstance(queries.get(), (str, bytes, bytearray, Mapping)) or not isinstance(queries.get(), Iterable):
        raise ArgumentError(f"queries must be an iterable of AuditQuery or (token, auditid), got {kind}")


def size(queries: Hidden) -> int | None:
    """The number of queries, None where it is not known before they are taken in."""
    return len(queries.get()) if hasattr(queries.get(), "__len__") else None


def collect(client: Client, queries: Any, max_concurrency: Any, progress: Any, timeout: Any) -> AuditBatch:
    try:
        run = Run(client, queries, max_concurrency, timeout, collected=True)
        return in_order(gathered(run, progress))
    finally:
        queries.clear()


def collect_screenshots(
    client: Client,
    token: Any,
    given: Any,
    appid: Any,
    max_concurrency: Any,
    progress: Any,
    timeout: Any,
) -> list[Screenshot]:
    run = ScreenshotRun(client, token, given, appid, max_concurrency, timeout)
    return pictures_in_order(gathered(run, progress))


def gathered(run: Run, progress: Any) -> list[Any]:
    """All results, in the order in which they came."""
    results: list[Any] = []
    with run.reporter(progress) as reporter:
        for bunch in _bunches(run):
            results += bunch
            reporter.report(len(results))
    return results


def iterate(
    client: Client, queries: Any, max_concurrency: Any, timeout: Any
) -> Generator[AuditResult, None, None]:
    try:
        run = Run(client, queries, max_concurrency, timeout, collected=False)
    except BaseException:
        queries.clear()
        raise
    return _each(_bunches(run))


def _each(bunches: Iterator[list[AuditResult]]) -> Generator[AuditResult, None, None]:
    for bunch in bunches:
        yield from bunch


def _bunches(run: Run) -> Iterator[list[Any]]:
    """The results as they come."""
    try:
        given = iter(run.queries.get())
        run.begin()
        with run.dispatcher:
            while run.goes_on:
                if not run.ended:
                    run.fill(given)
                if run.must_wait:
                    run.native.wait()
                bunch, questions = run.take()
                for question in questions:
                    serve_request(question)
                if bunch:
                    yield bunch
    finally:
        run.close()
        run.queries.clear()
