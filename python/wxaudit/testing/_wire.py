"""HTTP/1.1 as the fake speaks it: requests off a stream of bytes, and the bytes of a reply.

An own small reader, because faults decide about every byte, and a test wants to know every byte that came.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


class BadRequestError(Exception):
    """What came is no HTTP/1.x request; nothing after it on the connection can be read."""


class RawRequest:
    """One request as it came."""

    __slots__ = ("body", "chunked", "head", "keep_alive")

    def __init__(self, head: bytes, keep_alive: bool) -> None:
        self.head = head
        self.keep_alive = keep_alive
        self.chunked = False
        self.body = b""

    # Taken off the head each time: the log keeps thousands of requests, and all of it is in there.

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")


class RequestReader:
    """Takes bytes as they come and gives whole requests, glued ones too."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun: RawRequest | None = None
        self._length = 0
        self._expects_continue = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def wants_continue(self) -> bool:
        """True once per request whose body is awaited behind `Expect: 100-continue`."""
        wanted = self._begun is not None and self._expects_continue
        self._expects_continue = False
        return wanted

    def next(self) -> RawRequest | None:
        """The next whole request, or None until more bytes come. Raises `BadRequestError`."""
        if self._begun is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise BadRequestError("the head is too long")
                return None
            head = bytes(self._buffer[:end])
            del self._buffer[: end + 4]
            self._begin(head)
        request = self._begun
        if request is None:
            return None
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
        self._begun = None
        return request

    def _begin(self, head: bytes) -> None:
        lines = head.split(b"\r\n")
        parts = lines[0].split(b" ")
        if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise BadRequestError("no HTTP/1.x request line")
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
        self._begun = request


def _content_length(value: bytes) -> int:
    text = value.strip()
    if not text.isdigit():
        raise BadRequestError("Content-Length is no number")
    length = int(text)
    if length > MAX_BODY:
        raise BadRequestError("the body is too long")
    return length


def _take_chunks(buffer: bytearray) -> bytes | None:
    """The body of a chunked request once all of it is there, taken off `buffer`."""
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
            raise BadRequestError("a chunk size that is no number")
        size = int(size_text, 16)
        position = line_end + 2
        if size == 0:
            break
        if len(buffer) < position + size + 2:
            return None
        body += buffer[position : position + size]
        position += size + 2
    # Trailer lines, then an empty one.
    while True:
        line_end = buffer.find(b"\r\n", position)
        if line_end < 0:
            return None
        empty = line_end == position
        position = line_end + 2
        if empty:
            del buffer[:position]
            return bytes(body)


def head_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """The header lines of a head as (name, value) pairs, in their order and spelling."""
    pairs = []
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        pairs.append((name.decode("latin-1"), value.strip().decode("latin-1")))
    return tuple(pairs)


class Reply:
    """The head and the body of an answer, as bytes; `close` where the connection ends with it."""

    __slots__ = ("body", "close", "head", "status")

    def __init__(self, head: bytes, body: bytes, *, status: int | None, close: bool) -> None:
        self.head = head
        self.body = body
        self.status = status
        self.close = close


def reply(
    status: int,
    body: bytes,
    headers: Mapping[str, str | None],
    *,
    close: bool = False,
    without_body: bool = False,
) -> Reply:
    """A reply with its length. `headers` overrides what is filled in here; None leaves a header out."""
    fields: dict[str, tuple[str, str]] = {}
    _put(fields, "Connection", "close" if close else "keep-alive")
    _put(fields, "Content-Length", str(len(body)))
    for name, value in headers.items():
        if value is None:
            fields.pop(name.lower(), None)
        else:
            _put(fields, name, value)
    connection = fields.get("connection", ("", ""))[1].lower()
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", *_lines(fields.values()), "", ""]
    return Reply(
        "\r\n".join(lines).encode("utf-8"),
        b"" if without_body else body,
        status=status,
        close=close or "close" in connection,
    )


def _put(fields: dict[str, tuple[str, str]], name: str, value: str) -> None:
    fields[name.lower()] = (name, value)


def _lines(fields: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in fields]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
