"""HTTP/1.1: parse requests from a byte stream, and build the bytes of a reply.

The fake has its own parser, because faults control every sent byte and the log keeps every received byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


class BadRequestError(Exception):
    """The bytes are not an HTTP/1.x request. The rest of the connection cannot be parsed."""


@dataclass(eq=False, slots=True)
class RawRequest:
    """The bytes of one request.

    The properties parse the head on each access, since the log keeps thousands of requests.
    """

    head: bytes
    keep_alive: bool
    chunked: bool = False
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")


class RequestReader:
    """Collect bytes and return complete requests. Several requests may arrive at once."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._incomplete: RawRequest | None = None
        self._length = 0
        self._expects_continue = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def wants_continue(self) -> bool:
        """Return True once for each request that waits for `100 Continue` before its body."""
        wanted = self._incomplete is not None and self._expects_continue
        self._expects_continue = False
        return wanted

    def next(self) -> RawRequest | None:
        """Return the next complete request, or None if bytes are missing. Raise `BadRequestError`."""
        if self._incomplete is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise BadRequestError("the head is too long")
                return None
            head = bytes(self._buffer[:end])
            del self._buffer[: end + 4]
            self._incomplete = self._parse_head(head)
        request = self._incomplete
        if request.chunked:
            body = _take_chunks(self._buffer)
            if body is None:
                return None
            request.body = body
        else:
            if len(self._buffer) < self._length:
                return None
            request.body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
        self._incomplete = None
        return request

    def _parse_head(self, head: bytes) -> RawRequest:
        lines = head.split(b"\r\n")
        parts = lines[0].split(b" ")
        if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise BadRequestError("not an HTTP/1.x request line")
        keep_alive = parts[2] == b"HTTP/1.1"
        request = RawRequest(head, keep_alive)
        self._length = 0
        self._expects_continue = False
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon:
                raise BadRequestError("a header line without a colon")
            name = name.lower()
            if name == b"content-length":
                self._length = _content_length(value)
            elif name == b"transfer-encoding":
                request.chunked = True
            elif name == b"connection":
                tokens = {token.strip() for token in value.lower().split(b",")}
                request.keep_alive = (keep_alive and b"close" not in tokens) or b"keep-alive" in tokens
            elif name == b"expect":
                self._expects_continue = True
        return request


def _content_length(value: bytes) -> int:
    text = value.strip()
    if not text.isdigit():
        raise BadRequestError("Content-Length is not a number")
    length = int(text)
    if length > MAX_BODY:
        raise BadRequestError("the body is too long")
    return length


def _take_chunks(buffer: bytearray) -> bytes | None:
    """Remove a chunked body from `buffer` and return it, or return None if it is incomplete."""
    if len(buffer) > 2 * MAX_BODY:
        raise BadRequestError("the body is too long")
    body = bytearray()
    position = 0
    while True:
        line_end = buffer.find(b"\r\n", position)
        if line_end < 0:
            return None
        size_text = bytes(buffer[position:line_end]).partition(b";")[0].strip()
        if not size_text or not _HEXADECIMAL.issuperset(size_text):
            raise BadRequestError("the chunk size is not a hexadecimal number")
        size = int(size_text, 16)
        position = line_end + 2
        if size == 0:
            # Trailer lines may follow, up to an empty line.
            end = buffer.find(b"\r\n\r\n", line_end)
            if end < 0:
                return None
            del buffer[: end + 4]
            return bytes(body)
        if len(buffer) < position + size + 2:
            return None
        body += buffer[position : position + size]
        position += size + 2


def head_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return the headers as (name, value) pairs in their original order and spelling."""
    pairs = []
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        pairs.append((name.decode("latin-1"), value.strip().decode("latin-1")))
    return tuple(pairs)


class Reply(NamedTuple):
    """The bytes of a reply, and whether to close the connection after it."""

    head: bytes
    body: bytes
    close: bool


def reply(
    status: int,
    body: bytes,
    headers: Mapping[str, str | None],
    *,
    close: bool = False,
    without_body: bool = False,
) -> Reply:
    """Build a reply. `headers` overrides the default headers; the value None removes one."""
    defaults = {"Connection": "close" if close else "keep-alive", "Content-Length": str(len(body))}
    fields: dict[str, tuple[str, str]] = {}
    for name, value in (*defaults.items(), *headers.items()):
        if value is None:
            fields.pop(name.lower(), None)
        else:
            fields[name.lower()] = (name, value)
    lines = [f"{name}: {value}" for name, value in fields.values()]
    head = "\r\n".join([f"HTTP/1.1 {status} {reason_phrase(status)}", *lines, "", ""])
    connection = fields.get("connection", ("", ""))[1].lower()
    return Reply(head.encode(), b"" if without_body else body, close or "close" in connection)


def reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
