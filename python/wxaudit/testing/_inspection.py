"""The methods of the fake that a test asserts on: requests and connections, and waits for them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from ._log import ClosedConnection, Log, ReceivedRequest

if TYPE_CHECKING:
    import threading


class InspectionMixin:
    """Requests and connections of a fake. Every method may be called from any thread.

    The `wait_for_...` methods wait in real time. Their `TimeoutError` says what was counted instead.
    """

    def __init__(self, log_size: int, lock: threading.RLock) -> None:
        if log_size < 1:
            raise ValueError(f"log_size must be at least 1, not {log_size}")
        self._log = Log(log_size, lock)
        self._lock = lock

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The received requests, oldest first. Only the newest `log_size` are kept."""
        with self._lock:
            return list(self._log.requests)

    @property
    def requests_received(self) -> int:
        """The number of received requests, including those that the log no longer keeps."""
        return self._log.requests_received

    @property
    def connections_accepted(self) -> int:
        """The number of connections that were accepted since the fake was created."""
        return self._log.connections_accepted

    @property
    def connections_open(self) -> int:
        """The number of open connections."""
        return self._log.connections_open

    @property
    def closed_connections(self) -> list[ClosedConnection]:
        """The closed connections, oldest first. Only the newest `log_size` are kept."""
        with self._lock:
            return list(self._log.closed_connections)

    @property
    def held(self) -> int:
        """The number of requests that wait for `release`."""
        return self._log.held

    def wait_for_requests(self, count: int, timeout: float = 5) -> list[ReceivedRequest]:
        """Wait until at least `count` requests were received, and return `requests`."""
        self._log.wait(lambda: self.requests_received, count, timeout, "{} of {} requests")
        return self.requests

    def wait_for_held(self, count: int, timeout: float = 5) -> None:
        """Wait until at least `count` requests wait for `release`."""
        self._log.wait(lambda: self.held, count, timeout, "{} of {} requests held")

    def wait_for_connections_open(self, count: int, timeout: float = 5) -> None:
        """Wait until exactly `count` connections are open."""
        progress = "{} connections open instead of {}"
        self._log.wait(lambda: self.connections_open, count, timeout, progress, operator.eq)

    def wait_for_connections_closed(self, count: int, timeout: float = 5) -> list[ClosedConnection]:
        """Wait until at least `count` connections are closed, and return `closed_connections`."""
        progress = "{} of {} connections closed"
        self._log.wait(lambda: self.connections_accepted - self.connections_open, count, timeout, progress)
        return self.closed_connections
