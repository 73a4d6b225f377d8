"""What calls tell, and what those who hear it are to a call."""

from __future__ import annotations

from .._escape import escape_controls
from .value import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class Event(Frozen):
    """One step of a call of any kind. It never carries a token: no query string, no header, no body.

    `kind` tells the step, and more kinds may come:

    - `"request"`: an attempt is about to be sent
    - `"response"`: an answer came, or the attempt failed, and then `error` says how
    - `"retry"`: another attempt follows after `delay` seconds
    - `"refresh"`: the token source is asked for a fresh token
    - `"poll"`: `wait_for_decision` has looked once, and looks again after `delay` seconds

    The other attributes are `None` where they do not apply: `time` (when, in Unix seconds), `call` (the
    number of the call in its process: events of one call share it), `auditid` (of calls about one audit),
    `appid` (the caller's label), `attempt` (from 1), `method`, `host` (`api.weixin.qq.com`), `port`,
    `url_path` (`/wxa/get_auditstatus`), `http_status`, `errcode` and `rid` of the answer, `delay` and
    `elapsed` (since the call began) in seconds, `error` (a text safe to print), `error_type` (the name of
    its exception: `"TransportError"`, `"RequestTimeout"`, …, and `"APIError"` for every errcode).
    """

    __module__ = "wxaudit"
    _fields: ClassVar[tuple[str, ...]] = (
        "kind",
        "time",
        "call",
        "auditid",
        "appid",
        "attempt",
        "method",
        "host",
        "port",
        "url_path",
        "http_status",
        "errcode",
        "rid",
        "delay",
        "elapsed",
        "error",
        "error_type",
    )
    __slots__ = _fields

    kind: str
    time: float | None
    call: int | None
    auditid: int | None
    appid: str | None
    attempt: int | None
    method: str | None
    host: str | None
    port: int | None
    url_path: str | None
    http_status: int | None
    errcode: int | None
    rid: str | None
    delay: float | None
    elapsed: float | None
    error: str | None
    error_type: str | None

    def __init__(
        self,
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
    ) -> None:
        self._fill(
            kind=kind,
            time=time,
            call=call,
            auditid=auditid,
            appid=appid,
            attempt=attempt,
            method=method,
            # A token travels in the query and a proxy's password before the @: neither gets in, whoever
            # calls.
            host=None if host is None else host.rpartition("@")[2],
            port=port,
            url_path=None if url_path is None else url_path.partition("?")[0].partition("#")[0],
            http_status=http_status,
            errcode=errcode,
            rid=rid,
            delay=delay,
            elapsed=elapsed,
            error=None if error is None else escape_controls(error),
            error_type=error_type,
        )

    def to_dict(self) -> dict[str, Any]:
        """The attributes that are set, safe for JSON; `Event(**data)` reads it back."""
        return {name: value for name, value in self._values().items() if value is not None}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"{type(self).__qualname__}({shown})"


class Listener:
    """Hears one call, or one batch, from its begin to its end, in the thread or task that makes it.

    What it raises is logged and ends nothing.
    """

    __slots__ = ()

    name = "a listener"

    def on_event(self, event: Event) -> object:
        """One event, soon after it happened."""

    def on_end(self, error: BaseException | None) -> object:
        """Nothing more comes: the call or the batch has ended, with this exception where there is one."""
