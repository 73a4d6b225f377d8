"""Ask a host for its certificate and its clock, which the client does not tell."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from datetime import datetime

    from .proxies import Proxy, Target

_MAX_HEAD = 64 * 1024


class Exchange(NamedTuple):
    tls_version: str | None
    certificate: bytes | None
    """DER."""
    ahead: float | None
    """How many seconds the clock of the host is ahead of this machine's; None if it sends no Date."""


def is_possible(proxy: Proxy | None) -> bool:
    """Whether this module can go through the proxy."""
    return proxy is None or proxy.scheme == "http"


def exchange(target: Target, proxy: Proxy | None, limit: float) -> Exchange:
    """Send HEAD without a token. Raise `OSError` if there is no answer within `limit` seconds."""
    deadline = time.monotonic() + limit
    stream: socket.socket = _connect(target, proxy, limit)
    try:
        version = certificate = None
        if target.tls:
            stream.settimeout(_left(deadline))
            # Not verified: the verdict is the client's, and a certificate that it refuses shall be shown too.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            secured = context.wrap_socket(stream, server_hostname=target.host)
            version, certificate = secured.version(), secured.getpeercert(binary_form=True)
            stream = secured
        request = f"HEAD / HTTP/1.1\r\nHost: {target.name}\r\nConnection: close\r\n\r\n"
        sent_at = time.time()
        stream.sendall(request.encode("ascii"))
        head = _read_head(stream, deadline)
        middle = (sent_at + time.time()) / 2
    finally:
        stream.close()
    moment = _date(head)
    return Exchange(version, certificate, None if moment is None else moment.timestamp() - middle)


def _connect(target: Target, proxy: Proxy | None, limit: float) -> socket.socket:
    deadline = time.monotonic() + limit
    if proxy is None:
        return socket.create_connection((target.host, target.port), limit)
    parts = urlsplit(proxy.url)
    stream = socket.create_connection((parts.hostname or "", parts.port or 80), limit)
    try:
        host = f"[{target.host}]" if ":" in target.host else target.host
        lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
        stream.sendall("\r\n".join([*lines, "", ""]).encode())
        status = _read_head(stream, deadline).split(b" ", 2)[1:2]
        if status != [b"200"]:
            raise ConnectionError("the proxy opened no connection")
    except BaseException:
        stream.close()
        raise
    return stream


def _read_head(stream: socket.socket, deadline: float) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
        stream.settimeout(_left(deadline))
        # Byte by byte: behind the head of a proxy's answer, TLS begins.
        received = stream.recv(1)
        if not received:
            break
        head += received
    return head


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    return left


def _date(head: bytes) -> datetime | None:
    from email.utils import parsedate_to_datetime

    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"date":
            try:
                moment = parsedate_to_datetime(value.strip().decode("latin-1"))
            except (ValueError, TypeError):
                return None
            return moment if moment.tzinfo is not None else None
    return None
