"""What the fake saw: the requests, and the connections they came on."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import unquote_plus

from ._tokens import mask
from ._wire import RawRequest, head_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ._faults import Fault

_UNREAD: object = object()


class ReceivedRequest:
    """One request as it came, and what it was answered. Its `repr` has no token in it.

    `received_at` and `answered_at` are seconds of `time.monotonic`; `clock_at` is the fake's clock.
    """

    __slots__ = (
        "_json", "_query", "_raw", "answered_at", "appid", "clock_at", "connection", "dropped", "errcode",
        "fault", "http_status", "number", "received_at",
    )  # fmt: skip

    def __init__(self, raw: RawRequest, number: int, connection: int, clock_at: datetime) -> None:
        self._raw = raw
        self._json: object = _UNREAD
        self._query: Mapping[str, str] | None = None
        self.number: int = number
        """1 for the first request that the fake received."""
        self.connection: int = connection
        """The number of the connection: 1 for the first that was accepted."""
        self.received_at: float = time.monotonic()
        self.clock_at: datetime = clock_at
        self.appid: str | None = None
        """The owner of its token; None where the fake did not give the token out."""
        self.fault: Fault | None = None
        """The fault that struck it."""
        self.errcode: int | str | None = None
        """The errcode of the answer; None until answered, and where the answer has none."""
        self.http_status: int | None = None
        """The HTTP status of the answer; None until answered, and where the answer is raw bytes."""
        self.answered_at: float | None = None
        """When the answer was decided; None before. A fault may still have cut it."""
        self.dropped: bool = False
        """Whether the client went away before it was answered, or before the answer was sent."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._raw.method

    @property
    def target(self) -> str:
        """Path and query as they came, token included."""
        return self._raw.target

    @property
    def path(self) -> str:
        """The path alone."""
        return self._raw.target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The query, decoded; of a name that came twice, the first."""
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
        """The headers by lower-case name; several of one name are joined by a comma."""
        headers: dict[str, str] = {}
        for name, value in self.raw_headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    @property
    def raw_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers in their order and spelling."""
        return head_fields(self._raw.head)

    @property
    def body(self) -> bytes:
        """The body; of a chunked request without the chunk lines."""
        return self._raw.body

    @property
    def chunked(self) -> bool:
        """Whether the body came with `Transfer-Encoding`."""
        return self._raw.chunked

    @property
    def json(self) -> object:
        """The body as JSON; None where it is none."""
        if self._json is _UNREAD:
            try:
                self._json = json.loads(self._raw.body.decode("utf-8"), parse_constant=_no_constant)
            except (ValueError, RecursionError):
                self._json = None
        return self._json

    @property
    def token(self) -> str | None:
        """The access_token of the query; None where there is none, or an empty one."""
        return self.query.get("access_token") or None

    @property
    def auditid(self) -> int | None:
        """The auditid of the body, sent as a number or as a string; None where there is none."""
        body = self.json
        return auditid_of(body.get("auditid")) if isinstance(body, dict) else None

    def _answered(self, http_status: int | None, errcode: object) -> None:
        self.http_status = http_status
        self.errcode = errcode if isinstance(errcode, (int, str)) else None
        self.answered_at = time.monotonic()
        # Read again where someone asks: kept for every request of a long run they would be half of the log.
        self._json, self._query = _UNREAD, None

    def __repr__(self) -> str:
        token = "no token" if self.token is None else mask(self.token)
        outcome = f"HTTP {self.http_status}, errcode {self.errcode}" if self.answered_at else "not answered"
        dropped = ", dropped" if self.dropped else ""
        return (
            f"<ReceivedRequest {self.number} on connection {self.connection}: {self.method} {self.path} "
            f"{token}, audit {self.auditid}: {outcome}{dropped}>"
        )


def auditid_of(value: object) -> int | None:
    """An auditid as WeChat takes it, a number or a string of digits, as a number; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.isdigit():
        return int(value)
    return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class ClosedConnection:
    """A connection that has ended. Times are seconds of `time.monotonic`."""

    __slots__ = ("closed_at", "closed_by", "number", "opened_at", "requests", "unanswered")

    def __init__(
        self,
        number: int,
        opened_at: float,
        closed_by: Literal["client", "server"],
        requests: int,
        unanswered: ReceivedRequest | None,
    ) -> None:
        self.number: int = number
        """1 for the first connection that was accepted."""
        self.opened_at: float = opened_at
        self.closed_at: float = time.monotonic()
        self.closed_by: Literal["client", "server"] = closed_by
        self.requests: int = requests
        """How many requests came on it."""
        self.unanswered: ReceivedRequest | None = unanswered
        """The request that was under way when it ended; None where there was none."""

    def __repr__(self) -> str:
        under_way = "" if self.unanswered is None else f", request {self.unanswered.number} unanswered"
        return (
            f"<ClosedConnection {self.number}: closed by the {self.closed_by} "
            f"after {self.requests} requests{under_way}>"
        )


class Log:
    """Requests and connections, counted without end and kept up to `size` of each."""

    def __init__(self, size: int, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self._requests: deque[ReceivedRequest] = deque(maxlen=size)
        self._closed: deque[ClosedConnection] = deque(maxlen=size)
        self.requests_received = 0
        self.connections_accepted = 0
        self.connections_open = 0
        self.held = 0

    def request(self, raw: RawRequest, connection: int, clock_at: datetime) -> ReceivedRequest:
        with self._changed:
            self.requests_received += 1
            received = ReceivedRequest(raw, self.requests_received, connection, clock_at)
            self._requests.append(received)
            self._changed.notify_all()
            return received

    def opened(self) -> int:
        """Count a connection; its number."""
        with self._changed:
            self.connections_accepted += 1
            self.connections_open += 1
            self._changed.notify_all()
            return self.connections_accepted

    def closed(self, connection: ClosedConnection) -> None:
        with self._changed:
            self.connections_open -= 1
            self._closed.append(connection)
            self._changed.notify_all()

    def set_held(self, held: int) -> None:
        with self._changed:
            self.held = held
            self._changed.notify_all()

    def requests(self) -> list[ReceivedRequest]:
        with self._changed:
            return list(self._requests)

    def closed_connections(self) -> list[ClosedConnection]:
        with self._changed:
            return list(self._closed)

    def wait(self, reached: Callable[[], bool], timeout: float, awaited: Callable[[], str]) -> None:
        """Until `reached()`; `TimeoutError` with the text of `awaited` after `timeout` seconds.

        `TypeError` and `ValueError` for a `timeout` that is no number of seconds, or none that ends.
        """
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout is a number of seconds, not {type(timeout).__name__}")
        if not timeout <= threading.TIMEOUT_MAX:  # NaN included, with which it would never end
            raise ValueError(f"timeout must be a number of seconds that ends, not {timeout}")
        with self._changed:
            if not self._changed.wait_for(reached, timeout):
                raise TimeoutError(f"{awaited()} after {timeout} s")

    def clear(self) -> None:
        """Forget the requests and the ended connections; counts of connections go on."""
        with self._changed:
            self._requests.clear()
            self._closed.clear()
            self.requests_received = 0
