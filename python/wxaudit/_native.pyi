"""The native half of wxaudit, built from the Rust crate of the same name."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, ClassVar, SupportsIndex, TypeAlias, final

from typing_extensions import Self, disjoint_base

from ._errors.tree import ArgumentError, WxAuditError
from ._models.state import AuditState, Reason
from ._timeout import Timeout

__version__: str

@disjoint_base
class AuditStatus:
    """The review status of one audit at one moment.

    Two are equal if their auditid, status, reason, screenshots and appid are. The time of the observation and
    the form of the answer do not count.
    """

    __match_args__: ClassVar[tuple[str, str, str, str]]
    def __new__(
        cls,
        auditid: SupportsIndex | str,
        status: int,
        reason: str | None = None,
        screenshots: Iterable[str] | None = None,
        *,
        appid: str | None = None,
        observed_at: datetime | str | None = None,
    ) -> Self: ...
    @property
    def auditid(self) -> int:
        """The audit's number."""
    @property
    def status(self) -> AuditState:
        """The state; one that is unknown today keeps its number."""
    @property
    def reason(self) -> str | None:
        """Why it was rejected or delayed, as WeChat wrote it: untrusted text. None if WeChat gave none."""
    @property
    def screenshots(self) -> tuple[str, ...]:
        """The media_ids of the screenshots."""
    @property
    def appid(self) -> str | None:
        """The caller's label for the mini program."""
    @property
    def observed_at(self) -> datetime:
        """When the answer arrived: aware, UTC. The answer itself has no time."""
    @property
    def lossy(self) -> bool:
        """Whether bytes of the answer had to be repaired before it could be read."""
    @property
    def raw(self) -> dict[str, Any]:
        """The answer as decoded, a new dict each time; empty for a status that was made by hand."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The items of the reason; nothing of its text is lost."""
    @property
    def is_final(self) -> bool:
        """Whether WeChat no longer changes it: approved, rejected or withdrawn."""
    @property
    def is_pending(self) -> bool:
        """Whether a decision still follows: in review or delayed."""
    @property
    def is_approved(self) -> bool:
        """Whether the version may be released."""
    @property
    def is_rejected(self) -> bool:
        """Whether it was rejected."""
    def raise_for_rejection(self) -> Self:
        """Raises `ReviewRejected` if it was rejected; otherwise returns the status itself."""
    def to_dict(self) -> dict[str, Any]:
        """All attributes in a dict that is safe for JSON; `from_dict` reads it back."""
    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` made. Unknown keys are ignored; `ArgumentError` for missing or wrong ones."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __replace__(self, **changes: Any) -> Self: ...
    def __json__(self) -> dict[str, Any]: ...
    def _repr_html_(self) -> str: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...

@disjoint_base
class LatestAuditStatus(AuditStatus):
    """The review status of the last submission of a mini program, and what was submitted.

    It is an `AuditStatus`, and is compared as one.
    """

    def __new__(
        cls,
        auditid: SupportsIndex | str,
        status: int,
        reason: str | None = None,
        screenshots: Iterable[str] | None = None,
        *,
        appid: str | None = None,
        observed_at: datetime | str | None = None,
        user_version: str | None = None,
        user_desc: str | None = None,
        submitted_at: datetime | str | None = None,
    ) -> Self: ...
    @property
    def user_version(self) -> str | None:
        """The version that was submitted, in the submitter's words."""
    @property
    def user_desc(self) -> str | None:
        """Its description, in the submitter's words."""
    @property
    def submitted_at(self) -> datetime | None:
        """When it was submitted: aware, UTC. None if WeChat did not tell."""

def escape_controls(text: str, /) -> str:
    """Writes every control, direction and invisible character as its escape."""

@final
class Token:
    """An access token that does not show itself.

    `repr`, `str`, f-strings, logging and JSON never hold its text, and it cannot be pickled. `reveal()`
    returns the text. Accepted wherever a token is. Two tokens are equal when their texts are; they are
    compared in constant time. `ArgumentError` for an empty text, and for what cannot be a token.
    """

    def __new__(cls, text: str | Token) -> Self: ...
    def reveal(self) -> str:
        """The text of the token. It is a secret: do not log it."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object) -> Self: ...
    def __reduce__(self) -> Any: ...

def as_token(token: Any) -> Any:
    """What a caller passes as the token: a text becomes a `Token`, a token source stays as it is."""

@final
class AuditQuery:
    """One query of a batch: whose audit, and which.

    `token` is a text, a `Token` or a token source, as for a single call; a text becomes a `Token`. `appid` is
    a label that comes back on the result and on errors, and names whose quota is used.

    Two are equal when they ask for the same audit with the same token (or the same source) and appid.
    """

    __match_args__: ClassVar[tuple[str, str, str]]
    def __new__(cls, token: Any, auditid: SupportsIndex | str | float, appid: str | None = None) -> Self: ...
    @property
    def token(self) -> Any:
        """The token source, or the `Token`; either can be passed on to any call."""
    @property
    def auditid(self) -> int:
        """The audit's number."""
    @property
    def appid(self) -> str | None:
        """The caller's label."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def read_query(item: Any) -> AuditQuery | ArgumentError:
    """What a caller passes as one query, or the `ArgumentError` of what cannot be used."""

@final
class AuditResult:
    """How one query of a batch ended: with a status or with an error, never both."""

    __match_args__: ClassVar[tuple[str, str, str, str]]
    def __new__(
        cls,
        auditid: int | None,
        appid: str | None = None,
        status: AuditStatus | None = None,
        error: WxAuditError | None = None,
        index: int = 0,
        attempts: int = 0,
    ) -> Self: ...
    @property
    def auditid(self) -> int | None:
        """The audit's number; None if the query had none."""
    @property
    def appid(self) -> str | None:
        """The caller's label."""
    @property
    def status(self) -> AuditStatus | None:
        """The status; None if there is an error."""
    @property
    def error(self) -> WxAuditError | None:
        """The error; None if there is a status."""
    @property
    def index(self) -> int:
        """The query's number in the input, from 0."""
    @property
    def attempts(self) -> int:
        """The number of requests that were sent for it."""
    @property
    def ok(self) -> bool:
        """Whether there is a status, whatever it says."""
    def unwrap(self) -> AuditStatus:
        """Returns the status, or raises the error."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Event:
    """One step of a call of any kind. It never carries a token: no query string, no header, no body.

    `kind` names the step, and more kinds may come:

    - `"request"`: an attempt is about to be sent
    - `"response"`: an answer came, or the attempt failed, and then `error` says how
    - `"retry"`: another attempt follows after `delay` seconds
    - `"refresh"`: the token source is asked for a fresh token
    - `"poll"`: `wait_for_decision` has polled once, and polls again after `delay` seconds

    Any other attribute is `None` where it does not apply: `time` (in Unix seconds), `call` (the number of the
    call in its process, which the events of one call share), `auditid`, `appid` (the caller's label),
    `attempt` (from 1), `method`, `host` (`api.weixin.qq.com`), `port`, `url_path` (`/wxa/get_auditstatus`),
    `http_status`, `errcode` and `rid` of the answer, `delay` and `elapsed` (since the call began) in seconds,
    `error` (a text that is safe to print), `error_type` (the name of its exception: `"TransportError"`,
    `"RequestTimeout"`, …, and `"APIError"` for every errcode).
    """

    def __new__(
        cls,
        *,
        kind: str,
        time: float | None = None,
        call: int | None = None,
        auditid: int | None = None,
        appid: str | None = None,
        attempt: int | None = None,
        method: str | None = None,
        host: str | None = None,
        port: int | None = None,
        url_path: str | None = None,
        http_status: int | None = None,
        errcode: int | None = None,
        rid: str | None = None,
        delay: float | None = None,
        elapsed: float | None = None,
        error: str | None = None,
        error_type: str | None = None,
    ) -> Self: ...
    @property
    def kind(self) -> str: ...
    @property
    def time(self) -> float | None: ...
    @property
    def call(self) -> int | None: ...
    @property
    def auditid(self) -> int | None: ...
    @property
    def appid(self) -> str | None: ...
    @property
    def attempt(self) -> int | None: ...
    @property
    def method(self) -> str | None: ...
    @property
    def host(self) -> str | None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def url_path(self) -> str | None: ...
    @property
    def http_status(self) -> int | None: ...
    @property
    def errcode(self) -> int | None: ...
    @property
    def rid(self) -> str | None: ...
    @property
    def delay(self) -> float | None: ...
    @property
    def elapsed(self) -> float | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def error_type(self) -> str | None: ...
    def to_dict(self) -> dict[str, Any]:
        """The attributes that are set, safe for JSON; `Event(**data)` reads it back."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __replace__(self, **changes: Any) -> Self: ...

# How a call failed: the name of the exception's class, what happened, and the attributes.
_Failed: TypeAlias = tuple[str, str, dict[str, Any]]

# appid, timeout, max_retries
_Options: TypeAlias = tuple[Any, Timeout | None, Any]

@final
class Engine:
    """A client's configuration, connections, retry budget and quota blocks, for all threads and loops."""

    def __new__(
        cls,
        *,
        base_url: str,
        fallback_urls: Iterable[str],
        timeout: Timeout,
        max_retries: int,
        max_concurrency: int,
        proxy: str | None,
        trust_env: bool,
        ca_file: str | PathLike[str] | None,
        user_agent: str | None,
    ) -> Self: ...
    @property
    def base_url(self) -> str:
        """Where calls go; it holds no user, password or query."""
    @property
    def fallback_urls(self) -> list[str]:
        """Where else they go, in this order."""
    def call(self, operation: str, token: Token, subject: Any, options: _Options) -> Any:
        """Makes a call that needs nothing of Python; its result as in `Batch.take`."""
    def acall(
        self, bridge: LoopBridge, future: Any, operation: str, token: Token, subject: Any, options: _Options
    ) -> bool:
        """As `call`, for an event loop."""
    def begin_call(
        self, operation: str, token: Any, subject: Any, options: _Options, observed: bool
    ) -> Batch:
        """Begins any other call, as a batch of one."""
    def concurrency(self, max_concurrency: int | None) -> int:
        """What a batch means by its max_concurrency; at most the client's."""
    def begin_batch(
        self,
        queries: Iterator[Any] | None,
        concurrency: int,
        timeout: float | None,
        *,
        observed: bool,
        collected: bool,
        calls: tuple[str, Any, Any] | None = None,
    ) -> Batch:
        """Begins a batch: so many calls at once, all of them within `timeout` where there is one.

        Where `queries` is None, they are added one by one. With `calls` (the name of the client's method, the
        token, the appid) its items are not queries, but the subjects of those calls.
        """
    def close(self) -> None:
        """Closes the idle connections of this process."""

@final
class Batch:
    """A batch in the process that began it. `wait` only waits: cancelling it loses nothing."""

    def fill(self) -> bool:
        """Takes in queries, as many as there is room for. True where nothing is left to do but to wait."""
    @property
    def is_full(self) -> bool:
        """Whether results have to be taken before more queries are added."""
    @property
    def is_late(self) -> bool:
        """Whether the time is over in which queries are added."""
    def add(self, item: Any) -> bool:
        """Adds what a caller passes as a query. False where it cannot be used: its result is there."""
    def end(self) -> None:
        """No more queries follow."""
    def wait(self) -> None:
        """Blocks until there is something to take."""
    def await_(self, bridge: LoopBridge, future: Any) -> bool:
        """As `wait`, for an event loop."""
    def take(
        self,
    ) -> tuple[
        list[AuditResult | tuple[int, Any] | tuple[int, _Failed, BaseException | None]],
        list[TokenRequest],
        list[Event],
        bool,
    ]:
        """Results, requests for tokens, events, and whether nothing more follows.

        Of a query that was refused: its number and its `ArgumentError`. Of one that failed: its number, what
        the error is made of, and what its source raised.
        """
    def raise_input_error(self) -> None:
        """Raises what the input raised, once."""
    def close(self) -> list[Event]:
        """Drops the calls in flight. Returns the events that were not taken."""

@final
class TokenRequest:
    """A request for a token, to be answered by Python code. Dropping it fails the call."""

    @property
    def source(self) -> Any:
        """The token source."""
    @property
    def refresh(self) -> bool:
        """Whether a fresh token is needed."""
    @property
    def remaining(self) -> float:
        """The seconds until no call waits for the answer any more."""
    def answer(self, given: Any) -> None:
        """Answers with what the source returned: a text or a `Token`. Anything else fails the call."""
    def fail(self, problem: str, cause: BaseException | None = None) -> None:
        """Fails the call: with the problem that there was, and the exception behind it."""
    def time_out(self) -> None:
        """The source did not answer within the time of the call."""

@final
class LoopBridge:
    """Submits the calls of one event loop, and holds their results for it. The loop keeps it alive."""

    def __new__(cls) -> Self: ...
    def fileno(self) -> int:
        """A descriptor that becomes readable when results are there."""
    def wakeup_handle(self) -> int:
        """A copy of it, for a thread that reads it byte by byte. The caller closes it."""
    def flush(self) -> None:
        """Submits the pending calls."""
    def drain(self, *, signaled: bool = False) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Exception]]]:
        """The finished calls: futures with their values, and futures with their exceptions."""
    def cancel(self, future: Any) -> None:
        """Drops the call that `future` waits for; it may have finished."""
    def close(self) -> None:
        """Drops all calls: the loop has ended."""
