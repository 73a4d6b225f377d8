"""A TCP proxy that harms what goes through it: toxics by the names of Toxiproxy, in front of any server."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from support.servers.raw_server import Connection, RawServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self


class Toxics(NamedTuple):
    """What happens to one direction of a connection. Times are in seconds; the defaults do nothing.

    They are read for each chunk, so a change reaches open connections too.
    """

    latency: float = 0
    """Each chunk is passed on this much later, and up to `jitter` more."""
    jitter: float = 0
    slicer: int = 0
    """Each chunk is passed on in pieces of that many bytes, `slicer_delay` apart."""
    slicer_delay: float = 0
    limit_data: int | None = None
    """The connection is closed after that many bytes."""
    reset_peer: float | None = None
    """From the first chunk on nothing is passed on; so much later the client gets a TCP reset."""
    slow_close: float = 0
    """The client learns that much later that the server has closed. For `answers` only."""


HEALTHY = Toxics()


class FaultProxy:
    """Passes connections on to a port of this machine, and does what `requests` and `answers` say on the way.

    It knows nothing of what it passes on: HTTP, TLS and other proxies go through it alike. `answers` are the
    toxics of what the server sends, `requests` those of what the client sends; both can be assigned at any
    time.
    """

    def __init__(
        self,
        target_port: int,
        *,
        answers: Toxics = HEALTHY,
        requests: Toxics = HEALTHY,
        host: str = "127.0.0.1",
    ) -> None:
        self.answers = answers
        self.requests = requests
        self._target_port = target_port
        self._random = random.Random(0)  # noqa: S311  # for jitter
        self._accepted_before = 0
        self._server: RawServer | None = RawServer(self._relay, host=host)
        self.host = host
        self.port = self._server.port

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def connections_accepted(self) -> int:
        return self._accepted_before + (self._server.connections_accepted if self._server is not None else 0)

    def down(self) -> None:
        """Closes all connections and refuses new ones, until `up`."""
        if self._server is not None:
            self._accepted_before += self._server.connections_accepted
            server, self._server = self._server, None
            server.stop()

    def up(self) -> None:
        """Accepts connections again, on the same port."""
        if self._server is None:
            self._server = RawServer(self._relay, host=self.host, port=self.port)

    def heal(self) -> None:
        """Up, and without toxics."""
        self.answers = self.requests = HEALTHY
        self.up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def _relay(self, connection: Connection) -> None:
        with socket.create_connection(("127.0.0.1", self._target_port)) as target:
            link = _Link(self, connection, target)
            thread = threading.Thread(target=link.pass_requests, name="fault-proxy")
            thread.start()
            try:
                link.pass_answers()
            finally:
                # Only then may the connection be closed: a reset waits for those who still read it.
                connection.stop_receiving()
                thread.join()
        if link.resets:
            connection.reset()


class _Link:
    """One connection of a client with its connection to the server."""

    def __init__(self, proxy: FaultProxy, connection: Connection, target: socket.socket) -> None:
        self._proxy = proxy
        self._connection = connection
        self._target = target
        self.resets = False

    def pass_requests(self) -> None:
        with contextlib.suppress(OSError):
            self._pass_on(self._connection.receive, self._target.sendall, lambda: self._proxy.requests)
        # That ends the other direction too.
        with contextlib.suppress(OSError):
            self._target.shutdown(socket.SHUT_RDWR)

    def pass_answers(self) -> None:
        self._target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            self._pass_on(
                lambda: self._target.recv(65536), self._connection.send, lambda: self._proxy.answers
            )
        if not self.resets:
            self._connection.stopping.wait(self._proxy.answers.slow_close)

    def _pass_on(
        self, receive: Callable[[], bytes], send: Callable[[bytes], None], toxics: Callable[[], Toxics]
    ) -> None:
        """One direction, until it ends: because either side has gone, or by a toxic."""
        passed = 0
        while chunk := receive():
            toxic = toxics()
            due = time.monotonic() + toxic.latency + self._proxy._random.uniform(0, toxic.jitter)
            if toxic.reset_peer is not None:
                self._connection.stopping.wait(toxic.reset_peer)
                self.resets = True
                return
            if self._connection.stopping.wait(max(0.0, due - time.monotonic())):
                return
            is_last = toxic.limit_data is not None and passed + len(chunk) >= toxic.limit_data
            if toxic.limit_data is not None:
                chunk = chunk[: max(0, toxic.limit_data - passed)]
            passed += len(chunk)
            size = toxic.slicer or max(1, len(chunk))
            for start in range(0, len(chunk), size):
                if start and self._connection.stopping.wait(toxic.slicer_delay):
                    return
                send(chunk[start : start + size])
            if is_last:
                return
