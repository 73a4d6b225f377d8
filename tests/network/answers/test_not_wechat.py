"""Answers that are not WeChat's: of a retired address, or of something in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import Connection, RawServer, Script, answer

if TYPE_CHECKING:
    from support.client_kind import ClientKind

RETIRED = b"This ip is no longer use. Please change your DNS server and visit it again."
NOT_WECHAT = {
    "a retired address": answer(b'{"errcode":48017,"errmsg":"%s"}' % RETIRED),
    "the text of a retired address": answer(RETIRED),
    "a portal's page": answer(b"<html>Please sign in</html>"),
    "a redirect": answer(b"", "Location: http://portal.example/", status="302 Found"),
    "nothing there": answer(b"<html>404</html>", status="404 Not Found"),
}


@pytest.mark.parametrize("reply", NOT_WECHAT.values(), ids=NOT_WECHAT.keys())
def test_a_connection_that_did_not_lead_to_wechat_is_not_used_again(
    client_kind: ClientKind, reply: bytes
) -> None:
    with RawServer(Script(answer(), reply)) as server:
        harness = CallHarness(client_kind, server)
        harness.goes_on()
        harness.once(wxaudit.WxAuditError, exactly=False)
        assert [request.connection for request in server.requests] == [1, 1, 2]


@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests"])
def test_a_busy_server_keeps_its_connection(client_kind: ClientKind, status: str) -> None:
    with RawServer(Script(answer(b"", status=status))) as server:
        CallHarness(client_kind, server).ask()
        assert [request.connection for request in server.requests] == [1, 1]


def test_idle_connections_to_the_same_host_are_not_used_again_either(client_kind: ClientKind) -> None:
    both_asked = threading.Barrier(2, timeout=10)

    def behave(connection: Connection) -> None:
        replies = [answer(), NOT_WECHAT["the text of a retired address"]]
        while connection.read_request() is not None:
            if connection.number <= 2 and len(replies) == 2:
                # Two calls at once, so that there are two connections.
                both_asked.wait()
            connection.send(replies.pop(0) if connection.number <= 2 else answer())

    with RawServer(behave) as server:
        harness = CallHarness(client_kind, server)
        batch = harness.caller.get_audit_statuses([(harness.token, 1), (harness.token, 2)])
        batch.raise_for_errors()
        with pytest.raises(wxaudit.DecodeError):
            harness.ask()
        harness.goes_on()
        assert server.requests[-1].connection == server.connections_accepted == 3
