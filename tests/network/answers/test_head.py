"""Heads of answers that are empty, broken, absurd or endless."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import APPROVED, Connection, RawServer, Reply, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

LENGTH = f"Content-Length: {len(APPROVED)}"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(APPROVED), APPROVED)


def head(*lines: str, status: str = "HTTP/1.1 200 OK", body: bytes = APPROVED) -> bytes:
    return "\r\n".join([status, *lines, "", ""]).encode() + body


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("cut_at", [0, 1, 40], ids=["before the head", "after one byte", "inside"])
def test_a_fresh_connection_that_ends_in_the_head(
    client_kind: ClientKind, fake: FakeWeChat, reset: bool, cut_at: int
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(cut="head", cut_at=cut_at, reset=reset), times=3)
    harness.retried(wxaudit.TransportError)
    assert [request.connection for request in fake.requests] == [1, 2, 3, 4]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_reused_connection_that_ends_without_a_byte_is_not_the_callers_concern(
    client_kind: ClientKind, fake: FakeWeChat, reset: bool
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(cut="head", reset=reset), times=None, reused=True)
    for _ in range(20):
        assert harness.ask(max_retries=0).status == wxaudit.AuditState.IN_REVIEW
    # Of the requests on reused connections each was sent once more.
    answered = [request for request in fake.requests if request.fault is None]
    assert len(answered) == 20
    assert fake.requests_received > 20


def test_what_replaces_a_reused_connection_is_an_attempt_like_any_other(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    harness = CallHarness(client_kind, fake)
    harness.goes_on()
    fake.fail_next(Fault(cut="head"), times=4)
    error = harness.fails(wxaudit.TransportError, attempts=3, requests=4)
    assert error.retryable
    harness.goes_on()


NO_HTTP = {
    "words": b"hello there\r\n\r\n",
    "bytes": bytes(range(255, -1, -1)),
    "HTTP/0.9": APPROVED,
    "HTTP/0.9 by name": head(LENGTH, status="HTTP/0.9 200 OK"),
    "HTTP/2 unasked": b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64\0\4\0\1\0\0\0\5\0\0\x40\0",
    "HTTP/2 by name": head(LENGTH, status="HTTP/2 200 OK"),
    "no status": head(LENGTH, status="HTTP/1.1"),
    "a word for a status": head(LENGTH, status="HTTP/1.1 abc OK"),
    "status 0": head(LENGTH, status="HTTP/1.1 0 OK"),
    "status 000": head(LENGTH, status="HTTP/1.1 000 OK"),
    "status 99": head(LENGTH, status="HTTP/1.1 99 OK"),
    "status 099": head(LENGTH, status="HTTP/1.1 099 OK"),
    "status 1000": head(LENGTH, status="HTTP/1.1 1000 OK"),
    "status -200": head(LENGTH, status="HTTP/1.1 -200 OK"),
    "a header without colon": head(LENGTH, "a header without colon"),
    "a blank in a name": head(LENGTH, "a name: x"),
    "a blank behind a name": head(LENGTH, "name : x"),
    "no name": head(LENGTH, ": x"),
    "a folded line": head(LENGTH, "X: a\r\n b"),
    "NUL in a value": head(LENGTH, "X: a\0b"),
    "5000 headers": head(LENGTH, *(f"X-{number}: x" for number in range(5000))),
    "a header of 500 KiB": head(LENGTH, "X: " + "x" * 512_000),
}


@pytest.mark.parametrize("reply", NO_HTTP.values(), ids=NO_HTTP.keys())
@pytest.mark.parametrize("then", ["close", "stay"])
def test_what_is_not_http_is_not_tried_again(client_kind: ClientKind, reply: bytes, then: str) -> None:
    with RawServer(Script(Reply(reply, "close" if then == "close" else "stay"))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert "no valid HTTP answer" in str(error)
        assert not error.retryable
        assert server.connections_accepted == 2


CONTRADICTIONS = {
    "two lengths": head(LENGTH, "Content-Length: 5"),
    "two lengths in one line": head(f"{LENGTH}, 5"),
    "a negative length": head("Content-Length: -1"),
    "a length with a sign": head(f"Content-Length: +{len(APPROVED)}"),
    "a length in hexadecimal": head(f"Content-Length: 0x{len(APPROVED):x}"),
    "a length with a point": head(f"{LENGTH}.0"),
    "no length behind the colon": head("Content-Length: "),
    "a length beyond 64 bits": head("Content-Length: 99999999999999999999999999"),
    "the greatest length of 64 bits": head("Content-Length: 18446744073709551615"),
    "chunks in HTTP/1.0": head("Transfer-Encoding: chunked", status="HTTP/1.0 200 OK", body=CHUNKED),
    "a length and chunks": head(LENGTH, "Transfer-Encoding: chunked", body=CHUNKED),
    "chunks and a length": head("Transfer-Encoding: chunked", LENGTH, body=CHUNKED),
    "a length, chunks, and neither": head(LENGTH, "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("reply", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_heads_that_contradict_themselves(client_kind: ClientKind, reply: bytes) -> None:
    """Each reading of such an answer is some program's. None is trusted; its connection is not used again."""
    with RawServer(Script(reply)) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert not error.retryable
        assert server.connections_accepted == 2


def test_one_length_said_twice_is_not_a_contradiction(client_kind: ClientKind) -> None:
    with RawServer(Script(head(LENGTH, LENGTH))) as server:
        assert CallHarness(client_kind, server).ask().is_approved


@pytest.mark.parametrize("encoding", ["gzip, chunked", "identity", "xchunked", "chunked, gzip"])
def test_a_transfer_encoding_that_was_not_asked_for(client_kind: ClientKind, encoding: str) -> None:
    with RawServer(Script(Reply(head(f"Transfer-Encoding: {encoding}", body=CHUNKED), "close"))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert not error.retryable


def test_a_head_above_64_kib(client_kind: ClientKind) -> None:
    with RawServer(Script(head(LENGTH, "X: " + "x" * 102_400))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert "head" in str(error)
        assert "is too large" in str(error)
        assert not error.retryable


def test_a_head_of_60_kib_is_taken(client_kind: ClientKind) -> None:
    with RawServer(Script(head(LENGTH, "X: " + "x" * 60_000))) as server:
        assert CallHarness(client_kind, server).ask().is_approved


@pytest.mark.parametrize("times", [1, 50])
@pytest.mark.parametrize("status", ["100 Continue", "103 Early Hints"])
def test_interim_answers_are_passed_over(client_kind: ClientKind, times: int, status: str) -> None:
    interim = f"HTTP/1.1 {status}\r\nX: y\r\n\r\n".encode()
    with RawServer(Script(interim * times + answer(APPROVED))) as server:
        harness = CallHarness(client_kind, server)
        assert harness.ask().is_approved
        harness.goes_on()
        assert server.connections_accepted == 1


def test_interim_answers_that_never_end(client_kind: ClientKind) -> None:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.005)

    with RawServer(behave) as server:
        error = CallHarness(client_kind, server, read=0.2).fails(wxaudit.RequestTimeout, attempts=3)
        assert f"read limit; waiting for the answer from 127.0.0.1:{server.port})" in str(error)


FLOODS = {
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 1000,
    "blank lines": b"\r\n" * 10_000,
    "one header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_before_the_answer_is_cut_off(client_kind: ClientKind, flood: bytes) -> None:
    """The client hangs up: it does not wait for an end that never comes."""
    good = Script()
    hung_up = threading.Event()

    def behave(connection: Connection) -> None:
        if connection.number > 1:
            good(connection)
            return
        connection.read_request()
        try:
            while True:
                connection.send(flood)
                if flood.startswith(b"HTTP/1.1 200"):
                    connection.send(b"x" * 20_000)
        except OSError:
            hung_up.set()

    with RawServer(behave) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert "no valid HTTP answer" in str(error)
        assert not error.retryable
        assert hung_up.wait(10)


def test_headers_that_drip_for_ever(client_kind: ClientKind) -> None:
    good = Script()

    def behave(connection: Connection) -> None:
        if connection.number > 3:
            good(connection)
            return
        connection.read_request()
        connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, 0.02)

    with RawServer(behave) as server:
        error = CallHarness(client_kind, server, read=0.2).retried(wxaudit.RequestTimeout)
        assert "read limit" in str(error)
        assert server.connections_accepted == 4


def test_a_server_that_never_answers(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake, read=0.2)
    fake.fail_next(Fault(hold=True), times=3)
    harness.retried(wxaudit.RequestTimeout)
    assert [request.dropped for request in fake.requests] == [True, True, True, False]


def test_bare_line_feeds_and_blank_lines_before_the_status_are_read(client_kind: ClientKind) -> None:
    for reply in (head(LENGTH).replace(b"\r\n", b"\n"), b"\r\n\r\n" + head(LENGTH)):
        with RawServer(Script(reply)) as server:
            assert CallHarness(client_kind, server).ask().is_approved
