"""The log of received requests and closed connections."""

from __future__ import annotations

import json
import operator
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import unquote_plus

from ._tokens import mask
from ._wire import RawRequest, head_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ._faults import Fault

_UNPARSED: object = object()


class ReceivedRequest:
    """A received request and its answer. The `repr` does not contain the token.

    `received_at` and `answered_at` are times of `time.monotonic`; `clock_at` is the time of the fake's clock.
    """

    __slots__ = (
        "_json", "_query", "_raw", "answered_at", "appid", "clock_at", "connection", "dropped", "errcode",
        "fault", "http_status", "number", "received_at",
    )  # fmt: skip

    def __init__(self, raw: RawRequest, number: int, connection: int, clock_at: datetime) -> None:
        self._raw = raw
        self._json: object = _UNPARSED
        self._query: Mapping[str, str] | None = None
        self.number: int = number
        """The number of the request. It starts at 1."""
        self.connection: int = connection
        """The number of the connection. It starts at 1."""
        self.received_at: float = time.monotonic()
        self.clock_at: datetime = clock_at
        self.appid: str | None = None
        """The mini program of the token; None if the fake did not issue the token."""
        self.fault: Fault | None = None
        """The fault that applied to the request."""
        self.errcode: int | str | None = None
        """The errcode of the answer; None before the answer, and if the answer has none."""
        self.http_status: int | None = None
        """The HTTP status of the answer; None before the answer, and for an answer of raw bytes."""
        self.answered_at: float | None = None
        """When the answer was created; None before. A fault may still have cut it."""
        self.dropped: bool = False
        """Whether the client disconnected before the answer was sent."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._raw.method

    @property
    def target(self) -> str:
        """The path and query as received, including the token."""
        return self._raw.target

    @property
    def path(self) -> str:
        """The path without the query."""
        return self._raw.target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The decoded query. The first value of a repeated name is kept."""
        if self._query is None:
            query: dict[str, str] = {}
            for pair in self._raw.target.partition("?")[2].split("&"):
                name, equals, value = pair.partition("=")
                if equals:
                    query.setdefault(unquote_plus(name), unquote_plus(value))
            self._query = MappingProxyType(query)
        return self._query

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers by lower-case name. Repeated headers are joined with a comma."""
        headers: dict[str, str] = {}
        for name, value in self.raw_headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    @property
    def raw_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers in their original order and spelling."""
        return head_fields(self._raw.head)

    @property
    def body(self) -> bytes:
        """The body, without the chunk encoding."""
        return self._raw.body

    @property
    def chunked(self) -> bool:
        """Whether the request has a `Transfer-Encoding`."""
        return self._raw.chunked

    @property
    def json(self) -> object:
        """The body parsed as JSON; None if it is not JSON."""
        if self._json is _UNPARSED:
            try:
                self._json = json.loads(self._raw.body.decode("utf-8"), parse_constant=_no_constant)
            except (ValueError, RecursionError):
                self._json = None
        return self._json

    @property
    def token(self) -> str | None:
        """The access_token of the query; None if it is missing or empty."""
        return self.query.get("access_token") or None

    @property
    def auditid(self) -> int | None:
        """The auditid of the body, sent as a number or a string; None if there is none."""
        body = self.json
        return auditid_of(body.get("auditid")) if isinstance(body, dict) else None

    def _answered(self, http_status: int | None, errcode: object) -> None:
        self.http_status = http_status
        self.errcode = errcode if isinstance(errcode, (int, str)) else None
        self.answered_at = time.monotonic()
        # Parsed again on demand: for every request of a long run, these would be half of the log.
        self._json, self._query = _UNPARSED, None

    def __repr__(self) -> str:
        token = "no token" if self.token is None else mask(self.token)
        outcome = f"HTTP {self.http_status}, errcode {self.errcode}" if self.answered_at else "not answered"
        dropped = ", dropped" if self.dropped else ""
        return (
            f"<ReceivedRequest {self.number} on connection {self.connection}: {self.method} {self.path} "
            f"{token}, audit {self.auditid}: {outcome}{dropped}>"
        )


def auditid_of(value: object) -> int | None:
    """Convert an auditid, a number or a string of digits, to a number. Return None for other values."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.isdigit():
        return int(value)
    return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


@dataclass(eq=False, slots=True, repr=False)
class ClosedConnection:
    """A closed connection. Times are those of `time.monotonic`."""

    number: int
    """The number of the connection. It starts at 1."""
    opened_at: float
    closed_by: Literal["client", "server"]
    requests: int
    """The number of requests that it received."""
    unanswered: ReceivedRequest | None
    """The request that was in flight when the connection was closed; None if there was none."""
    closed_at: float = field(default_factory=time.monotonic)

    def __repr__(self) -> str:
        unanswered = "" if self.unanswered is None else f", request {self.unanswered.number} unanswered"
        return (
            f"<ClosedConnection {self.number}: closed by the {self.closed_by} "
            f"after {self.requests} requests{unanswered}>"
        )


class Log:
    """The newest `size` requests and closed connections, and counts of all of them."""

    def __init__(self, size: int, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self.requests: deque[ReceivedRequest] = deque(maxlen=size)
        self.closed_connections: deque[ClosedConnection] = deque(maxlen=size)
        self.requests_received = 0
        self.connections_accepted = 0
        self.connections_open = 0
        self.held = 0

    def request(self, raw: RawRequest, connection: int, clock_at: datetime) -> ReceivedRequest:
        with self._changed:
            self.requests_received += 1
            received = ReceivedRequest(raw, self.requests_received, connection, clock_at)
            self.requests.append(received)
            self._changed.notify_all()
            return received

    def opened(self) -> int:
        """Count a new connection and return its number."""
        with self._changed:
            self.connections_accepted += 1
            self.connections_open += 1
            self._changed.notify_all()
            return self.connections_accepted

    def closed(self, connection: ClosedConnection) -> None:
        with self._changed:
            self.connections_open -= 1
            self.closed_connections.append(connection)
            self._changed.notify_all()

    def set_held(self, held: int) -> None:
        with self._changed:
            self.held = held
            self._changed.notify_all()

    def wait(
        self,
        counter: Callable[[], int],
        count: int,
        timeout: float,
        progress: str,
        reached: Callable[[int, int], bool] = operator.ge,
    ) -> None:
        """Wait until `reached(counter(), count)`. At the timeout, raise `TimeoutError` with `progress`."""
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
        if not timeout <= threading.TIMEOUT_MAX:  # also refuses NaN, which would never end
            raise ValueError(f"timeout must be at most {threading.TIMEOUT_MAX:.0f} seconds, not {timeout}")
        with self._changed:
            if not self._changed.wait_for(lambda: reached(counter(), count), timeout):
                raise TimeoutError(f"{progress.format(counter(), count)} after {timeout} s")

    def clear(self) -> None:
        """Forget the requests and closed connections. The counts of connections continue."""
        with self._changed:
            self.requests.clear()
            self.closed_connections.clear()
            self.requests_received = 0
