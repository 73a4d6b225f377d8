"""A server that stands for WeChat's over TLS, and a proxy that leads to it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

from support.servers.raw_server import Connection, RawServer, Script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WECHAT = "api.weixin.qq.com"
TO_WECHAT = b"CONNECT api.weixin.qq.com:443 HTTP/1.1"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class WeChat:
    """A server that clients take for WeChat's: its certificate says so, and a proxy leads there."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.ca_file = directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(WECHAT, "localhost").configure_cert(self.tls)
        script = Script()

        def behave(connection: Connection) -> None:
            connection.start_tls(self.tls)
            script(connection)

        self.server = RawServer(behave)


class Proxy:
    """A CONNECT proxy that leads everywhere to one place; over TLS, or with other answers first, if asked."""

    def __init__(
        self,
        wechat: WeChat,
        refusal: Callable[[Connection], None] | None = None,
        times: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._wechat = wechat
        self._refusal = refusal
        self._times = times
        self._tls = tls
        self.server = RawServer(self._behave)

    def _behave(self, connection: Connection) -> None:
        if self._tls is not None:
            connection.start_tls(self._tls)
        if connection.read_request() is None:
            return
        if self._refusal is not None and connection.number <= self._times:
            self._refusal(connection)
        else:
            connection.send(ESTABLISHED)
            connection.relay_to(self._wechat.server.port)

    @property
    def targets(self) -> list[bytes]:
        """The first lines of what it was asked."""
        return [request.head.split(b"\r\n")[0] for request in self.server.requests]
