"""Answers that belong to another call: glued behind the right one, late, or with another audit's number."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import AUDITID, CallHarness
from support.servers.raw_server import APPROVED, Connection, RawServer, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind


@pytest.mark.parametrize(
    "behind", [answer(APPROVED), b"garbage", APPROVED, b"\r\n\r\n" + answer(APPROVED), b"H"]
)
def test_what_is_glued_behind_an_answer_is_never_the_next_one(client_kind: ClientKind, behind: bytes) -> None:
    with RawServer(Script(answer() + behind)) as server:
        harness = CallHarness(client_kind, server)
        for _ in range(3):
            harness.goes_on()


def test_a_second_answer_behind_each_answer_is_never_taken(client_kind: ClientKind) -> None:
    """Each answer says which request of the test it belongs to; none may come one call too late."""
    number = 0

    def behave(connection: Connection) -> None:
        nonlocal number
        while connection.read_request() is not None:
            number += 1
            own = b'{"errcode":0,"errmsg":"ok","status":%d}' % number
            connection.send(answer(own) + answer(own))

    with RawServer(behave) as server:
        harness = CallHarness(client_kind, server)
        assert [harness.ask().status for _ in range(50)] == list(range(1, 51))
        assert server.requests_received == 50


def test_an_answer_that_nobody_asked_for_ends_the_connection(client_kind: ClientKind) -> None:
    answered, closed = threading.Event(), threading.Event()
    good = Script()

    def behave(connection: Connection) -> None:
        if connection.number > 1:
            good(connection)
            return
        connection.read_request()
        connection.send(answer())
        answered.wait(5)
        connection.send(answer(APPROVED))
        connection.wait_for_end()
        closed.set()

    with RawServer(behave) as server:
        harness = CallHarness(client_kind, server)
        harness.goes_on()
        answered.set()
        assert closed.wait(5)
        harness.goes_on()
        assert server.connections_accepted == 2


def test_the_late_answer_of_a_call_that_gave_up_reaches_nobody(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    harness = CallHarness(client_kind, fake, total=5, read=0.2)
    fake.fail_next(Fault(hold=True, fields={"status": 0}))
    error = harness.fails(wxaudit.RequestTimeout, attempts=1, max_retries=0)
    assert "read limit" in str(error)
    fake.wait_for_connections_closed(1)
    fake.release()
    harness.goes_on()


@pytest.mark.parametrize("auditid", [str(AUDITID + 1), f'"{AUDITID + 1}"', "0", "-1"])
def test_an_answer_that_names_another_audit_is_refused(client_kind: ClientKind, auditid: str) -> None:
    body = b'{"errcode":0,"errmsg":"ok","status":0,"auditid":%s}' % auditid.encode()
    with RawServer(Script(answer(body))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.DecodeError)
        assert str(AUDITID) in str(error)


@pytest.mark.parametrize("auditid", [str(AUDITID), f'"{AUDITID}"', "null"])
def test_an_answer_that_names_this_audit_is_taken(client_kind: ClientKind, auditid: str) -> None:
    body = b'{"errcode":0,"errmsg":"ok","status":0,"auditid":%s}' % auditid.encode()
    with RawServer(Script(answer(body))) as server:
        assert CallHarness(client_kind, server).ask().is_approved
