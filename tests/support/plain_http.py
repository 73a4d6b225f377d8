"""HTTP for the tests of the fake, from the standard library: it knows nothing of the package."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wxaudit.testing import FakeWeChat

PATH = "/wxa/get_auditstatus"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def errcode(self) -> Any:
        return self.json["errcode"]


def target(token: str | None, path: str = PATH) -> str:
    return path if token is None else f"{path}?access_token={quote(token, safe='')}"


def send(
    connection: http.client.HTTPConnection,
    token: str | None,
    body: object,
    *,
    method: str = "POST",
    path: str = PATH,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection that stays open. A `body` that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, target(token, path), data, dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def connect(fake: FakeWeChat, timeout: float = 10) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", fake.port, timeout=timeout)


def ask(fake: FakeWeChat, token: str | None, auditid: object, **options: Any) -> Answer:
    """One poll on a connection of its own."""
    connection = connect(fake)
    try:
        return send(connection, token, {"auditid": auditid}, **options)
    finally:
        connection.close()


def request_bytes(token: str, auditid: int, *headers: str) -> bytes:
    """The bytes of one poll."""
    body = b'{"auditid":%d}' % auditid
    lines = [f"POST {target(token)} HTTP/1.1", "Host: fake", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def open_socket(fake: FakeWeChat, timeout: float = 10) -> socket.socket:
    return socket.create_connection(("127.0.0.1", fake.port), timeout=timeout)


def read_all(connection: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    received = bytearray()
    while data := connection.recv(65536):
        received += data
    return bytes(received)


def exchange(fake: FakeWeChat, auditid: int) -> bytes:
    """All bytes of the answer to one poll on a new connection, which the fake must close."""
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), auditid))
        return read_all(connection)


def read_until(connection: socket.socket, end: bytes, count: int = 1) -> bytes:
    """The bytes that come until `end` was among them `count` times."""
    received = bytearray()
    while received.count(end) < count:
        data = connection.recv(65536)
        if not data:
            raise AssertionError(f"closed after {bytes(received)!r}")
        received += data
    return bytes(received)
