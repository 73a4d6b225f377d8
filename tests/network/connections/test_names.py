"""Lookups of host names: side by side, shared, kept for a while, and in nobody's way while they hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import preload
from support.name_lookup import NameLookup
from support.servers.connect_proxy import WECHAT, WeChat
from support.servers.raw_server import RawServer, Reply, Script, answer
from support.subprocess_runner import run_child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client_kind import ClientKind

HANGS = "+1000"
CHILD = """
import os, signal, threading, time
import wxaudit
from support.name_calls import NameCalls
from support.threads import thread_names

calls = NameCalls()
"""


@pytest.fixture
def names(tmp_path: Path) -> NameLookup:
    return NameLookup(tmp_path)


@pytest.fixture(params=["call", "batch"])
def how(request: pytest.FixtureRequest) -> str:
    """Whether calls are made one by one, or as a batch."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(Script()) as server:
        yield server


@pytest.fixture
def closing_server() -> Iterator[RawServer]:
    """A server that ends each connection after its answer, so that each call opens one."""
    script = Script(*[Reply(answer(), then="close")] * 500)
    with RawServer(script) as server:
        yield server


def run(
    script: str, client_kind: ClientKind, how: str, names: NameLookup, *arguments: object, **variables: str
) -> str:
    files = (names.environment["NAME_LOOKUP"], names.environment["NAME_LOOKUP_LOG"])
    environment = names.environment | variables
    return run_child(CHILD + script, client_kind.kind, how, *files, *arguments, environment=environment)


def test_a_lookup_that_hangs_delays_no_other_host(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    script = """
hanging = calls.client("https://api.weixin.qq.com", timeout=3)
healthy = calls.client(f"http://localhost:{calls.arguments[0]}", timeout=2.5)
thread = threading.Thread(target=lambda: print(calls.ask(hanging)[0]))
thread.start()
calls.wait_for_lookup("api.weixin.qq.com")
assert calls.ask(healthy) == [2]
assert thread.is_alive()
thread.join()
"""
    names.answer(WECHAT, HANGS)
    names.answer("localhost", "127.0.0.1")
    message = run(script, client_kind, how, names, server.port)
    assert "total limit; looking up the host name api.weixin.qq.com)" in message


def test_calls_at_once_share_a_lookup(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    script = """
client = calls.client(f"http://localhost:{calls.arguments[0]}", timeout=10)
if calls.how == "batch":
    assert calls.ask(client, 64) == [2] * 64
elif calls.kind == "blocking":
    results = []
    threads = [threading.Thread(target=lambda: results.extend(calls.ask(client))) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2] * 64, results
else:
    import asyncio

    async def gather():
        client = wxaudit.AsyncClient(base_url=f"http://localhost:{calls.arguments[0]}", trust_env=False)
        return await asyncio.gather(*(client.get_audit_status("a-token", 1) for _ in range(64)))

    assert [audit.status for audit in asyncio.run(gather())] == [2] * 64
"""
    names.answer("localhost", "+0.6", "127.0.0.1")
    run(script, client_kind, how, names, server.port)
    assert [name for name, _ in names.lookups] == ["localhost"]


def test_a_fallback_is_used_while_the_first_name_hangs(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    """The first calls go on after the limit of lookups, whatever the retry budget; the others at once."""
    script = """
client = calls.client("https://api.weixin.qq.com", fallback_urls=[f"http://127.0.0.1:{calls.arguments[0]}"])
assert calls.ask(client, 1 if calls.how == "call" else 100) == ([2] if calls.how == "call" else [2] * 100)
assert calls.took < 4, calls.took
first = calls.took
assert calls.ask(client, 1000) == [2] * 1000
what = f"the first call took {first:.2f} s, 1000 more {calls.took:.2f} s"
print(what, f"(p99 {sorted(calls.times)[-11] * 1000:.2f} ms)" if calls.how == "call" else "")
"""
    names.answer(WECHAT, HANGS)
    figures = run(script, client_kind, how, names, server.port)
    print(f"\n{client_kind.kind}, {how}: while the first name hangs, {figures}")
    assert [name for name, _ in names.lookups] == [WECHAT]


def test_addresses_are_kept_for_a_while(
    client_kind: ClientKind, how: str, names: NameLookup, closing_server: RawServer
) -> None:
    script = """
client = calls.client(f"http://localhost:{calls.arguments[0]}")
assert calls.ask(client, 20) == [2] * 20
other = calls.client(f"http://localhost:{calls.arguments[0]}")
assert calls.ask(other, 20) == [2] * 20
"""
    names.answer("localhost", "127.0.0.1")
    run(script, client_kind, how, names, closing_server.port)
    # Each call needs a new one. In a batch, a query may open one and be given another's that became idle
    # meanwhile; if that has been closed, it opens a second one.
    accepted = closing_server.connections_accepted
    assert accepted == 40 if how == "call" else 40 <= accepted <= 80
    assert [name for name, _ in names.lookups] == ["localhost"]


def test_a_name_is_looked_up_anew_when_its_addresses_fail(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    script = """
client = calls.client(f"http://localhost:{calls.arguments[0]}", max_retries=0)
[error] = calls.ask(client)
assert type(error) is wxaudit.TransportError and error.attempts == 0, error
place = f"localhost at 127.0.0.2:{calls.arguments[0]}"
assert f"cannot connect to {place}: connection refused" in str(error), error
calls.answer("localhost", "127.0.0.1")
assert calls.ask(client) == [2]
"""
    names.answer("localhost", "127.0.0.2")
    run(script, client_kind, how, names, server.port)
    assert len(names.lookups) == 2


def test_a_name_is_looked_up_anew_after_an_answer_that_is_not_wechats(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    script = """
client = calls.client(f"http://localhost:{calls.arguments[0]}", max_retries=0)
[error] = calls.ask(client)
assert type(error) is wxaudit.DecodeError, error
calls.answer("localhost", "127.0.0.1")
assert calls.ask(client) == [2]
"""
    names.answer("localhost", "127.0.0.2")
    retired = Script(answer(b"This ip is no longer use. Please change your DNS server"))
    with RawServer(retired, host="127.0.0.2", port=server.port):
        run(script, client_kind, how, names, server.port)
    assert len(names.lookups) == 2


def test_a_failed_lookup_is_not_kept(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    script = """
client = calls.client(f"http://localhost:{calls.arguments[0]}", max_retries=0)
[error] = calls.ask(client)
assert type(error) is wxaudit.TransportError and error.retryable and error.attempts == 0, error
assert "cannot look up the host name localhost: name or service not known" in str(error), error
calls.answer("localhost", "127.0.0.1")
assert calls.ask(client) == [2]
"""
    run(script, client_kind, how, names, server.port)
    assert len(names.lookups) == 2


def test_a_forked_process_looks_names_up_itself(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer
) -> None:
    """Also while a lookup of its parent hangs."""
    script = """
hanging = calls.client("https://api.weixin.qq.com", timeout=0.2, max_retries=0)
client = calls.client(f"http://localhost:{calls.arguments[0]}")
assert calls.ask(client) == [2]
assert isinstance(calls.ask(hanging)[0], wxaudit.RequestTimeout)
child = os.fork()
if child == 0:
    status = 1
    try:
        assert calls.ask(calls.client(f"http://localhost:{calls.arguments[0]}")) == [2]
        assert isinstance(calls.ask(hanging)[0], wxaudit.RequestTimeout)
        status = 0
    finally:
        os._exit(status)
assert os.waitpid(child, 0)[1] == 0
assert calls.ask(client) == [2]
"""
    names.answer(WECHAT, HANGS)
    names.answer("localhost", "127.0.0.1")
    run(script, client_kind, how, names, server.port)
    assert sorted(name for name, _ in names.lookups) == [WECHAT, WECHAT, "localhost", "localhost"]
    assert len({process for _, process in names.lookups}) == 2


def test_a_lookup_that_hangs_holds_up_neither_ctrl_c_nor_the_exit(
    client_kind: ClientKind, how: str, names: NameLookup
) -> None:
    script = """
client = calls.client("https://api.weixin.qq.com", timeout=600)

def interrupt():
    calls.wait_for_lookup("api.weixin.qq.com")
    os.kill(os.getpid(), signal.SIGINT)

thread = threading.Thread(target=interrupt)
thread.start()
try:
    print(calls.ask(client))
except KeyboardInterrupt:
    print("interrupted")
thread.join()
"""
    names.answer(WECHAT, HANGS)
    assert run(script, client_kind, how, names) == "interrupted\n"


def test_lookups_that_hang_hold_a_bounded_number_of_threads(
    client_kind: ClientKind, how: str, names: NameLookup
) -> None:
    script = """
clients = [calls.client(f"https://host-{number}.example", timeout=1.5, max_retries=0) for number in range(24)]
errors = []
threads = [
    threading.Thread(target=lambda client=client: errors.extend(calls.ask(client))) for client in clients
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*errors, sep="\\n")
running = list(thread_names().values())
assert running.count("wxaudit-lookup") == 16, running
"""
    for number in range(24):
        names.answer(f"host-{number}.example", HANGS)
    messages = run(script, client_kind, how, names).splitlines()
    assert len(messages) == 24
    phase = "total limit; looking up the host name host-"
    assert [message for message in messages if phase not in message] == []
    assert len(names.lookups) == 16


def test_a_thread_that_cannot_be_started_is_a_retryable_error(
    client_kind: ClientKind, how: str, names: NameLookup, server: RawServer, tmp_path: Path
) -> None:
    script = """
from pathlib import Path

port, file = calls.arguments[0], Path(os.environ["NO_THREADS"])
assert calls.ask(calls.client(f"http://127.0.0.1:{port}")) == [2]
client = calls.client(f"http://localhost:{port}", max_retries=1)
file.touch()
[error] = calls.ask(client)
assert type(error) is wxaudit.TransportError and error.retryable and error.attempts == 0, error
assert "no thread could be started" in str(error) and "2 attempts)" in str(error), error
file.unlink()
assert calls.ask(client) == [2]
"""
    names.answer("localhost", "127.0.0.1")
    variables = {
        "LD_PRELOAD": f"{names.environment['LD_PRELOAD']} {preload.build('no_threads.c', tmp_path)}",
        "NO_THREADS": str(tmp_path / "no-threads"),
    }
    run(script, client_kind, how, names, server.port, **variables)
    assert len(names.lookups) == 1


def test_a_proxy_is_looked_up_and_named(client_kind: ClientKind, how: str, names: NameLookup) -> None:
    script = """
proxy = "http://user:a-password@proxy.example:3128"
client = calls.client("https://api.weixin.qq.com", proxy=proxy, timeout=0.5)
[error] = calls.ask(client)
assert "total limit; looking up the host name of the proxy proxy.example)" in str(error), error
assert "a-password" not in repr(error)
"""
    names.answer("proxy.example", HANGS)
    run(script, client_kind, how, names)
    assert [name for name, _ in names.lookups] == ["proxy.example"]


def test_a_name_server_that_recovers_answers_the_call_that_waits(
    client_kind: ClientKind, how: str, names: NameLookup, tmp_path: Path
) -> None:
    """The lookup goes on beyond the limit of an attempt, and the next attempt waits for the same answer."""
    script = """
client = calls.client(
    f"https://api.weixin.qq.com:{calls.arguments[0]}",
    ca_file=calls.arguments[1], timeout=wxaudit.Timeout(total=15, connect=1),
)
assert calls.ask(client) == [2]
"""
    names.answer(WECHAT, "+1.5", "127.0.0.1")
    wechat = WeChat(tmp_path)
    with wechat.server:
        run(script, client_kind, how, names, wechat.server.port, wechat.ca_file)
    assert [name for name, _ in names.lookups] == [WECHAT]
