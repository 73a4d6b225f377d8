"""Ask a host for its certificate and its clock, which the client does not tell."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, NamedTuple

from . import tunnel

if TYPE_CHECKING:
    import socket
    from datetime import datetime

    from .proxies import Proxy, Target


class Exchange(NamedTuple):
    tls_version: str | None
    certificate: bytes | None
    """DER."""
    ahead: float | None
    """How many seconds the clock of the host is ahead of this machine's; None if it sends no Date."""


def exchange(target: Target, proxy: Proxy | None, limit: float) -> Exchange:
    """Send HEAD without a token. Raise `OSError` if there is no answer within `limit` seconds."""
    deadline = time.monotonic() + limit
    stream: socket.socket = tunnel.connect(target, proxy, deadline)
    try:
        version = certificate = None
        if target.tls:
            stream.settimeout(tunnel.left(deadline))
            # Not verified: the verdict is the client's, and a certificate that it refuses shall be shown too.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            secured = context.wrap_socket(stream, server_hostname=target.host)
            version, certificate = secured.version(), secured.getpeercert(binary_form=True)
            stream = secured
        request = f"HEAD / HTTP/1.1\r\nHost: {target.name}\r\nConnection: close\r\n\r\n"
        sent_at = time.time()
        try:
            stream.sendall(request.encode("ascii"))
            head = tunnel.read_head(stream, deadline)
        except OSError:
            head = b""  # the certificate is known nevertheless
        middle = (sent_at + time.time()) / 2
    finally:
        stream.close()
    moment = _date(head)
    return Exchange(version, certificate, None if moment is None else moment.timestamp() - middle)


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
