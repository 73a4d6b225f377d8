"""The native half of wxaudit, built from the Rust crate of the same name."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, ClassVar, SupportsIndex, TypeAlias, final

from typing_extensions import Self, disjoint_base

from ._state import AuditState, Reason
from ._timeout import Timeout

__version__: str

@disjoint_base
class AuditStatus:
    """The review status of one audit, as WeChat told it at one moment.

    Two are equal when they say the same of the same audit: auditid, status, reason, screenshots and appid.
    When they were observed, and how the answer was written, does not count.
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
        """Why it was rejected or delayed, as WeChat wrote it: untrusted text. None where WeChat gave none."""
    @property
    def screenshots(self) -> tuple[str, ...]:
        """The media_ids of the screenshots."""
    @property
    def appid(self) -> str | None:
        """The caller's label for the mini program."""
    @property
    def observed_at(self) -> datetime:
        """When the answer arrived: aware, UTC. The wire carries no time."""
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
        """Whether WeChat will not change it any more: approved, rejected or withdrawn."""
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
        """Raises `ReviewRejected` when it was rejected, and returns itself otherwise."""
    def to_dict(self) -> dict[str, Any]:
        """All of it in a dict that is safe for JSON; `from_dict` reads it back."""
    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` made. `ArgumentError` for a missing or wrong key; others are left out."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __replace__(self, **changes: Any) -> Self: ...
    def __json__(self) -> dict[str, Any]: ...
    def _repr_html_(self) -> str: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...

@final
class Secret:
    """A text that no repr, traceback, pickle or walk over objects can show."""

    @property
    def kind(self) -> str:
        """The name of the type of what is hidden."""
    def __reduce__(self) -> Any: ...

def conceal(token: Any, *others: Any) -> tuple[Any, ...]:
    """Hides what could be or hold a token among the arguments of a call.

    As the token: whatever is no token source. As the others: texts and bytes.
    """

# How a call failed: the name of the exception's class, what happened, and the attributes.
_Failed: TypeAlias = tuple[str, str, dict[str, Any]]

# appid, timeout, max_retries, whether somebody listens to events
_Options: TypeAlias = tuple[Any, Timeout | None, Any, bool]

@final
class Engine:
    """One client's configuration, connections, budget and gates; shared by all threads and event loops."""

    def __new__(
        cls,
        *,
        base_url: str | Secret,
        timeout: Timeout,
        max_retries: int,
        max_concurrency: int,
        proxy: str | Secret | None,
        trust_env: bool,
        ca_file: str | PathLike[str] | None,
        user_agent: str | None,
    ) -> Self: ...
    @property
    def base_url(self) -> str:
        """Where calls go; it holds no user, password or query."""
    def get_audit_status(
        self, token: Any, auditid: Any, options: _Options
    ) -> AuditStatus | Step | _Failed: ...
    def aget_audit_status(self, landing: Landing, token: Any, auditid: Any, options: _Options) -> bool: ...
    def close(self) -> None:
        """Closes the idle connections of this process."""

@final
class Step:
    """A call that waits for its Python side: take the events, answer the question, then resume it."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """What happened since the last step: the keywords of an Event each."""
    @property
    def refresh(self) -> bool | None:
        """None: nothing is asked. False: a token is. True: a fresh token is."""
    @property
    def remaining(self) -> float:
        """The seconds until the call's deadline."""
    def abandon(self) -> None:
        """Drops the call, with whatever it holds that others wait for."""
    def resume(
        self, token: Secret | None = None, problem: str | None = None
    ) -> AuditStatus | Step | _Failed: ...
    def aresume(self, landing: Landing, token: Secret | None = None, problem: str | None = None) -> bool: ...

@final
class LoopPort:
    """Stands for one event loop, for as long as that lives."""

    def __new__(cls, event_loop: Callable[[], Any], unload: Callable[[LoopPort], object]) -> Self: ...
    def take(self) -> list[tuple[Any, Callable[[Any], object], Any]]:
        """What has landed since the last time: (future, its method to complete it, the value)."""

@final
class Landing:
    """One call's place on a loop."""

    def __new__(cls, port: LoopPort, future: Any) -> Self: ...
    def create_future(self) -> Any:
        """The future that was made for this call."""
    def call_soon_threadsafe(self, callback: Any, *arguments: Any, context: Any = None) -> None:
        """Keeps what the call came to for the next wake-up."""
