"""What goes wrong before there is a connection."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.name_lookup import NameLookup
from support.servers.dead_port import DeadPort
from support.servers.raw_server import Connection, RawServer, Script
from support.subprocess_runner import run_child
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind


def test_a_server_that_refuses_connections_is_tried_three_times(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.refuse_connections()
    error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
    place = fake.base_url.removeprefix("http://")
    known = f"(audit {error.auditid}, 3 attempts)"
    assert str(error) == f"cannot connect to {place}: connection refused {known}. {error.hint}"
    assert error.retryable
    fake.accept_connections()
    harness.goes_on()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_connections_that_end_as_soon_as_they_are_accepted(
    client_kind: ClientKind, fake: FakeWeChat, reset: bool
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(cut="accept", reset=reset), times=3)
    # A reset may come before or after the request is sent.
    sent = range(4) if reset else 3
    assert harness.fails(wxaudit.TransportError, attempts=3, sent=sent, requests=0).retryable
    assert fake.connections_accepted == 3
    harness.goes_on()


def test_a_server_that_comes_back_during_the_call_is_not_an_error(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(cut="accept"), times=2)
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.connections_accepted == 3


def test_a_port_that_never_answers_costs_three_connect_limits(client_kind: ClientKind) -> None:
    with closing(DeadPort(socket.AF_INET, "127.0.0.1")) as dead, RawServer(Script()) as server:
        harness = CallHarness(client_kind, server, base_url=f"http://127.0.0.1:{dead.port}", connect=0.15)
        error = harness.fails(wxaudit.RequestTimeout, attempts=3, sent=0, requests=0)
    assert f"connect limit; connecting to 127.0.0.1:{dead.port}) for audit" in str(error)
    assert error.retryable
    assert harness.took >= 0.45
    with RawServer(Script(), port=dead.port):
        assert harness.ask().status == wxaudit.AuditState.IN_REVIEW


def test_without_a_connect_limit_the_deadline_ends_it(client_kind: ClientKind) -> None:
    with closing(DeadPort(socket.AF_INET, "127.0.0.1")) as dead, RawServer(Script()) as server:
        harness = CallHarness(client_kind, server, base_url=f"http://127.0.0.1:{dead.port}", total=0.3)
        error = harness.fails(wxaudit.RequestTimeout, attempts=1, sent=0, requests=0)
    assert f"total limit; connecting to 127.0.0.1:{dead.port})" in str(error)


def test_the_deadline_names_the_server_that_is_waited_for(client_kind: ClientKind) -> None:
    with RawServer(Connection.wait_for_end) as server:
        harness = CallHarness(client_kind, server, total=0.3)
        error = harness.fails(wxaudit.RequestTimeout, attempts=1, requests=0)
        assert f"total limit; waiting for the answer from 127.0.0.1:{server.port})" in str(error)


def test_no_route_to_the_host(client_kind: ClientKind, fake: FakeWeChat) -> None:
    # The kernel itself refuses to connect to the broadcast address: nothing leaves the machine.
    harness = CallHarness(client_kind, fake, base_url="https://255.255.255.255", trust_env=False)
    error = harness.fails(wxaudit.TransportError, attempts=3, sent=0, requests=0)
    assert "unreachable" in str(error)
    assert error.retryable


@pytest.fixture
def names(tmp_path: Path) -> NameLookup:
    return NameLookup(tmp_path)


CHILD = """
import sys, wxaudit
from pathlib import Path
from stopwatch import Stopwatch
from support.client_kind import ClientKind

client_kind = ClientKind(sys.argv[1])
base_url, names = sys.argv[2], Path(sys.argv[3])
client = client_kind.client(base_url, timeout=wxaudit.Timeout(total=5, connect=None), trust_env=False)

def ask(**options):
    stopwatch = Stopwatch()
    try:
        return client.get_audit_status("a-token-of-nobody", 1, **options).status
    except wxaudit.WxAuditError as error:
        assert "a-token-of-nobody" not in repr(error)
        return error
    finally:
        global took
        took = stopwatch.seconds()
"""


def run_with_names(names: NameLookup, script: str, *arguments: object) -> str:
    file = names.environment["NAME_LOOKUP"]
    return run_child(CHILD + script, *arguments[:2], file, *arguments[2:], environment=names.environment)


def test_a_name_that_is_not_found_is_looked_up_three_times(
    client_kind: ClientKind, names: NameLookup
) -> None:
    script = """
error = ask()
assert type(error) is wxaudit.TransportError, error
assert error.attempts == 0 and error.retryable
said = "cannot look up the host name localhost: name or service not known (audit 1, 3 attempts)"
assert said in str(error), error
names.write_text("localhost 127.0.0.1")
assert ask() == 2
"""
    names.answer("somewhere.else", "127.0.0.1")
    with RawServer(Script()) as server:
        run_with_names(names, script, client_kind.kind, f"http://localhost:{server.port}")
        assert server.requests_received == 1


def test_a_name_server_that_hangs_cannot_hold_a_call(client_kind: ClientKind, names: NameLookup) -> None:
    script = """
error = ask(timeout=0.3)
assert type(error) is wxaudit.RequestTimeout and error.attempts == 0, error
assert "total limit; looking up the host name localhost)" in str(error), error
assert took <= 0.35, took
error = ask(timeout=wxaudit.Timeout(total=5, connect=0.1))
assert type(error) is wxaudit.RequestTimeout and error.attempts == 0, error
assert "connect limit; looking up the host name localhost) for audit 1, after 3 attempts" in str(error), error
names.write_text("localhost 127.0.0.1")
assert ask() == 2
"""
    names.answer("localhost", "+1", "127.0.0.1")
    with RawServer(Script()) as server:
        run_with_names(names, script, client_kind.kind, f"http://localhost:{server.port}")
        assert server.requests_received == 1


def test_a_dead_ipv6_address_does_not_hide_the_ipv4_one(client_kind: ClientKind, names: NameLookup) -> None:
    script = """
assert ask() == 2
assert took <= 1, took
print(f"{took:.2f} s")
"""
    names.answer("localhost", "::1", "127.0.0.1")
    with RawServer(Script()) as server, ExitStack() as closed_at_the_end:
        # Where the machine has no IPv6 at all, that address is dead without help.
        with suppress(OSError):
            closed_at_the_end.enter_context(closing(DeadPort(socket.AF_INET6, "::1", server.port)))
        took = run_with_names(names, script, client_kind.kind, f"http://localhost:{server.port}")
        print(f"\n{client_kind.kind}: an answer over IPv4 beside a dead IPv6 address after {took}")
        assert server.requests_received == 1


def test_out_of_descriptors(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """At the first call, which starts the threads, and at new clients', for a connection or a name."""
    script = """
import os, resource

def exhausted():
    spare = os.open(os.devnull, os.O_RDONLY)
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, before[1]))
    try:
        return ask()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

token, auditid = sys.argv[4], int(sys.argv[5])
before = resource.getrlimit(resource.RLIMIT_NOFILE)
error = exhausted()
assert isinstance(error, wxaudit.TransportError), error
assert "descriptors" in str(error) or "open files" in str(error), error
assert client.get_audit_status(token, auditid).status == 2
# Neither the name server nor the host is to blame: no other host is tried in its place.
others = []
for url in (base_url, base_url.replace("127.0.0.1", "localhost")):
    others.append(client)
    client = client_kind.client(url, fallback_urls=["http://127.0.0.1:1"], max_retries=0, trust_env=False)
    error = exhausted()
    assert isinstance(error, wxaudit.TransportError) and error.retryable, error
    assert "open files" in str(error) and "Free threads, descriptors or memory" in str(error), error
    assert client.get_audit_status(token, auditid).status == 2
"""
    run_child(CHILD + script, client_kind.kind, fake.base_url, "-", fake.token(), fake.submit().auditid)
    assert fake.requests_received == 3
