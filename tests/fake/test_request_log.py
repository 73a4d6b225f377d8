"""The log of requests and connections."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from support.plain_http import PATH, ask, connect, open_socket, read_until, request_bytes, send
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDITID = 1234567


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        fake.submit(auditid=AUDITID)
        yield fake


def test_a_request_is_logged_completely(fake: FakeWeChat) -> None:
    token = fake.token(url_safe=False)
    before = time.monotonic()
    ask(fake, token, AUDITID, headers={"X-Two": "1", "User-Agent": "a test"})
    (request,) = fake.requests
    assert (request.number, request.connection) == (1, 1)
    assert (request.method, request.path) == ("POST", PATH)
    assert request.target.startswith(f"{PATH}?access_token=")
    assert dict(request.query) == {"access_token": token}
    assert request.token == token
    assert request.headers["user-agent"] == "a test"
    assert ("X-Two", "1") in request.raw_headers
    assert json.loads(request.body) == request.json == {"auditid": AUDITID}
    assert request.auditid == AUDITID
    assert request.appid == fake.default_appid
    assert (request.http_status, request.errcode, request.fault) == (200, 0, None)
    assert request.answered_at is not None
    assert before <= request.received_at <= request.answered_at <= time.monotonic()
    assert request.clock_at == fake.clock.now()
    assert not request.chunked
    assert not request.dropped
    assert repr(request) == (
        "<ReceivedRequest 1 on connection 1: POST /wxa/get_auditstatus <token of 138 characters>, "
        "audit 1234567: HTTP 200, errcode 0>"
    )


def test_repeated_headers_are_joined(fake: FakeWeChat) -> None:
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID, "A: 1", "a:2"))
        read_until(connection, b"}")
    assert fake.requests[0].headers["a"] == "1, 2"


def test_missing_values_are_none(fake: FakeWeChat) -> None:
    connection = connect(fake)
    send(connection, None, b"no json", path="/?a=1&a=2&b&%61c=%E5%B8%90")
    connection.close()
    (request,) = fake.requests
    assert dict(request.query) == {"a": "1", "ac": "帐"}
    assert [request.token, request.json, request.auditid, request.appid] == [None] * 4
    assert "no token, audit None: HTTP 200, errcode 40066" in repr(request)


def test_a_test_can_wait_for_requests(fake: FakeWeChat) -> None:
    token = fake.token()
    threads = [threading.Thread(target=ask, args=(fake, token, AUDITID)) for _ in range(5)]
    for thread in threads:
        thread.start()
    requests = fake.wait_for_requests(5)
    for thread in threads:
        thread.join()
    assert [request.number for request in requests] == [1, 2, 3, 4, 5]
    assert fake.requests_received == 5


def test_a_timeout_says_what_was_counted(fake: FakeWeChat) -> None:
    ask(fake, fake.token(), AUDITID)
    fake.wait_for_connections_open(0)
    with pytest.raises(TimeoutError, match=r"1 of 2 requests after 0\.01 s"):
        fake.wait_for_requests(2, timeout=0.01)
    with pytest.raises(TimeoutError, match="0 of 1 requests held"):
        fake.wait_for_held(1, timeout=0.01)
    with pytest.raises(TimeoutError, match="0 connections open instead of 1"):
        fake.wait_for_connections_open(1, timeout=0.01)
    with pytest.raises(TimeoutError, match="1 of 2 connections closed"):
        fake.wait_for_connections_closed(2, timeout=0.01)


@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), 1e20])
def test_a_wait_without_an_end_is_refused(fake: FakeWeChat, timeout: float) -> None:
    for wait in (
        fake.wait_for_requests,
        fake.wait_for_held,
        fake.wait_for_connections_open,
        fake.wait_for_connections_closed,
    ):
        with pytest.raises(ValueError, match="timeout must be at most"):
            wait(5, timeout=timeout)
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not NoneType"):
        fake.wait_for_requests(5, timeout=None)  # type: ignore[arg-type]  # invalid on purpose


def test_connections_are_counted(fake: FakeWeChat) -> None:
    connections = [open_socket(fake) for _ in range(3)]
    fake.wait_for_connections_open(3)
    assert fake.connections_accepted == 3
    before = time.monotonic()
    connections[1].close()
    (closed,) = fake.wait_for_connections_closed(1)
    assert fake.connections_open == 2
    assert closed.closed_by == "client"
    assert (closed.requests, closed.unanswered) == (0, None)
    assert closed.opened_at <= before <= closed.closed_at <= time.monotonic()
    assert repr(closed) == f"<ClosedConnection {closed.number}: closed by the client after 0 requests>"
    for connection in connections:
        connection.close()
    fake.wait_for_connections_open(0)


def test_a_request_whose_client_disconnects_is_dropped(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(drip=1, drip_interval=30))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        assert connection.recv(1) == b"H"
    (closed,) = fake.wait_for_connections_closed(1)
    (request,) = fake.requests
    assert closed.unanswered is request
    assert request.answered_at is not None
    assert request.dropped
    assert repr(request).endswith("HTTP 200, errcode 0, dropped>")
    assert repr(closed).endswith("after 1 requests, request 1 unanswered>")


def test_the_log_keeps_the_newest_requests_and_counts_all() -> None:
    with FakeWeChat(log_size=3) as fake:
        for _ in range(5):
            ask(fake, None, 1)
        fake.wait_for_connections_open(0)
        assert [request.number for request in fake.requests] == [3, 4, 5]
        assert [closed.number for closed in fake.closed_connections] == [3, 4, 5]
        assert (fake.requests_received, fake.connections_accepted) == (5, 5)
    with pytest.raises(ValueError, match="log_size"):
        FakeWeChat(log_size=0)


def test_returned_lists_are_copies(fake: FakeWeChat) -> None:
    ask(fake, None, 1)
    fake.requests.clear()
    assert len(fake.requests) == 1


def test_reset_keeps_only_clock_and_connections(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.fail_next(Fault(hold=True), times=None)
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(token, AUDITID))
        fake.wait_for_held(1)
        now = fake.clock.advance(5)
        fake.deauthorize()
        fake.reset()
        assert b'"errcode":40001' in read_until(connection, b"}"), "let go, and the token is unknown by now"
        assert (fake.requests, fake.requests_received, fake.audits, fake.pending_faults) == ([], 0, [], [])
        assert fake.connections_open == 1
        assert fake.clock.now() == now
        audit = fake.submit(auditid=AUDITID)
        connection.sendall(request_bytes(fake.token(), audit.auditid))
        assert b'"errcode":0' in read_until(connection, b"}")
        assert [request.number for request in fake.requests] == [1]
