"""The native part of wxaudit. Rust documents the private classes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, ClassVar, Final, Literal, SupportsIndex, TypeAlias, final, overload

from typing_extensions import Self, disjoint_base

from ._errors.tree import ArgumentError, WxAuditError
from ._models.state import AuditState, Reason
from ._timeout import Timeout

__version__: str

@disjoint_base
class AuditStatus:
    """The review status of one audit at one moment.

    Equality compares auditid, status, reason, screenshots and appid, but not `observed_at` or `raw`.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
    """

    __match_args__: ClassVar[
        tuple[Literal["auditid"], Literal["status"], Literal["reason"], Literal["screenshots"]]
    ]
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
        """The state. An unknown state keeps its number."""
    @property
    def reason(self) -> str | None:
        """Why it was rejected or delayed, in WeChat's words: untrusted text. None without a reason."""
    @property
    def screenshots(self) -> tuple[str, ...]:
        """The `media_id`s of the screenshots."""
    @property
    def appid(self) -> str | None:
        """The caller's label for the mini program."""
    @property
    def observed_at(self) -> datetime:
        """When the answer arrived (aware, UTC). WeChat's answer itself carries no time."""
    @property
    def lossy(self) -> bool:
        """Whether invalid bytes of the answer were replaced to decode it."""
    @property
    def raw(self) -> dict[str, Any]:
        """The decoded answer, a new dict each time. Empty for a status that you constructed."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The items of `reason`, with its complete text."""
    @property
    def is_final(self) -> bool:
        """Whether the state is final: approved, rejected or withdrawn."""
    @property
    def is_pending(self) -> bool:
        """Whether the decision is pending: in review or delayed."""
    @property
    def is_approved(self) -> bool:
        """Whether the version may be released."""
    @property
    def is_rejected(self) -> bool:
        """Whether it was rejected."""
    def raise_for_rejection(self) -> Self:
        """Raises `ReviewRejected` if it was rejected; otherwise returns the status."""
    def to_dict(self, *, raw: bool = True) -> dict[str, Any]:
        """All attributes as a JSON-serializable dict, which `from_dict` reads.

        Besides, for readers without this library: `label`, the state in Chinese, and `reasons`, a list of
        `{"title": str, "details": [str, …]}`. `raw=False` leaves the decoded answer out.
        """
    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads the dict of `to_dict`. Ignores unknown keys; `ArgumentError` for missing or invalid ones."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __replace__(self, **changes: Any) -> Self: ...
    def __json__(self) -> dict[str, Any]: ...
    def _repr_html_(self) -> str: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...

@disjoint_base
class LatestAuditStatus(AuditStatus):
    """The review status of a mini program's latest submission. Compares as an `AuditStatus`.

    Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getlatestauditstatus)
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
        """The submitted version, as the submitter named it."""
    @property
    def user_desc(self) -> str | None:
        """The submitter's description of the version."""
    @property
    def submitted_at(self) -> datetime | None:
        """When it was submitted (aware, UTC). None if WeChat does not say."""

@final
class Token:
    """An access token that is masked when printed. Every `token` parameter accepts it.

    `repr`, `str`, f-strings, logging and JSON never contain its text, and it cannot be pickled. `reveal()`
    returns the text. Tokens with the same text are equal; the comparison takes constant time.
    Raises `ArgumentError` for a text that cannot be a token, such as an empty one.
    """

    def __new__(cls, text: str | Token) -> Self: ...
    def reveal(self) -> str:
        """The text of the token. It is a secret: do not log it."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AuditQuery:
    """One query of a batch: the token of a mini program and the number of its audit.

    `token` is a string, a `Token` or a token source; a string becomes a `Token`. `appid` is a label for
    results and errors, and identifies whose quota the query uses. Queries are equal if their
    auditid, appid and token (or token source) are.
    """

    __match_args__: ClassVar[tuple[Literal["token"], Literal["auditid"], Literal["appid"]]]
    def __new__(cls, token: Any, auditid: SupportsIndex | str | float, appid: str | None = None) -> Self: ...
    @property
    def token(self) -> Any:
        """The `Token` or the token source. Every call accepts either."""
    @property
    def auditid(self) -> int:
        """The audit's number."""
    @property
    def appid(self) -> str | None:
        """The caller's label."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AuditResult:
    """The outcome of one query of a batch: a status or an error, never both.

    For type checkers, ask `result.status is not None` (or `result.error`): they do not conclude it from `ok`.
    """

    __match_args__: ClassVar[tuple[Literal["auditid"], Literal["appid"], Literal["status"], Literal["error"]]]
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
        """The audit's number. None if the query has none."""
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
        """The position of the query in the input, from 0."""
    @property
    def attempts(self) -> int:
        """The number of requests sent for the query."""
    @property
    def ok(self) -> bool:
        """Whether there is a status, whatever its state."""
    def unwrap(self) -> AuditStatus:
        """Returns the status, or raises the error."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    @property
    def _fields(self) -> tuple[str, ...]:
        """The names of the values that iteration yields: the columns of `AuditBatch.to_records`."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> tuple[Any, ...]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Event:
    """One step of a call. It never contains a token, query string, header or body.

    `kind` names the step. Future versions may add kinds:

    - `"request"`: an attempt is about to be sent
    - `"response"`: an answer arrived, or the attempt failed as `error` says
    - `"retry"`: another attempt follows after `delay` seconds
    - `"refresh"`: the token source is asked for a fresh token
    - `"poll"`: `wait_for_decision` has polled once, and polls again after `delay` seconds

    Any other attribute is `None` where it does not apply: `time` (Unix seconds), `call` (a number in this
    process that the events of one call share), `auditid`, `appid` (the caller's label),
    `attempt` (from 1), `method`, `host` (`api.weixin.qq.com`), `port`, `url_path` (`/wxa/get_auditstatus`),
    `http_status`, `errcode` and `rid` of the answer, `delay` and `elapsed` (since the call began) in seconds,
    `error` (safe to print), `error_type` (the name of its exception: `"TransportError"`,
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
    kind: Final[str]
    time: Final[float | None]
    call: Final[int | None]
    auditid: Final[int | None]
    appid: Final[str | None]
    attempt: Final[int | None]
    method: Final[str | None]
    host: Final[str | None]
    port: Final[int | None]
    url_path: Final[str | None]
    http_status: Final[int | None]
    errcode: Final[int | None]
    rid: Final[str | None]
    delay: Final[float | None]
    elapsed: Final[float | None]
    error: Final[str | None]
    error_type: Final[str | None]
    def to_dict(self) -> dict[str, Any]:
        """The attributes that are not None, JSON-serializable. `Event(**data)` restores the event."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __replace__(self, **changes: Any) -> Self: ...

def escape_controls(text: str, /) -> str: ...
def as_secret(text: str) -> Token: ...
def as_token(token: Any) -> Any: ...
def read_query(item: Any) -> AuditQuery | ArgumentError: ...

# How a call failed: the name of the exception class, the message and the attributes.
_Failed: TypeAlias = tuple[str, str, dict[str, Any]]
_Options: TypeAlias = tuple[Any, Timeout | None, Any]  # appid, timeout, max_retries
# A source that has not returned: its class, the time limit, `same_thread`, its threads with their seconds.
_Hung: TypeAlias = tuple[type, float, bool, list[tuple[int, float]]]
# A result, or an index with a reply or a refused query's ArgumentError, or an index, error data and cause.
_Outcome: TypeAlias = AuditResult | tuple[int, Any] | tuple[int, _Failed, BaseException | _Hung | None]

@final
class Engine:
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
    def base_url(self) -> str: ...
    @property
    def fallback_urls(self) -> list[str]: ...
    def call(self, operation: str, token: Token, subject: Any, options: _Options) -> Any: ...
    def acall(
        self, bridge: LoopBridge, future: Any, operation: str, token: Token, subject: Any, options: _Options
    ) -> bool: ...
    def begin_call(
        self, operation: str, token: Any, subject: Any, options: _Options, observed: bool
    ) -> Batch: ...
    def concurrency(self, max_concurrency: int | None) -> int: ...
    def unblock_quota(self, appid: str | None) -> None: ...
    def begin_batch(
        self,
        queries: Iterator[Any] | None,
        concurrency: int,
        timeout: float | None,
        *,
        observed: bool,
        collected: bool,
        asynchronous: bool,
        calls: tuple[str, Any, Any] | None = None,
    ) -> Batch: ...
    def close(self) -> None: ...

@final
class Batch:
    def fill(self) -> bool: ...
    @property
    def is_full(self) -> bool: ...
    @property
    def is_late(self) -> bool: ...
    def add(self, item: Any) -> bool: ...
    def end(self) -> None: ...
    def wait(self, others: list[Batch] = ...) -> None: ...
    def await_(self, bridge: LoopBridge, future: Any, others: list[Batch] = ...) -> bool: ...
    def take(self) -> tuple[list[_Outcome], list[TokenRequest], list[Event], bool]: ...
    def take_requests(self) -> list[TokenRequest]: ...
    @property
    def expected_requests(self) -> tuple[bool, bool] | None: ...
    @property
    def requests(self) -> TokenRequests: ...
    def serve_in_consumer(self) -> None: ...
    def raise_input_error(self) -> None: ...
    def close(self) -> list[Event]: ...

@final
class TokenRequest:
    @property
    def source(self) -> Any: ...
    @property
    def refresh(self) -> bool: ...
    @property
    def refused(self) -> Token | None: ...
    @property
    def remaining(self) -> float: ...
    @property
    def is_pending(self) -> bool: ...
    @property
    def threads(self) -> list[tuple[int, float]]: ...
    def enter(self, thread: int) -> None: ...
    def answer(self, returned: Any) -> None: ...
    def fail(self, problem: str, cause: BaseException | None = None) -> None: ...
    def fail_to_start(self, problem: str) -> None: ...
    def time_out(self) -> None: ...

@final
class TokenRequests:
    def wait(self) -> list[TokenRequest]: ...
    def await_(self, bridge: LoopBridge, future: Any) -> bool: ...
    def take(self) -> list[TokenRequest]: ...
    @property
    def is_over(self) -> bool: ...

@final
class LoopBridge:
    def __new__(cls) -> Self: ...
    def fileno(self) -> int: ...
    def wakeup_handle(self) -> int: ...
    def flush(self) -> None: ...
    def drain(
        self, *, signaled: bool = False
    ) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Exception]]]: ...
    def cancel(self, future: Any) -> None: ...
    def close(self) -> None: ...
