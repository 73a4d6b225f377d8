"""The fake as a server: start and stop, its thread, forks, many clients."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.plain_http import ask, connect, open_socket, read_until, request_bytes, send
from wxaudit.testing import FakeWeChat, Step


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fake-wechat")]


def test_it_serves_only_between_start_and_stop() -> None:
    fake = FakeWeChat()
    running = [fake.running]
    assert fake.port == 0
    assert threads() == []
    assert fake.start() is fake
    running.append(fake.running)
    assert fake.base_url == f"http://127.0.0.1:{fake.port}"
    assert threads() == ["fake-wechat"]
    assert ask(fake, fake.token(), fake.submit().auditid).errcode == 0
    fake.stop()
    running.append(fake.running)
    assert running == [False, True, False]
    assert threads() == []
    with pytest.raises(ConnectionRefusedError):
        open_socket(fake)


def test_stopping_twice_is_allowed_and_starting_twice_is_an_error() -> None:
    fake = FakeWeChat()
    fake.stop()
    with fake:
        with pytest.raises(RuntimeError, match="running already"):
            fake.start()
        assert fake.running
    fake.stop()


def test_a_restart_keeps_port_and_data() -> None:
    fake = FakeWeChat()
    with fake:
        base_url, token, audit = fake.base_url, fake.token(), fake.submit()
    with fake:
        assert fake.base_url == base_url
        assert ask(fake, token, audit.auditid).errcode == 0


def test_a_port_in_use_is_an_error() -> None:
    with FakeWeChat() as first:
        second = FakeWeChat(port=first.port)
        with pytest.raises(OSError, match="in use"):
            second.start()
        assert not second.running
        second.stop()


def test_stop_closes_connections_in_any_state() -> None:
    fake = FakeWeChat().start()
    with open_socket(fake) as idle, open_socket(fake) as half:
        idle.sendall(request_bytes(fake.token(), 1))
        read_until(idle, b"}")
        half.sendall(b"POST / HTT")
        fake.wait_for_connections_open(2)
        fake.stop()
        assert idle.recv(1) == b""
        assert half.recv(1) == b""
    assert fake.connections_open == 0
    assert {closed.closed_by for closed in fake.closed_connections} == {"server"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "", "::", "api.weixin.qq.com"])  # noqa: S104  # invalid on purpose
def test_it_listens_only_on_loopback(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        FakeWeChat(host=host)


def test_localhost_is_loopback() -> None:
    with FakeWeChat(host="localhost") as fake:
        assert fake.base_url.startswith("http://127.0.0.1:")


def test_an_ipv6_address_is_bracketed() -> None:
    fake = FakeWeChat(host="::1", port=8080)
    assert fake.base_url == "http://[::1]:8080"


def test_methods_that_need_the_server_report_that_it_is_not_running() -> None:
    fake = FakeWeChat()
    for method in (fake.refuse_connections, fake.accept_connections, fake.close_connections):
        with pytest.raises(RuntimeError, match="not running"):
            method()
    assert not fake.accepting_connections


def test_its_repr_shows_the_address() -> None:
    with FakeWeChat() as fake:
        assert repr(fake) == f"<FakeWeChat {fake.base_url}: 0 requests>"
    assert repr(fake) == "<FakeWeChat stopped: 0 requests>"


def test_many_clients_are_served_while_a_test_scripts_the_fake() -> None:
    with FakeWeChat() as fake:
        token = fake.token()
        audits = [fake.submit(life=[Step(4, after_polls=50), Step(0, after_polls=50)]) for _ in range(8)]

        def poll(number: int) -> list[int]:
            connection = connect(fake)
            states = [
                send(connection, token, {"auditid": audits[number].auditid}).json["status"]
                for _ in range(150)
            ]
            connection.close()
            return states

        def script() -> None:
            for _ in range(500):
                fake.submit().reject("1:…")

        with ThreadPoolExecutor(9) as pool:
            scripting = pool.submit(script)
            results = list(pool.map(poll, range(8)))
            scripting.result()
        assert results == [[2] * 50 + [4] * 50 + [0] * 50] * 8
        assert fake.requests_received == 8 * 150
        assert fake.connections_accepted == 8


def test_it_creates_clients() -> None:
    with FakeWeChat() as fake:
        audit, token = fake.submit(state=3), fake.token()
        client = fake.client(user_agent="a test")
        assert client.get_audit_status(token, audit.auditid).status == 3
        assert "a test" in fake.requests[0].headers["user-agent"]
        client.close()

        async def ask_async() -> int:
            async with fake.async_client() as client:
                return (await client.get_audit_status(token, audit.auditid)).status

        assert asyncio.run(ask_async()) == 3


def test_it_can_be_stopped_while_other_threads_use_it() -> None:
    fake = FakeWeChat()
    for _ in range(20):
        fake.start()

        def use() -> str:
            try:
                while True:
                    fake.close_connections()
            except RuntimeError as failure:
                return str(failure)

        with ThreadPoolExecutor(2) as pool:
            users = [pool.submit(use) for _ in range(2)]
            fake.stop()
            assert [user.result() for user in users] == ["the fake is not running: call start() first"] * 2


def test_a_burst_of_connections_is_accepted() -> None:
    with FakeWeChat() as fake:
        token, auditid = fake.token(), fake.submit().auditid
        connections = [open_socket(fake) for _ in range(200)]
        for connection in connections:
            connection.sendall(request_bytes(token, auditid))
        for connection in connections:
            assert b'"status":2' in read_until(connection, b"}")
            connection.close()
        fake.wait_for_connections_open(0)


FORK = """
import os, sys
from support.plain_http import ask, open_socket, read_all
from wxaudit.testing import FakeWeChat

with FakeWeChat() as fake:
    token, auditid = fake.token(), fake.submit(state=1).auditid
    idle = open_socket(fake)
    fake.wait_for_connections_open(1)
    parent_is_done, done = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(done)
        idle.close()
        assert ask(fake, token, auditid).json["status"] == 1
        assert not fake.running
        fake.stop()
        assert os.read(parent_is_done, 1) == b""
        sys.exit(7)
    os.close(parent_is_done)
    fake.wait_for_requests(1)
    fake.close_connections()
    assert read_all(idle) == b"", "the child keeps the connection open"
    idle.close()
    assert ask(fake, token, auditid).json["status"] == 1
    fake.stop()
    try:
        open_socket(fake, timeout=5)
    except ConnectionRefusedError:
        pass
    else:
        raise AssertionError("the child keeps the port open")
    os.close(done)
    status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) == 7, status
print("both are fine")
"""

FORK_UNDER_LOAD = """
import os, threading
from support.plain_http import ask, connect, send
from wxaudit.testing import FakeWeChat

with FakeWeChat() as fake:
    token, auditid = fake.token(), fake.submit(state=1).auditid
    source = fake.token_source()
    # The first call imports modules. It precedes any fork, since a child that inherits the lock of an
    # unfinished import would block forever.
    assert ask(fake, token, auditid).json["status"] == 1
    over = threading.Event()

    def poll():
        connection = connect(fake)
        while not over.is_set():
            assert send(connection, source.get_token(), {"auditid": auditid}).json["status"] == 1
        connection.close()

    pollers = [threading.Thread(target=poll) for _ in range(2)]
    for poller in pollers:
        poller.start()
    for _ in range(50):
        child = os.fork()
        if child == 0:
            # The child must not inherit the lock of the fake locked.
            status = len(fake.audits) - 1 + len(source.get_token()) - 138
            status += ask(fake, token, auditid).json["status"] - 1
            os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
    over.set()
    for poller in pollers:
        poller.join()
print("both are fine")
"""

EXIT = """
from support.plain_http import ask, open_socket, request_bytes
from wxaudit.testing import FakeWeChat, Fault

fake = FakeWeChat().start()
fake.fail_next(Fault(hold=True))
connection = open_socket(fake)
connection.sendall(request_bytes(fake.token(), 1))
fake.wait_for_held(1)
{end}
connection.close()
print("both are fine")
"""


def run(script: str) -> None:
    """Run a script with all warnings as errors. It must exit with 0 and an empty standard error."""
    arguments = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c", script]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "both are fine\n", "")


@pytest.mark.parametrize("script", [FORK, FORK_UNDER_LOAD], ids=["idle", "under load"])
def test_it_survives_a_fork_in_parent_and_child(script: str) -> None:
    run(textwrap.dedent(script))


@pytest.mark.parametrize(
    "end", ["fake.stop()", "fake.stop(); del fake", ""], ids=["stop", "delete", "forgotten"]
)
def test_it_leaves_no_resources_behind(end: str) -> None:
    run(EXIT.format(end=end))
