"""Bodies that are cut, stalled, slow, or in broken chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import APPROVED, Connection, RawServer, Reply, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("cut_at", [0, 1, 20, -1])
def test_a_body_that_is_cut(client_kind: ClientKind, reset: bool, cut_at: int) -> None:
    whole = answer(APPROVED)
    part = whole[: len(whole) - len(APPROVED) + cut_at % len(APPROVED)]
    replies = [Reply(part, "reset" if reset else "close")] * 3
    with RawServer(Script(*replies)) as server:
        harness = CallHarness(client_kind, server)
        error = harness.retried(wxaudit.TransportError)
        assert f"cannot read the answer from 127.0.0.1:{server.port}: " in str(error)
        assert server.connections_accepted == 4


@pytest.mark.parametrize("cut_at", [0, 10, 40])
def test_a_chunked_body_that_is_cut(client_kind: ClientKind, fake: FakeWeChat, cut_at: int) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(chunk=16, cut="body", cut_at=cut_at), times=3)
    harness.retried(wxaudit.TransportError)


def test_a_chunked_body_without_its_last_chunk_is_cut(client_kind: ClientKind) -> None:
    body = b"%x\r\n%s\r\n" % (len(APPROVED), APPROVED)
    part = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    with RawServer(Script(*[Reply(part, "close")] * 3)) as server:
        CallHarness(client_kind, server).retried(wxaudit.TransportError)


@pytest.mark.parametrize("part", [0, 20, -1], ids=["before", "in the middle", "before the last byte"])
def test_a_body_that_stalls(client_kind: ClientKind, part: int) -> None:
    whole = answer(APPROVED)
    stalled = Reply(whole[: len(whole) - len(APPROVED) + part % len(APPROVED)], "stay")
    with RawServer(Script(stalled, stalled, stalled)) as server:
        error = CallHarness(client_kind, server, read=0.2).retried(wxaudit.RequestTimeout)
        assert "read limit" in str(error)
        assert server.connections_accepted == 4


def test_one_byte_every_half_second_lasts_no_longer_than_the_deadline(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    total = 1.7
    harness = CallHarness(client_kind, fake, total=total)
    fake.fail_next(Fault(drip=1, drip_interval=0.5))
    error = harness.fails(wxaudit.RequestTimeout, attempts=1)
    assert "total limit" in str(error)
    assert harness.took >= total
    print(f"\n{client_kind.kind}: a dripping answer ended {harness.late * 1000:.1f} ms after its deadline")
    assert harness.late <= 0.05
    harness.goes_on()


def test_a_dripping_body_is_ended_by_the_deadline_and_not_by_the_read_limit(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    """The read limit begins anew with each piece: only the total bounds a server that keeps sending."""
    harness = CallHarness(client_kind, fake, total=0.8, read=0.3)
    head_in_one_piece = Fault(endless=True, drip=1, drip_interval=0.05)
    fake.fail_next(head_in_one_piece)
    error = harness.fails(wxaudit.RequestTimeout, attempts=1)
    assert "total limit" in str(error)


def test_an_answer_in_one_byte_segments(client_kind: ClientKind) -> None:
    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.drip(answer(APPROVED), 0.001)

    with RawServer(behave) as server:
        harness = CallHarness(client_kind, server)
        assert harness.ask().is_approved
        assert harness.ask().is_approved
        assert server.connections_accepted == 1


def test_an_answer_in_one_byte_chunks(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(chunk=1))
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW


def test_an_answer_that_ends_with_its_connection(client_kind: ClientKind) -> None:
    with RawServer(Script(Reply(b"HTTP/1.1 200 OK\r\n\r\n" + APPROVED, "close"))) as server:
        harness = CallHarness(client_kind, server)
        assert harness.ask().is_approved
        harness.goes_on()


CHUNKS = {
    "no number": b"zz\r\n%s\r\n0\r\n\r\n" % APPROVED,
    "a negative number": b"-5\r\n%s\r\n0\r\n\r\n" % APPROVED,
    "a number beyond 64 bits": b"f" * 17 + b"\r\n%s\r\n0\r\n\r\n" % APPROVED,
    "something behind a chunk": b"%x\r\n%sXX0\r\n\r\n" % (len(APPROVED), APPROVED),
}


@pytest.mark.parametrize("body", CHUNKS.values(), ids=CHUNKS.keys())
def test_chunks_that_are_none(client_kind: ClientKind, body: bytes) -> None:
    with RawServer(Script(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)) as server:
        error = CallHarness(client_kind, server).once(wxaudit.TransportError)
        assert not error.retryable
        assert server.connections_accepted == 2


def test_chunk_extensions_and_trailers_are_passed_over(client_kind: ClientKind) -> None:
    body = b"%x;name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(APPROVED), APPROVED)
    with RawServer(Script(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)) as server:
        assert CallHarness(client_kind, server).ask().is_approved
