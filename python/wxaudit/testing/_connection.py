"""The server side of one client connection."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, cast

from ._delivery import deliver
from ._log import ClosedConnection, ReceivedRequest
from ._wire import BadRequestError, RawRequest, RequestReader, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._faults import Fault
    from ._held_requests import HeldRequests
    from ._service import Service

# SO_LINGER with a timeout of zero turns a close into a TCP reset.
_RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Connection(asyncio.Protocol):
    """Read requests from one socket and answer them in order.

    `data_received` answers a request that no fault applies to. A request with a fault gets a task; later
    data waits in the reader.
    """

    def __init__(
        self,
        service: Service,
        held: HeldRequests,
        register: Callable[[Connection], None],
        unregister: Callable[[Connection], None],
    ) -> None:
        self._service = service
        self._held = held
        self._register = register
        self._unregister = unregister
        self._reader = RequestReader()
        self._task: asyncio.Task[None] | None = None
        self._in_flight: ReceivedRequest | None = None
        self._requests = 0
        self._closed_by_server = False
        self._transport: asyncio.Transport
        self._writable = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._opened_at = time.monotonic()
        self._writable.set()
        self._register(self)
        self._number = self._service.log.opened()
        fault = self._service.faults.take_at_accept()
        if fault is not None:
            self.close(reset=fault.reset)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if self._task is None:
            self._serve()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # required by asyncio.Protocol
        unanswered = self._in_flight
        if unanswered is not None and not self._closed_by_server:
            unanswered.dropped = True
        self._unregister(self)
        closed = ClosedConnection(
            self._number,
            self._opened_at,
            "server" if self._closed_by_server else "client",
            self._requests,
            unanswered,
        )
        if self._task is None:
            self._service.log.closed(closed)
        else:
            # The log reports the connection as closed only once its request is gone, from the held ones too.
            self._task.add_done_callback(lambda _: self._service.log.closed(closed))
            self._task.cancel()

    def close(self, *, reset: bool = False) -> None:
        """Close the connection gracefully or with a TCP reset."""
        self._closed_by_server = True
        if reset:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection without flushing the bytes that the client has not read."""
        self._closed_by_server = True
        self._transport.abort()

    def fileno(self) -> int:
        """The descriptor of the socket; -1 once it is closed."""
        return cast("int", self._transport.get_extra_info("socket").fileno())

    def _serve(self) -> None:
        while self._task is None and not self._transport.is_closing():
            try:
                raw = self._reader.next()
            except BadRequestError:
                self._transport.write(reply(400, b"", {}, close=True).head)
                self.close()
                return
            if raw is None:
                if self._reader.wants_continue():
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            self._requests += 1
            request = self._service.receive(raw, self._number, reused=self._requests > 1)
            if request.fault is None:
                answer = self._service.answer(request, raw, None)
                self._transport.write(answer.head + answer.body)
                if answer.close:
                    self.close()
            else:
                self._in_flight = request
                self._task = asyncio.create_task(self._serve_faulty(request, raw, request.fault))
                self._task.add_done_callback(self._served)

    async def _serve_faulty(self, request: ReceivedRequest, raw: RawRequest, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.hold:
            await self._held.wait()
        answer = self._service.answer(request, raw, fault)
        close = await deliver(answer, fault, self._transport.write, self._writable.wait)
        self._in_flight = None
        if close:
            self.close(reset=fault.reset)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            # A bug in the fake must not look like a scripted fault.
            failure = task.exception()
            if failure is not None:
                self.abort()
                raise failure
            self._serve()
