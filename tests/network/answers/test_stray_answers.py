"""A server that sends another answer behind each answer, while a batch keeps the runtime too busy to look."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trustme

import wxaudit
from support.call_harness import CallHarness
from support.fake_process import AUDITIDS, FakeProcess
from support.servers.raw_server import APPROVED, Connection, RawServer, Script, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client_kind import ClientKind

CALLS = 500
TLS_CALLS = 100
TOKEN = "86_a-token-for-stray-answers"


class StrayServer:
    """Each answer has the number of its request as its status; another answer follows it."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._sent = 0
        self._lock = threading.Lock()

    def __call__(self, connection: Connection) -> None:
        if self._context is not None:
            connection.start_tls(self._context)
        while (request := connection.read_request()) is not None:
            auditid = request.body.partition(b":")[2].strip(b" }")
            connection.send(answer(b'{"errcode":0,"errmsg":"ok","status":%s}' % auditid))
            connection.send(answer(APPROVED))
            with self._lock:
                self._sent += 1

    def wait(self, sent: int) -> None:
        """Until the kernel has that many stray answers."""
        while self._sent < sent:
            time.sleep(0)


@contextmanager
def busy_runtime() -> Iterator[None]:
    """Batches that keep the runtime busy all the time."""
    stop = threading.Event()

    def ask(client: wxaudit.Client, token: str) -> None:
        while not stop.is_set():
            client.get_audit_statuses([(token, auditid) for auditid in AUDITIDS] * 100).raise_for_errors()

    with FakeProcess() as fake:
        fake.set_up()
        with wxaudit.Client(base_url=fake.base_url, max_concurrency=64) as client:
            thread = threading.Thread(target=ask, args=(client, fake.token()))
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()


@pytest.fixture(scope="module")
def busy() -> Iterator[None]:
    with busy_runtime():
        yield


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", ["blocking", "asyncio", "batch"])
def test_a_stray_answer_is_never_taken_while_the_runtime_is_busy(kind: str) -> None:
    strays = StrayServer()
    with RawServer(strays) as server:
        assert answers(kind, server.base_url, strays, CALLS) == list(range(1, CALLS + 1))


@pytest.mark.parametrize("kind", ["blocking", "asyncio", "batch"])
def test_nor_is_it_while_nothing_drives_the_runtime(kind: str) -> None:
    """A thread that makes one call after the other drives the runtime only during each."""
    strays = StrayServer()
    with RawServer(strays) as server:
        assert answers(kind, server.base_url, strays, CALLS) == list(range(1, CALLS + 1))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", ["blocking", "asyncio", "batch"])
def test_nor_is_it_under_tls(kind: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    strays = StrayServer(context)
    with RawServer(strays) as server:
        base_url = f"https://127.0.0.1:{server.port}"
        got = answers(kind, base_url, strays, TLS_CALLS, ca_file=tmp_path / "ca.pem")
        assert got == list(range(1, TLS_CALLS + 1))


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_session_tickets_cost_no_connection(client_kind: ClientKind, version: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    authority.issue_cert("127.0.0.1").configure_cert(context)
    good = Script()

    def behave(connection: Connection) -> None:
        connection.start_tls(context)
        good(connection)

    with RawServer(behave) as server:
        base_url = f"https://127.0.0.1:{server.port}"
        harness = CallHarness(client_kind, server, base_url=base_url, ca_file=tmp_path / "ca.pem")
        for _ in range(5):
            harness.goes_on()
        assert server.connections_accepted == 1


def answers(kind: str, base_url: str, strays: StrayServer, calls: int, **options: Any) -> list[int]:
    """The statuses of so many calls. The next begins once the stray answer behind the last has arrived."""

    async def ask_all() -> list[int]:
        async with wxaudit.AsyncClient(base_url=base_url, **options) as client:
            statuses = []
            for number in range(1, calls + 1):
                statuses.append((await client.get_audit_status(TOKEN, number)).status)
                strays.wait(number)
            return [int(status) for status in statuses]

    def queries() -> Iterator[tuple[str, int]]:
        for number in range(1, calls + 1):
            yield TOKEN, number
            strays.wait(number)

    if kind == "asyncio":
        return asyncio.run(ask_all())
    with wxaudit.Client(base_url=base_url, **options, max_concurrency=1) as client:
        if kind == "batch":
            results = client.iter_audit_statuses(queries())
            return [int(result.unwrap().status) for result in results]
        statuses = []
        for number in range(1, calls + 1):
            statuses.append(int(client.get_audit_status(TOKEN, number).status))
            strays.wait(number)
        return statuses
