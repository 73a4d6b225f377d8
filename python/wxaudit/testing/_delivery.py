"""Send a reply with the timing, cut and encoding of a fault."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._faults import Fault
    from ._wire import Reply


async def deliver(
    reply: Reply, fault: Fault, write: Callable[[bytes], None], drained: Callable[[], Awaitable[object]]
) -> bool:
    """Write the bytes of `reply` that `fault` allows. Return whether to close the connection afterwards."""
    if fault.endless:
        await _send_endlessly(reply, fault, write, drained)
    head, body = _encode_chunks(reply, fault.chunk) if fault.chunk is not None else (reply.head, reply.body)
    if fault.cut == "head":
        data = head[: fault.cut_at]
    elif fault.cut == "body":
        data = head + body[: fault.cut_at]
    else:
        data = head + body
    piece_size = fault.drip or len(data) or 1
    for start in range(0, len(data), piece_size):
        if start:
            await asyncio.sleep(fault.drip_interval)
        write(data[start : start + piece_size])
        await drained()
    return fault.cut is not None or reply.close


async def _send_endlessly(
    reply: Reply, fault: Fault, write: Callable[[bytes], None], drained: Callable[[], Awaitable[object]]
) -> None:
    """Send the body repeatedly until the task is cancelled: the client disconnects or the server stops."""
    body = reply.body or b" "
    sized = any(name.lower() == "content-length" for name in fault.headers)
    write(reply.head if sized else _chunked_head(reply.head))
    while True:
        piece = body[: fault.drip] if fault.drip is not None else body
        write(piece if sized else _chunk(piece))
        await drained()
        await asyncio.sleep(fault.drip_interval)


def _encode_chunks(reply: Reply, size: int) -> tuple[bytes, bytes]:
    pieces = [reply.body[start : start + size] for start in range(0, len(reply.body), size)]
    return _chunked_head(reply.head), b"".join(_chunk(piece) for piece in pieces) + b"0\r\n\r\n"


def _chunked_head(head: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*lines[:-2], b"Transfer-Encoding: chunked", b"", b""])


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)
