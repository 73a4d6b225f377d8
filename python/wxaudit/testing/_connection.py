"""One connection of a client."""

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

# The value of SO_LINGER that turns a close into a reset: on, for no time.
_RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Connection(asyncio.Protocol):
    """Reads requests off one socket and answers them in their order.

    A request that no fault strikes is answered within `data_received`. One that a fault strikes gets a
    task; what comes meanwhile waits in the reader.
    """

    def __init__(
        self,
        service: Service,
        held: HeldRequests,
        remember: Callable[[Connection], None],
        forget: Callable[[Connection], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._service = service
        self._held = held
        self._remember = remember
        self._forget = forget
        self._loop = loop
        self._reader = RequestReader()
        self._task: asyncio.Task[None] | None = None
        self._under_way: ReceivedRequest | None = None
        self._requests = 0
        self._ended_by_us = False
        self._number = 0
        self._opened_at = 0.0
        self._transport: asyncio.Transport
        self._writable = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._opened_at = time.monotonic()
        self._writable.set()
        self._remember(self)
        self._number = self._service.log.opened()
        fault = self._service.faults.take_at_accept()
        if fault is not None:
            self.end(reset=fault.reset)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if self._task is None:
            self._serve()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # how it ended does not matter
        unanswered = self._under_way
        if unanswered is not None and not self._ended_by_us:
            unanswered.dropped = True
        self._forget(self)
        closed = ClosedConnection(
            self._number,
            self._opened_at,
            "server" if self._ended_by_us else "client",
            self._requests,
            unanswered,
        )
        if self._task is None:
            self._service.log.closed(closed)
        else:
            # Whoever waits for the end of the connection finds nothing of the request left, not even a hold.
            self._task.add_done_callback(lambda _: self._service.log.closed(closed))
            self._task.cancel()

    def end(self, *, reset: bool = False) -> None:
        """Close the connection from this side, orderly or by a reset."""
        self._ended_by_us = True
        if reset:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """End it without waiting for bytes that the client does not take."""
        self._ended_by_us = True
        self._transport.abort()

    def fileno(self) -> int:
        """The socket's descriptor; -1 once it is closed."""
        return cast("int", self._transport.get_extra_info("socket").fileno())

    def _serve(self) -> None:
        while self._task is None and not self._transport.is_closing():
            try:
                raw = self._reader.next()
            except BadRequestError:
                self._transport.write(reply(400, b"", {}, close=True).head)
                self.end()
                return
            if raw is None:
                if self._reader.wants_continue():
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            self._requests += 1
            request, fault = self._service.receive(raw, self._number, reused=self._requests > 1)
            if fault is None:
                answer = self._service.answer(request, raw, None)
                self._transport.write(answer.head + answer.body)
                if answer.close:
                    self.end()
            else:
                self._under_way = request
                self._task = self._loop.create_task(self._serve_faulty(request, raw, fault))
                self._task.add_done_callback(self._served)

    async def _serve_faulty(self, request: ReceivedRequest, raw: RawRequest, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.hold:
            await self._held.wait()
        answer = self._service.answer(request, raw, fault)
        end = await deliver(answer, fault, self._transport.write, self._drained)
        self._under_way = None
        if end:
            self.end(reset=fault.reset)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            # A mistake in the fake must not look like a fault: it is raised, and the connection ends.
            failure = task.exception()
            if failure is not None:
                self.abort()
                raise failure
            self._serve()

    async def _drained(self) -> None:
        await self._writable.wait()
