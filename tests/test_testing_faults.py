"""What the fake can do to an answer."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from plain_http import ask, connect, open_socket, read_all, read_until, request_bytes, send
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


def exchange(fake: FakeWeChat) -> bytes:
    """All bytes of the answer to one poll on a fresh connection, which the fake is expected to end."""
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        return read_all(connection)


def test_an_error_strikes_the_next_requests_and_then_is_gone(fake: FakeWeChat) -> None:
    scripted = fake.fail_next(Fault(errcode=-1), times=2)
    answers = [ask(fake, fake.token(), AUDITID) for _ in range(3)]
    assert [answer.errcode for answer in answers] == [-1, -1, 0]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[0].json["errmsg"].startswith("system error rid: ")
    assert (scripted.used, scripted.remaining) == (2, 0)
    assert fake.pending_faults == []
    assert [request.errcode for request in fake.requests] == [-1, -1, 0]
    assert [request.fault for request in fake.requests] == [scripted.fault, scripted.fault, None]


def test_an_error_may_have_its_own_text_and_a_string_for_a_code(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode="61003", errmsg="\x1b[31m<script>%s"))
    assert ask(fake, fake.token(), AUDITID).json == {"errcode": "61003", "errmsg": "\x1b[31m<script>%s"}


def test_faults_wait_in_the_order_in_which_they_were_given(fake: FakeWeChat) -> None:
    for errcode in (45009, 45011, 48001):
        fake.fail_next(Fault(errcode=errcode))
    assert [ask(fake, fake.token(), AUDITID).errcode for _ in range(4)] == [45009, 45011, 48001, 0]


def test_a_fault_without_a_limit_lasts_until_it_is_cancelled(fake: FakeWeChat) -> None:
    scripted = fake.fail_next(Fault(errcode=50002), times=None)
    assert [ask(fake, fake.token(), AUDITID).errcode for _ in range(5)] == [50002] * 5
    assert scripted.remaining is None
    scripted.cancel()
    assert ask(fake, fake.token(), AUDITID).errcode == 0


def test_faults_that_wait_can_be_forgotten(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=-1), times=None)
    fake.fail_next(Fault(cut="accept"))
    fake.clear_faults()
    assert ask(fake, fake.token(), AUDITID).errcode == 0


def test_a_fault_may_be_for_one_audit(fake: FakeWeChat) -> None:
    other = fake.submit()
    fake.fail_next(Fault(errcode=-1), times=None, auditid=other.auditid)
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert ask(fake, fake.token(), str(other.auditid)).errcode == -1


def test_a_fault_may_be_for_one_mini_program(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=-1), times=None, appid="wx00000000000000aa")
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert ask(fake, fake.token("wx00000000000000aa"), AUDITID).errcode == -1


def test_a_fault_may_be_for_reused_connections_only(fake: FakeWeChat) -> None:
    token = fake.token()
    fake.fail_next(Fault(cut="head"), times=None, reused=True)
    connection = connect(fake)
    assert send(connection, token, {"auditid": AUDITID}).errcode == 0
    with pytest.raises(http.client.RemoteDisconnected):
        send(connection, token, {"auditid": AUDITID})
    connection.close()
    fake.clear_faults()
    fake.fail_next(Fault(errcode=-1), times=None, reused=False)
    connection = connect(fake)
    assert [send(connection, token, {"auditid": AUDITID}).errcode for _ in range(3)] == [-1, 0, 0]
    connection.close()


def test_fields_of_the_genuine_answer_can_be_changed_and_left_out(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(fields={"errcode": "0", "status": None, "新": [1]}, without={"errmsg"}))
    assert ask(fake, fake.token(), AUDITID).json == {"errcode": "0", "status": None, "新": [1]}
    assert fake.audit(AUDITID).polls == 1


def test_a_lone_surrogate_is_sent_as_an_escape(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(fields={"reason": "a\ud800/b"}))
    assert b'"a\\ud800\\/b"' in ask(fake, fake.token(), AUDITID).body


def test_the_genuine_answer_can_come_with_another_status(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(http_status=503, headers={"Retry-After": "1", "Content-Type": None}))
    answer = ask(fake, fake.token(), AUDITID)
    assert (answer.status, answer.body) == (503, WHOLE)
    assert answer.headers["retry-after"] == "1"
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf{}", "帐号".encode(), b"x" * 300_000], ids=len)
def test_any_bytes_can_be_the_body(fake: FakeWeChat, body: bytes) -> None:
    fake.fail_next(Fault(body=body))
    answer = ask(fake, fake.token(), AUDITID)
    assert (answer.status, answer.body) == (200, body)
    assert fake.audit(AUDITID).polls == 0


def test_the_body_may_be_text(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(body="This ip is no longer use. 请"))
    assert ask(fake, fake.token(), AUDITID).body.decode() == "This ip is no longer use. 请"


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_error_is_a_page(fake: FakeWeChat, status: int) -> None:
    fake.fail_next(Fault.http(status))
    answer = ask(fake, fake.token(), AUDITID)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html"
    assert f"<h1>{status} ".encode() in answer.body


def test_412_has_no_body_and_no_type(fake: FakeWeChat) -> None:
    fake.fail_next(Fault.http(412))
    answer = ask(fake, fake.token(), AUDITID)
    assert (answer.status, answer.body) == (412, b"")
    assert "content-type" not in answer.headers


def test_an_http_error_may_have_its_own_body_and_headers(fake: FakeWeChat) -> None:
    fake.fail_next(Fault.http(429, b"slow down", {"Retry-After": "7"}))
    answer = ask(fake, fake.token(), AUDITID)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b"slow down", "7")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_names_its_target(fake: FakeWeChat, status: int) -> None:
    fake.fail_next(Fault.redirect("http://127.0.0.1:9/elsewhere", status))
    answer = ask(fake, fake.token(), AUDITID)
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers["location"] == "http://127.0.0.1:9/elsewhere"


@pytest.mark.parametrize("status", [0, 99, 599, 1000])
def test_a_status_may_be_none_that_exists(fake: FakeWeChat, status: int) -> None:
    fake.fail_next(Fault(http_status=status, cut="end"))
    assert exchange(fake).startswith(f"HTTP/1.1 {status} ".encode())


def test_raw_bytes_are_all_that_is_sent(fake: FakeWeChat) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
    fake.fail_next(Fault(raw=raw, cut="end"))
    assert exchange(fake) == raw
    request = fake.requests[-1]
    assert (request.http_status, request.errcode) == (None, None)
    assert request.answered_at is not None


def test_the_connection_goes_on_behind_raw_bytes(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    connection = connect(fake)
    assert send(connection, fake.token(), {"auditid": AUDITID}).body == b"{}"
    assert send(connection, fake.token(), {"auditid": AUDITID}).body == WHOLE
    connection.close()


def test_garbage_is_no_http(fake: FakeWeChat) -> None:
    fake.fail_next(Fault.garbage())
    with pytest.raises(http.client.BadStatusLine):
        ask(fake, fake.token(), AUDITID)


def test_a_delay_comes_before_the_answer(fake: FakeWeChat) -> None:
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


def test_what_comes_behind_a_held_request_waits_too(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True, errcode=-1))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID) * 3)
        fake.wait_for_held(1)
        assert fake.requests_received == 1
        fake.release()
        received = read_until(connection, b"}", 3)
    assert [int(number) for number in re.findall(rb'"errcode":(-?\d+)', received)] == [-1, 0, 0]


def test_a_held_request_ends_when_the_client_goes_away(fake: FakeWeChat) -> None:
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
    assert exchange(fake) == b""


def test_a_connection_can_be_cut_within_the_head(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="head", cut_at=20))
    assert exchange(fake) == b"HTTP/1.1 200 OK\r\nCon"


@pytest.mark.parametrize("cut_at", [0, 1, 20, len(WHOLE) - 1])
def test_a_connection_can_be_cut_at_any_byte_of_the_body(fake: FakeWeChat, cut_at: int) -> None:
    fake.fail_next(Fault(cut="body", cut_at=cut_at))
    head, _, body = exchange(fake).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(WHOLE)}".encode() in head
    assert body == WHOLE[:cut_at]


def test_a_connection_can_end_unannounced_behind_a_whole_answer(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="end"))
    received = exchange(fake)
    assert b"Connection: keep-alive" in received
    assert received.endswith(WHOLE)
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("server", None)


def test_a_connection_can_end_announced(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(headers={"Connection": "close"}))
    assert b"Connection: close" in exchange(fake)


@pytest.mark.parametrize("cut", ["head", "body", "end"])
def test_a_cut_can_be_a_reset(fake: FakeWeChat, cut: Any) -> None:
    fake.fail_next(Fault(cut=cut, reset=True))
    with pytest.raises(ConnectionResetError):
        exchange(fake)
    (closed,) = fake.wait_for_connections_closed(1)
    assert closed.closed_by == "server"


def test_a_connection_can_be_reset_as_soon_as_it_is_accepted(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(cut="accept", reset=True))
    # Reading waits for the reset, where connecting was not struck by it already.
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


def test_an_answer_can_drip(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(drip=100, drip_interval=0.05))
    begun = time.monotonic()
    assert ask(fake, fake.token(), AUDITID).body == WHOLE
    assert time.monotonic() - begun >= 0.05


def test_an_answer_can_come_in_segments_of_one_byte(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(drip=1))
    assert ask(fake, fake.token(), AUDITID).body == WHOLE


@pytest.mark.parametrize(("drip", "pieces"), [(1, [b"a", b"b", b"c", b"d", b"e"]), (2, [b"ab", b"cd", b"e"])])
def test_each_piece_of_a_drip_is_written_by_itself(drip: int, pieces: list[bytes]) -> None:
    # Whoever reads may find several of them at once, so this looks at the writing side.
    written: list[bytes] = []

    async def drained() -> None:
        written.append(b"drained")

    end = asyncio.run(
        deliver(Reply(b"abc", b"de", status=200, close=False), Fault(drip=drip), written.append, drained)
    )
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
def test_an_endless_body_ends_when_the_client_goes_away(fake: FakeWeChat, headers: dict[str, str]) -> None:
    fake.fail_next(Fault(body=b"x" * 10_000, endless=True, headers=headers))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        received = 0
        while received < 3_000_000:
            received += len(connection.recv(65536))
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("client", fake.requests[0])


def test_faults_combine(fake: FakeWeChat) -> None:
    both = Fault.http(503, headers={"A": "1"}) & Fault(delay=0.1, headers={"B": "2"})
    fake.fail_next(both & Fault(drip=50))
    begun = time.monotonic()
    answer = ask(fake, fake.token(), AUDITID)
    assert time.monotonic() - begun >= 0.1
    assert (answer.status, answer.headers["a"], answer.headers["b"]) == (503, "1", "2")


def test_faults_that_differ_do_not_combine() -> None:
    with pytest.raises(ValueError, match="differ in errcode: -1 and 45009"):
        Fault(errcode=-1) & Fault(errcode=45009)
    with pytest.raises(ValueError, match="a fault answers one thing: errcode or body"):
        Fault(errcode=-1) & Fault(body="")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"errcode": 1, "body": b""}, "errcode or body"),
        ({"raw": b"", "fields": {"a": 1}}, "fields or without or raw"),
        ({"errmsg": "x"}, "errmsg goes with errcode"),
        ({"errcode": "many"}, "give an errmsg"),
        ({"raw": b"x", "http_status": 500}, "raw is everything"),
        ({"raw": b"x", "headers": {"A": "1"}}, "raw is everything"),
        ({"raw": b"x", "chunk": 5}, "raw is everything"),
        ({"delay": -1}, "delay must be"),
        ({"delay": float("inf")}, "delay must be"),
        ({"drip": 0}, "drip must be"),
        ({"chunk": 0}, "chunk must be"),
        ({"drip_interval": 1}, "goes with drip"),
        ({"cut": "tail"}, "cut must be"),
        ({"cut_at": 5}, "cut_at goes with"),
        ({"cut": "end", "cut_at": 5}, "cut_at goes with"),
        ({"cut": "head", "cut_at": -5}, "negative"),
        ({"reset": True}, "say where"),
        ({"cut": "accept", "delay": 1}, "nothing but reset"),
        ({"endless": True, "cut": "body"}, "endless"),
    ],
    ids=str,
)
def test_a_fault_that_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"errcode": 0.5},
        {"errcode": True},
        {"errcode": 1, "errmsg": 5},
        {"fields": [1]},
        {"fields": {"a": object()}},
        {"without": 5},
        {"body": 5},
        {"raw": "text"},
        {"http_status": "500"},
        {"headers": "A: 1"},
        {"delay": "1"},
        {"hold": 1},
        {"cut": "head", "cut_at": 1.5},
        {"drip": 1.5},
        {"chunk": True},
    ],
    ids=str,
)
def test_a_fault_of_wrong_types_is_refused_before_it_strikes(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Fault(**arguments)


def test_a_misspelt_fault_is_refused() -> None:
    with pytest.raises(TypeError, match="error_code"):
        Fault(error_code=5)  # type: ignore[call-arg]  # this is what is refused
    with pytest.raises(TypeError, match="not one string"):
        Fault(without="errmsg")


def test_a_fault_says_what_was_given() -> None:
    fake = FakeWeChat()
    scripted = fake.fail_next(Fault(errcode=-1, delay=2), times=3)
    assert repr(scripted) == "<ScriptedFault Fault(errcode=-1, delay=2): 0 used, 3 remaining>"
    assert fake.pending_faults == [scripted]
    assert eval(repr(scripted.fault), {"Fault": Fault}) == scripted.fault  # noqa: S307  # our own repr


def test_a_fault_that_cannot_strike_is_refused() -> None:
    fake = FakeWeChat()
    with pytest.raises(ValueError, match="times must be"):
        fake.fail_next(Fault(errcode=-1), times=0)
    with pytest.raises(ValueError, match="before any request"):
        fake.fail_next(Fault(cut="accept"), auditid=1)


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


def test_a_request_that_the_server_drops_is_not_the_clients_doing(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(hold=True))
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(fake.token(), AUDITID))
        fake.wait_for_held(1)
        fake.close_connections()
        assert read_all(connection) == b""
    (closed,) = fake.wait_for_connections_closed(1)
    assert (closed.closed_by, closed.unanswered) == ("server", fake.requests[0])
    assert not fake.requests[0].dropped
