"""Connect to a host directly, or through a proxy by CONNECT or SOCKS."""

from __future__ import annotations

import base64
import ipaddress
import socket
import struct
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from .proxies import Proxy, Target

_MAX_HEAD = 64 * 1024
# Of SOCKS: what a proxy answers, and kinds of addresses.
_GRANTED_4, _LOGIN_NEEDED, _IPV4, _NAME, _IPV6 = 90, 2, 1, 3, 4
_DEFAULT_PORTS = {"http": 80, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


def is_possible(proxy: Proxy | None) -> bool:
    """Whether `connect` can go through the proxy: not if TLS leads to the proxy itself."""
    return proxy is None or proxy.scheme in _DEFAULT_PORTS


def connect(target: Target, proxy: Proxy | None, deadline: float) -> socket.socket:
    """An open connection. Raise `OSError` if there is none before the deadline of `time.monotonic`."""
    if proxy is None:
        return socket.create_connection((target.host, target.port), left(deadline))
    parts = urlsplit(proxy.url)
    place = parts.hostname or "", parts.port or _DEFAULT_PORTS[proxy.scheme]
    stream = socket.create_connection(place, left(deadline))
    login = unquote(parts.username or ""), unquote(parts.password or "")
    try:
        if proxy.scheme == "http":
            _connect_http(stream, target, login, deadline)
        elif proxy.scheme.startswith("socks5"):
            _connect_socks5(stream, target, login, proxy.looks_names_up, deadline)
        else:
            _connect_socks4(stream, target, proxy.looks_names_up, deadline)
    except BaseException:
        stream.close()
        raise
    return stream


def read_head(stream: socket.socket, deadline: float) -> bytes:
    """The bytes up to the first empty line, and none behind it: there TLS may begin."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _MAX_HEAD:
        received = _read(stream, 1, deadline)
        head += received
    return head


def left(deadline: float) -> float:
    """The seconds up to a deadline. Raise `TimeoutError` behind it."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is over")
    return seconds


def _connect_http(stream: socket.socket, target: Target, login: tuple[str, str], deadline: float) -> None:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if any(login):
        credentials = base64.b64encode(":".join(login).encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {credentials}")
    stream.sendall("\r\n".join([*lines, "", ""]).encode())
    if read_head(stream, deadline).split(b" ", 2)[1:2] != [b"200"]:
        raise ConnectionError("the proxy opened no connection")


def _connect_socks5(
    stream: socket.socket, target: Target, login: tuple[str, str], by_name: bool, deadline: float
) -> None:
    methods = bytes([0, _LOGIN_NEEDED] if any(login) else [0])
    stream.sendall(bytes([5, len(methods)]) + methods)
    if _read(stream, 2, deadline)[1] == _LOGIN_NEEDED:
        user, password = (part.encode()[:255] for part in login)
        stream.sendall(b"\1" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if _read(stream, 2, deadline)[1]:
            raise ConnectionError("the proxy refused the login")
    stream.sendall(b"\5\1\0" + _address(target, by_name) + struct.pack("!H", target.port))
    _, reply, _, kind = _read(stream, 4, deadline)
    if reply:
        raise ConnectionError("the proxy opened no connection")
    size = {_IPV4: 4, _IPV6: 16}.get(kind) or _read(stream, 1, deadline)[0]
    _read(stream, size + 2, deadline)


def _connect_socks4(stream: socket.socket, target: Target, by_name: bool, deadline: float) -> None:
    # An address that cannot be says that a name follows.
    address = b"\0\0\0\1" if by_name else socket.inet_aton(socket.gethostbyname(target.host))
    name = target.host.encode("idna") + b"\0" if by_name else b""
    stream.sendall(b"\4\1" + struct.pack("!H", target.port) + address + b"\0" + name)
    if _read(stream, 8, deadline)[1] != _GRANTED_4:
        raise ConnectionError("the proxy opened no connection")


def _address(target: Target, by_name: bool) -> bytes:
    host = target.host if by_name else socket.getaddrinfo(target.host, target.port)[0][4][0]
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError:
        name = target.host.encode("idna")
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if len(packed) == 4 else _IPV6]) + packed


def _read(stream: socket.socket, size: int, deadline: float) -> bytes:
    data = b""
    while len(data) < size:
        stream.settimeout(left(deadline))
        received = stream.recv(size - len(data))
        if not received:
            raise ConnectionError("the connection was closed")
        data += received
    return data
