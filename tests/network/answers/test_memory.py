"""No answer, however large or broken, costs memory: neither while it is read nor afterwards."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from support.servers.raw_server import APPROVED, Connection, RawServer, Reply, answer
from support.subprocess_runner import run_child

if TYPE_CHECKING:
    from support.client_kind import ClientKind

SIZED = f"HTTP/1.1 200 OK\r\nContent-Length: {len(APPROVED)}\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = CHUNKED + b"10000\r\n%s\r\n" % (b" " * 65536) * 32

# Each with what it comes to; what comes of a case again and again is always the same.
CASES: list[tuple[str, Reply | bytes]] = [
    ("ok", answer()),
    ("TransportError", Reply(b"", "close")),
    ("TransportError", Reply(b"HTTP/1.1 200 OK\r\nContent-", "reset")),
    ("TransportError", Reply(bytes(range(256)) * 100, "close")),
    ("TransportError", Reply(SIZED.encode() + b"X: " + b"x" * 500_000, "close")),
    ("TransportError", Reply(SIZED.encode() + b"X: y\r\n" * 5000 + b"\r\n", "close")),
    ("TransportError", Reply(SIZED.encode() + b"X: " + b"x" * 100_000 + b"\r\n\r\n" + APPROVED, "close")),
    ("TransportError", Reply(SIZED.encode() + b"\r\n" + APPROVED[:-1], "close")),
    ("TransportError", Reply(CHUNKED + b"10\r\n", "reset")),
    ("TransportError", Reply(CHUNKED + b"zz\r\n", "close")),
    ("TransportError", Reply(SIZED.encode() + b"Content-Length: 5\r\n\r\n" + APPROVED, "close")),
    ("DecodeError", Reply(ENDLESS, "close")),
    ("DecodeError", Reply(answer(b" " * 20_000_000), "close")),
    ("DecodeError", answer(gzip.compress(b" " * 100_000_000), "Content-Encoding: gzip")),
    ("DecodeError", answer(b"[" * 250_000)),
    ("DecodeError", answer(b'{"a":' * 50_000)),
    ("DecodeError", answer(json.dumps({f"{number:x}": 0 for number in range(23_000)}).encode())),
    ("DecodeError", answer(b'{"a":"' + b"\xff" * 250_000 + b'"}')),
    ("DecodeError", answer(b'{"errcode":0,"errmsg":"ok","status":null}')),
    ("DecodeError", answer(b"")),
    ("ok", answer(b'{"errcode":0,"errmsg":"ok","status":1,"reason":"' + b"\xff" * 200_000 + b'"}')),
    ("ok", answer(b'{"errcode":0,"errmsg":"ok","status":1,"reason":"' + b"a-token-of-nob" * 18_000 + b'"}')),
    ("DecodeError", answer(b"<html>" + b"a-token-of-nob" * 18_000)),
    ("ok", answer(b'{"errcode":0,"errmsg":"ok","status":1,"screenshot":"' + b"abc|" * 10_000 + b'"}')),
    (
        "DecodeError",
        answer(b'{"errcode":0,"errmsg":"ok","status":1,"screenshot":"' + b"a|" * 130_000 + b'"}'),
    ),
    ("HTTPStatusError", answer(b"", "Location: /elsewhere", status="302 Found")),
    ("HTTPStatusError", answer(b"x" * 100_000, status="502 Bad Gateway")),
    ("HTTPStatusError", answer(b"", "Retry-After: 1000000000", status="429 Too Many Requests")),
    ("APIError", answer(b'{"errcode":99999,"errmsg":"' + b"x" * 200_000 + b'"}')),
    ("TokenError", answer(b'{"errcode":40001,"errmsg":"invalid credential"}')),
    ("ServerBusyError", answer(b'{"errcode":-1,"errmsg":"system error"}')),
]

ASK = """
import gc, json, sys, wxaudit
from support.client_kind import ClientKind

kind, base_url = sys.argv[1:3]
expected = json.loads(sys.argv[3])
client = ClientKind(kind).client(base_url, max_retries=0, trust_env=False)

def outcome(case):
    try:
        client.get_audit_status("a-token-of-nobody", case)
        return "ok"
    except wxaudit.WxAuditError as error:
        return type(error).__name__

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))

def peak(case):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the high-water mark begins anew
    before = memory("VmRSS")
    assert outcome(case) == expected[case - 1], case
    return memory("VmHWM") - before

# What a process gets once is not growth: its threads, and the modules that errors need.
cases = range(1, len(expected) + 1)
for kind in {*expected}:
    for _ in range(20):
        outcome(expected.index(kind) + 1)
peaks = [peak(case) for case in cases]
gc.collect()
before = memory("VmRSS")
for _ in range(50):
    assert [outcome(case) for case in cases] == expected
gc.collect()
print(json.dumps([peaks, before, memory("VmRSS")]))
"""


def test_every_cheap_case_fifty_times_costs_less_than_5_mb(client_kind: ClientKind) -> None:
    replies = [reply if isinstance(reply, Reply) else Reply(reply) for _, reply in CASES]

    def behave(connection: Connection) -> None:
        while (request := connection.read_request()) is not None:
            reply = replies[json.loads(request.body)["auditid"] - 1]
            connection.send(reply.data)
            if reply.then == "reset":
                connection.reset()
            if reply.then != "keep":
                return

    expected = json.dumps([outcome for outcome, _ in CASES])
    with RawServer(behave) as server:
        peaks, before, after = json.loads(run_child(ASK, client_kind.kind, server.base_url, expected))
    print(
        f"\n{client_kind.kind}: {len(CASES)} cases: one call took at most {max(peaks):.1f} MB; "
        f"{before:.1f} → {after:.1f} MB over 50 rounds of all"
    )
    assert max(peaks) < 5
    assert after - before < 5
