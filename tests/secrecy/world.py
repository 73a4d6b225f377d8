"""Run the servers of all scenarios. They know the secrets, so that the observed process need not.

Standard output: the addresses as JSON at the start, and the observations after the end of standard input.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme

from secrecy.canary import CANARIES, TOKEN
from secrecy.scenario import FIRST_AUDITID, Servers
from secrecy.scenarios import SCENARIOS
from support.servers.raw_server import Connection, RawServer, answer
from support.servers.socks_proxy import SocksProxy
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Iterator


class World:
    """All servers, running inside `with`."""

    servers: Servers
    fake: FakeWeChat

    def __enter__(self) -> World:
        with ExitStack() as stack:
            self.fake = stack.enter_context(FakeWeChat())
            self._elsewhere = stack.enter_context(FakeWeChat())
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            self._raw = {name: stack.enter_context(server) for name, server in _tls_servers(Path(directory))}
            self._raw |= {
                name: stack.enter_context(server) for name, server in _proxies(self._raw["tls"].port)
            }
            refusing = stack.enter_context(_bound_socket())
            self.servers = Servers(
                fake=self.fake.base_url,
                elsewhere=self._elsewhere.base_url,
                certificates=str(Path(directory, "ca.pem")),
                refusing=refusing,
                **{name: server.port for name, server in self._raw.items()},
            )
            for number, scenario in enumerate(SCENARIOS):
                *first, last = scenario.answers(self.servers, TOKEN.text())
                for fault in first:
                    self.fake.fail_next(fault, auditid=FIRST_AUDITID + number)
                self.fake.fail_next(last, None, auditid=FIRST_AUDITID + number)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def observations(self) -> dict[str, Any]:
        """The observations of the servers, without secrets."""
        requests = self.fake.requests
        known = {canary.text() for canary in CANARIES}
        return {
            "sends": Counter(
                request.auditid for request in requests if request.path == "/wxa/get_auditstatus"
            ),
            "other_paths": sorted({request.path for request in requests} - {"/wxa/get_auditstatus"}),
            "with_referer": sum("referer" in request.headers for request in requests),
            "with_secret": sum(request.token in known for request in requests),
            "elsewhere": self._elsewhere.connections_accepted,
            "connections": {name: server.connections_accepted for name, server in self._raw.items()},
        }


def _tls_servers(directory: Path) -> Iterator[tuple[str, RawServer]]:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    certificates = {
        "tls": authority.issue_cert("localhost"),
        "tls_of_stranger": stranger.issue_cert("localhost"),
        "tls_of_other_host": authority.issue_cert("other.example"),
        "tls_expired": authority.issue_cert("localhost", not_after=yesterday),
    }
    for name, certificate in certificates.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        yield name, RawServer(partial(_serve_tls, context=context))
    yield "no_tls", RawServer(_serve_no_tls)
    yield "silent", RawServer(Connection.wait_for_end)


def _proxies(tls: int) -> Iterator[tuple[str, RawServer]]:
    yield "tunnel", RawServer(partial(_serve_tunnel, tls=tls))
    for name, status in (("tunnel_407", 407), ("tunnel_502", 502), ("forward_407", 407)):
        yield name, RawServer(partial(_serve_echo, status=status))
    yield "forward", RawServer(_serve_forward)
    yield "socks", SocksProxy(tls, login=("nobody", "has this login")).server


def _serve_tls(connection: Connection, context: ssl.SSLContext) -> None:
    connection.start_tls(context)
    while connection.read_request():
        connection.send(answer())


def _serve_no_tls(connection: Connection) -> None:
    connection.receive()
    connection.send(answer(b"<html>plain HTTP</html>", status="400 Bad Request"))


def _serve_tunnel(connection: Connection, tls: int) -> None:
    request = connection.read_request()
    assert request is not None
    assert b"\r\nproxy-authorization: basic " in request.head.lower()
    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    connection.relay_to(tls)


def _serve_echo(connection: Connection, status: int) -> None:
    """A proxy that refuses, and echoes the request."""
    while request := connection.read_request():
        line, _, rest = request.head.decode("latin-1").partition("\r\n")
        credentials = _header(rest, "proxy-authorization")
        page = f"<html>{line}<br>{credentials}</html>".encode("latin-1")
        headers = (f"Proxy-Authenticate: {credentials}", f"X-Asked: {line}")
        connection.send(answer(page, *headers, status=f"{status} {credentials}"))


def _serve_forward(connection: Connection) -> None:
    while connection.read_request():
        connection.send(answer())


def _header(head: str, name: str) -> str:
    for line in head.split("\r\n"):
        key, _, value = line.partition(": ")
        if key.lower() == name:
            return value
    raise AssertionError(f"a request without {name}")


@contextmanager
def _bound_socket() -> Iterator[int]:
    """A bound port that does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        yield port


def main() -> None:
    with World() as world:
        print(json.dumps(world.servers._asdict()), flush=True)
        sys.stdin.read()
        print(json.dumps(world.observations()), flush=True)


if __name__ == "__main__":
    main()
