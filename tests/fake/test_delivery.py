"""Faults that delay, split, cut or repeat an answer, and connections that the fake closes."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.plain_http import ask, connect, exchange, open_socket, read_all, read_until, request_bytes, send
from wxaudit.testing import FakeWeChat, Fault
from wxaudit.testing._delivery import deliver
from wxaudit.testing._wire import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDITID = 1234567
WHOLE = b'{"errcode":0,"errmsg":"ok","status":2}'


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        fake.submit(auditid=AUDITID)
        yield fake


def test_a_delay_precedes_the_answer(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(delay=0.2))
    begun = time.monotonic()
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert time.monotonic() - begun >= 0.2
    request = fake.requests[-1]
    assert request.answered_at is not None
    assert request.answered_at - request.received_at >= 0.19


def test_a_held_request_waits_until_it_is_released(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True), times=2)
    with open_socket(fake) as first, open_socket(fake) as second:
        for connection in (first, second):
            connection.sendall(request_bytes(fake.token(), AUDITID))
        fake.wait_for_held(2)
        assert [request.answered_at for request in fake.requests] == [None, None]
        fake.audit(AUDITID).approve()
        assert fake.release() == 2
        assert fake.held == 0
        for connection in (first, second):
            assert read_until(connection, b"}").endswith(b'"status":0}'), "answered as things are now"
    assert fake.release() == 0


def test_later_requests_on_the_connection_of_a_held_request_wait(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True, errcode=-1))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID) * 3)
        fake.wait_for_held(1)
        assert fake.requests_received == 1
        fake.release()
        received = read_until(connection, b"}", 3)
    assert [int(number) for number in re.findall(rb'"errcode":(-?\d+)', received)] == [-1, 0, 0]


def test_a_held_request_ends_when_the_client_disconnects(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True))
    connection = open_socket(fake)
    connection.sendall(request_bytes(fake.token(), AUDITID))
    fake.wait_for_held(1)
    connection.close()
    (closed,) = fake.wait_for_connections_closed(1)
    assert closed.closed_by == "client"
    assert closed.unanswered is fake.requests[0]
    assert fake.requests[0].dropped
    assert fake.requests[0].answered_at is None
    assert fake.audit(AUDITID).polls == 0
    assert fake.release() == 0


def test_a_connection_can_be_cut_before_the_first_byte(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="head"))
    assert exchange(fake, AUDITID) == b""


def test_a_connection_can_be_cut_within_the_head(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="head", cut_at=20))
    assert exchange(fake, AUDITID) == b"HTTP/1.1 200 OK\r\nCon"


@pytest.mark.parametrize("cut_at", [0, 1, 20, len(WHOLE) - 1])
def test_a_connection_can_be_cut_at_any_byte_of_the_body(fake: FakeWeChat, cut_at: int) -> None:
    fake.fail_next(Fault(cut="body", cut_at=cut_at))
    head, _, body = exchange(fake, AUDITID).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(WHOLE)}".encode() in head
    assert body == WHOLE[:cut_at]


def test_a_connection_can_be_closed_after_an_answer_without_announcement(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="end"))
    received = exchange(fake, AUDITID)
    assert b"Connection: keep-alive" in received
    assert received.endswith(WHOLE)
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("server", None)


def test_a_connection_can_be_closed_with_announcement(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(headers={"Connection": "close"}))
    assert b"Connection: close" in exchange(fake, AUDITID)


@pytest.mark.parametrize("cut", ["head", "body", "end"])
def test_a_cut_can_use_a_reset(fake: FakeWeChat, cut: Any) -> None:
    fake.fail_next(Fault(cut=cut, reset=True))
    with pytest.raises(ConnectionResetError):
        exchange(fake, AUDITID)
    (closed,) = fake.wait_for_connections_closed(1)
    assert closed.closed_by == "server"


def test_a_connection_can_be_reset_as_soon_as_it_is_accepted(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="accept", reset=True))
    # The reset may arrive during connect or during recv.
    with pytest.raises(ConnectionResetError), open_socket(fake) as connection:
        read_all(connection)
    assert fake.wait_for_connections_closed(1)[0].closed_by == "server"


def test_connections_can_be_closed_as_soon_as_they_are_accepted(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="accept"), times=2)
    for _ in range(2):
        with open_socket(fake) as connection:
            assert read_all(connection) == b""
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert fake.requests_received == 1


def test_an_answer_can_be_sent_slowly(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(drip=100, drip_interval=0.05))
    begun = time.monotonic()
    assert ask(fake, fake.token(), AUDITID).body == WHOLE
    assert time.monotonic() - begun >= 0.05


def test_an_answer_can_be_sent_byte_by_byte(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(drip=1))
    assert ask(fake, fake.token(), AUDITID).body == WHOLE


@pytest.mark.parametrize(("drip", "pieces"), [(1, [b"a", b"b", b"c", b"d", b"e"]), (2, [b"ab", b"cd", b"e"])])
def test_each_part_of_a_drip_is_written_separately(drip: int, pieces: list[bytes]) -> None:
    # A reader may receive several parts at once, so this checks the writes.
    written: list[bytes] = []

    async def drained() -> None:
        written.append(b"drained")

    end = asyncio.run(deliver(Reply(b"abc", b"de", close=False), Fault(drip=drip), written.append, drained))
    assert not end
    assert written[::2] == pieces
    assert set(written[1::2]) == {b"drained"}


def test_an_answer_can_be_chunked(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(chunk=7))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        head, _, body = read_until(connection, b"0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert body.startswith(b'7\r\n{"errco\r\n')
    fake.fail_next(Fault(chunk=7))
    assert ask(fake, fake.token(), AUDITID).body == WHOLE


def test_a_chunked_answer_can_be_cut(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(chunk=7, cut="body", cut_at=15))
    with pytest.raises(http.client.IncompleteRead):
        ask(fake, fake.token(), AUDITID)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "1000000000000"}], ids=["chunked", "sized"])
def test_an_endless_body_ends_when_the_client_disconnects(fake: FakeWeChat, headers: dict[str, str]) -> None:
    fake.fail_next(Fault(body=b"x" * 10_000, endless=True, headers=headers))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        received = 0
        while received < 3_000_000:
            received += len(connection.recv(65536))
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("client", fake.requests[0])


def test_refused_connections_are_refused_until_they_are_accepted_again(fake: FakeWeChat) -> None:
    port = fake.port
    open_one = connect(fake)
    assert send(open_one, fake.token(), {"auditid": AUDITID}).errcode == 0
    accepting = [fake.accepting_connections]
    fake.refuse_connections()
    accepting.append(fake.accepting_connections)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert send(open_one, fake.token(), {"auditid": AUDITID}).errcode == 0, "the open one goes on"
    open_one.close()
    fake.accept_connections()
    fake.accept_connections()
    accepting.append(fake.accepting_connections)
    assert accepting == [True, False, True]
    assert fake.port == port
    assert ask(fake, fake.token(), AUDITID).errcode == 0


@pytest.mark.parametrize("reset", [False, True])
def test_idle_connections_can_be_closed(fake: FakeWeChat, reset: bool) -> None:
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        read_until(connection, b"}")
        fake.close_connections(reset=reset)
        if reset:
            with pytest.raises(ConnectionResetError):
                read_all(connection)
        else:
            assert read_all(connection) == b""
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.requests, closed.unanswered) == ("server", 1, None)


def test_a_request_that_the_server_drops_does_not_count_as_dropped_by_the_client(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        fake.wait_for_held(1)
        fake.close_connections()
        assert read_all(connection) == b""
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("server", fake.requests[0])
    assert not fake.requests[0].dropped
