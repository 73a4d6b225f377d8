"""Hosts with several addresses, some of them dead: the others are tried as RFC 8305 says."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from support.name_lookup import NameLookup
from support.servers.dead_port import DeadPort
from support.servers.raw_server import RawServer, Reply, Script, answer
from support.subprocess_runner import run_child

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind

# 127.0.0.2 and ::1 answer nothing, 127.0.0.3 refuses, 127.0.0.1 is the server.
ADDRESSES = {
    "a dead A": ["127.0.0.2", "127.0.0.1"],
    "a dead AAAA": ["::1", "127.0.0.1"],
    "a dead AAAA and a dead A": ["::1", "127.0.0.2", "127.0.0.1"],
    "an A that refuses": ["127.0.0.3", "127.0.0.1"],
    "one that refuses, one that is dead": ["127.0.0.3", "::1", "127.0.0.2", "127.0.0.1"],
}

CHILD = """
from support.name_calls import NameCalls

calls = NameCalls()
client = calls.client(f"http://localhost:{calls.arguments[0]}", timeout=10)
assert calls.ask(client) == [2]
first = calls.took
assert calls.ask(client, 99) == [2] * 99
print(first, calls.took, calls.times[-1] if calls.how == "call" else calls.took / 99)
"""


@pytest.mark.parametrize("how", ["call", "batch"])
@pytest.mark.parametrize("addresses", ADDRESSES.values(), ids=ADDRESSES)
def test_dead_addresses_are_passed_over(
    client_kind: ClientKind, how: str, addresses: list[str], tmp_path: Path
) -> None:
    """Once, since the one that answered is tried first from then on."""
    names = NameLookup(tmp_path)
    names.answer("localhost", *addresses)
    script = Script(*[Reply(answer(), then="close")] * 100)
    with RawServer(script) as server, ExitStack() as stack:
        stack.enter_context(closing(DeadPort(socket.AF_INET, "127.0.0.2", server.port)))
        stack.enter_context(closing(DeadPort(socket.AF_INET6, "::1", server.port)))
        files = (names.environment["NAME_LOOKUP"], names.environment["NAME_LOOKUP_LOG"])
        arguments = (client_kind.kind, how, *files, server.port)
        first, others, last = run_child(CHILD, *arguments, environment=names.environment).split()
        # 250 ms for each dead one, where the kernel would try for two minutes.
        assert float(first) < 3
        # One by one, 250 ms for each of them would be 25 seconds.
        assert float(others) < 10
        # Each call needed one; a batch may have opened another beside them.
        assert server.connections_accepted >= 100
    shown = f"{float(first):.3f} s, the hundredth {float(last) * 1000:.1f} ms"
    print(f"\n{client_kind.kind}, {how}, {', '.join(addresses)}: the first call took {shown}")


def test_an_error_names_all_addresses(client_kind: ClientKind, tmp_path: Path) -> None:
    names = NameLookup(tmp_path)
    names.answer("localhost", "127.0.0.3", "127.0.0.2", "::1", "127.0.0.4", "127.0.0.5")
    script = """
from support.name_calls import NameCalls

calls = NameCalls()
[port] = calls.arguments
[error] = calls.ask(calls.client(f"http://localhost:{port}", timeout=2.5, max_retries=0))
print(error)
"""
    with closing(DeadPort(socket.AF_INET, "127.0.0.2")) as dead, ExitStack() as stack:
        stack.enter_context(closing(DeadPort(socket.AF_INET6, "::1", dead.port)))
        files = (names.environment["NAME_LOOKUP"], names.environment["NAME_LOOKUP_LOG"])
        arguments = (client_kind.kind, "call", *files, dead.port)
        message = run_child(script, *arguments, environment=names.environment)
    shown = ", ".join(f"{address}:{dead.port}" for address in ("127.0.0.3", "[::1]", "127.0.0.2"))
    assert f"(total limit; connecting to localhost at {shown}, 127.0.0.4:{dead.port}, 1 more)" in message
