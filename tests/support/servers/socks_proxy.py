"""A SOCKS proxy, versions 4, 4a and 5, that leads everywhere to one port of this machine."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from support.servers.raw_server import Connection, RawServer

if TYPE_CHECKING:
    from collections.abc import Callable

GRANTED, REFUSED = 90, 91
SUCCEEDED, HOST_UNREACHABLE = 0, 4
NO_LOGIN, USER_AND_PASSWORD, NONE_ACCEPTABLE = 0, 2, 255


class SocksProxy:
    """Speaks what the client speaks. With a login, only clients with that user and password get on.

    `refuse` says which targets cannot be reached; `instead` is done in place of the first `times` handshakes.
    """

    def __init__(
        self,
        port: int,
        *,
        login: tuple[str, str] | None = None,
        refuse: Callable[[str], bool] = lambda _: False,
        instead: Callable[[Connection], None] | None = None,
        times: int = 0,
    ) -> None:
        self._port = port
        self._login = login
        self._refuse = refuse
        self._instead = instead
        self._times = times
        # The targets as the clients wrote them: an address or a name, and a port.
        self.targets: list[tuple[str, int]] = []
        self.logins: list[tuple[str, str]] = []
        self.server = RawServer(self._behave)

    def url(self, scheme: str, login: str = "") -> str:
        return f"{scheme}://{login}{self.server.host}:{self.server.port}"

    def _behave(self, connection: Connection) -> None:
        stream = _Stream(connection)
        version = stream.read(1)[0]
        if self._instead is not None and connection.number <= self._times:
            self._instead(connection)
            return
        connected = self._version_5(stream) if version == 5 else self._version_4(stream)
        if connected:
            connection.relay_to(self._port)

    def _version_5(self, stream: _Stream) -> bool:
        offered = stream.read(stream.read(1)[0])
        method = NO_LOGIN if self._login is None else USER_AND_PASSWORD
        if method not in offered:
            stream.send(bytes([5, NONE_ACCEPTABLE]))
            return False
        stream.send(bytes([5, method]))
        if self._login is not None:
            assert stream.read(1) == b"\x01"
            user = stream.read(stream.read(1)[0]).decode()
            password = stream.read(stream.read(1)[0]).decode()
            self.logins.append((user, password))
            if (user, password) != self._login:
                stream.send(b"\x01\x01")
                return False
            stream.send(b"\x01\x00")
        assert stream.read(3) == b"\x05\x01\x00"
        kind = stream.read(1)[0]
        if kind == 3:
            host = stream.read(stream.read(1)[0]).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, stream.read(size))
        reached = self._reached(host, stream.read_port())
        # The address that it connected from, of the other kind at times: clients have to skip it.
        bound = bytes([1, *bytes(6)]) if reached else bytes([4, *bytes(18)])
        stream.send(bytes([5, SUCCEEDED if reached else HOST_UNREACHABLE, 0]) + bound)
        return reached

    def _version_4(self, stream: _Stream) -> bool:
        assert stream.read(1) == b"\x01"
        port = stream.read_port()
        address = stream.read(4)
        stream.read_text()
        is_name = address[:3] == bytes(3) and address[3] != 0
        host = stream.read_text() if is_name else socket.inet_ntop(socket.AF_INET, address)
        reached = self._reached(host, port)
        stream.send(bytes([0, GRANTED if reached else REFUSED, *bytes(6)]))
        return reached

    def _reached(self, host: str, port: int) -> bool:
        self.targets.append((host, port))
        return not self._refuse(host)


class _Stream:
    """Exact reads from a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._received = b""
        self.send = connection.send

    def read(self, size: int) -> bytes:
        while len(self._received) < size:
            data = self._connection.receive()
            if not data:
                raise ConnectionError("the client is gone")
            self._received += data
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def read_port(self) -> int:
        (port,) = struct.unpack(">H", self.read(2))
        assert isinstance(port, int)
        return port

    def read_text(self) -> str:
        """Up to a zero."""
        text = b""
        while (byte := self.read(1)) != b"\0":
            text += byte
        return text.decode()
