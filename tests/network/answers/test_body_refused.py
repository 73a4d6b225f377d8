"""Bodies that are refused unread: too large, endless, compressed."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.raw_server import APPROVED, RawServer, Reply, Script, answer
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind


CAP = 256 * 1024


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(10**15)}], ids=["chunked", "announced"])
def test_an_endless_body(client_kind: ClientKind, fake: FakeWeChat, headers: dict[str, str | None]) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=b" " * 4096, endless=True, headers=headers))
    error = harness.once(wxaudit.DecodeError)
    assert "256 KiB" in str(error)
    assert error.excerpt == ""
    assert not error.retryable


def test_a_body_that_is_announced_too_large_is_not_waited_for(client_kind: ClientKind) -> None:
    announced = f"HTTP/1.1 200 OK\r\nContent-Length: {CAP + 1}\r\n\r\n".encode()
    with RawServer(Script(Reply(announced, "stay"))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.DecodeError)
        assert "256 KiB" in str(error)
        assert server.connections_accepted == 2


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_the_cap_is_256_kib(client_kind: ClientKind, fake: FakeWeChat, chunked: bool) -> None:
    harness = CallHarness(client_kind, fake)
    for size, taken in ((CAP, True), (CAP + 1, False)):
        body = APPROVED + b" " * (size - len(APPROVED))
        fake.fail_next(Fault(body=body, chunk=8192 if chunked else None))
        if taken:
            assert harness.ask().is_approved
        else:
            harness.once(wxaudit.DecodeError)


# Compressed

BOMB = gzip.compress(b" " * 50_000_000)


@pytest.mark.parametrize(
    "encoding",
    ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, identity", "identity,gzip", "GZIP"],
)
def test_a_compressed_body_is_refused_unread(client_kind: ClientKind, encoding: str) -> None:
    """The head is all that comes: who waited for the body would wait until the deadline."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 60\r\n\r\n".encode()
    with RawServer(Script(Reply(head, "stay"))) as server:
        error = CallHarness(client_kind, server).once(wxaudit.DecodeError)
        assert "compressed" in str(error)
        assert error.excerpt == ""
        assert server.connections_accepted == 2


def test_a_compressed_bomb_and_a_compressed_answer(client_kind: ClientKind) -> None:
    bodies = (BOMB, gzip.compress(APPROVED), zlib.compress(APPROVED))
    for body in bodies:
        with RawServer(Script(answer(body, "Content-Encoding: gzip"))) as server:
            CallHarness(client_kind, server).once(wxaudit.DecodeError)


def test_compression_that_is_not_announced_is_not_json(client_kind: ClientKind) -> None:
    with RawServer(Script(answer(gzip.compress(APPROVED)))) as server:
        CallHarness(client_kind, server).once(wxaudit.DecodeError)


def test_the_client_asks_for_no_compression(client_kind: ClientKind, fake: FakeWeChat) -> None:
    CallHarness(client_kind, fake).goes_on()
    assert "accept-encoding" not in fake.requests[0].headers


@pytest.mark.parametrize(
    "encoding",
    [
        "identity",
        "Identity",
        " identity ",
        "identity, IDENTITY",
        "UTF-8",
        "utf-8",
        "utf8",
        "",
        ",",
        "UTF-8, identity",
    ],
)
def test_an_encoding_that_compresses_nothing_is_taken(client_kind: ClientKind, encoding: str) -> None:
    with RawServer(Script(answer(APPROVED, f"Content-Encoding: {encoding}"))) as server:
        assert CallHarness(client_kind, server).ask().is_approved


def test_two_encodings_that_compress_nothing_are_taken(client_kind: ClientKind) -> None:
    with RawServer(
        Script(answer(APPROVED, "Content-Encoding: identity", "Content-Encoding: UTF-8"))
    ) as server:
        assert CallHarness(client_kind, server).ask().is_approved
