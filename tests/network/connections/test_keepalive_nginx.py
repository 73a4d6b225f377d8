"""The server's idle cut: a reused connection that dies before the answer begins is replaced, silently."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from support.plain_http import connect, send
from support.servers.nginx_server import Nginx
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

AUDITID = 1234567
TOKEN = "a token that nginx does not look at"

# Each request meets another keepalive: one that stays, one cut after a few requests (which nginx announces),
# one cut after a millisecond of idling (which it does not), and one on which every request but the first is
# met by the end of the connection instead of an answer.
ANSWERS = """
    default_type text/plain;
    split_clients $request_id $manner {
        40%     stays;
        20%     cut_after_some_requests;
        20%     cut_soon;
        *       cut_now;
    }
    server {
        listen 127.0.0.1:{port};
        lingering_close off;
        location = /wxa/get_auditstatus { rewrite ^ /$manner last; }
        location /stays { internal; return 200 $answer; }
        location /cut_after_some_requests { internal; keepalive_requests 3; return 200 $answer; }
        location /cut_soon { internal; keepalive_timeout 1ms; return 200 $answer; }
        location /cut_now {
            internal;
            if ($connection_requests != 1) { return 444; }
            return 200 $answer;
        }
        set $answer '{"errcode":0,"errmsg":"ok","status":1,"reason":"1:…","screenshot":"a|b"}';
    }
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    with Nginx(tmp_path, ANSWERS) as nginx:
        yield nginx


@contextlib.contextmanager
def reloads(nginx: Nginx) -> Iterator[list[float]]:
    """Reloads nginx again and again, at random moments; gives the list of when it did."""
    ended = threading.Event()
    moments: list[float] = []

    def work() -> None:
        while not ended.wait(random.uniform(0.2, 1)):  # noqa: S311  # no secret
            nginx.reload()
            moments.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield moments
    finally:
        ended.set()
        thread.join()


def test_twenty_thousand_calls_on_connections_that_nginx_cuts_at_random(
    client_kind: ClientKind, nginx: Nginx
) -> None:
    calls = 20_000 if client_kind.kind == "blocking" else 5_000
    # Not one retry is allowed: the replacement of a reused connection is none.
    client = client_kind.client(nginx.base_url, max_retries=0)
    begun = time.monotonic()
    with reloads(nginx) as moments:
        for number in range(calls):
            if number % 10 == 0:
                # As long as a connection may idle: the next request races the cut.
                time.sleep(0.001)
            audit = client.get_audit_status(TOKEN, AUDITID)
            assert (int(audit.status), audit.reason, audit.screenshots) == (1, "1:…", ("a", "b"))
    took = time.monotonic() - begun
    outcomes = nginx.outcomes
    unanswered = outcomes.count(444)
    print(
        f"{client_kind.kind}: {calls} sequential calls in {took:.0f} s, 0 errors; nginx accepted "
        f"{nginx.connections_accepted} connections, closed {unanswered} of them under a request, "
        f"and was reloaded {len(moments)} times"
    )
    assert outcomes.count(200) == calls
    assert unanswered >= calls // 20
    assert moments


def test_a_naive_client_fails_on_such_a_server(nginx: Nginx) -> None:
    """What the test above is worth."""
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
    failures = 0
    for _ in range(500):
        try:
            assert send(connection, TOKEN, {"auditid": AUDITID}).json["status"] == 1
        except (http.client.HTTPException, ConnectionError):
            failures += 1
            connection.close()
    connection.close()
    print(f"http.client: {failures} of 500 calls failed")
    assert failures >= 25


def test_connections_that_end_unannounced_after_each_answer(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    audit, token, client = fake.submit(), fake.token(), client_kind.client(fake, max_retries=0)
    fake.fail_next(Fault(cut="end"), times=None)
    for _ in range(500):
        assert client.get_audit_status(token, audit.auditid).auditid == audit.auditid
    print(f"{client_kind.kind}: 500 calls, 0 errors, {fake.connections_accepted} connections")
    assert fake.connections_accepted >= 500


def test_connections_that_are_cut_under_the_next_request(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), client_kind.client(fake, max_retries=0)
    for reset in (False, True):
        fake.fail_next(Fault(cut="head", reset=reset), times=None, reused=True)
        before = fake.requests_received
        for _ in range(200):
            assert client.get_audit_status(token, audit.auditid).auditid == audit.auditid
        # Each call but the first was met by the end of a reused connection, and sent again on a fresh one.
        assert fake.requests_received - before >= 300
        fake.clear_faults()


def test_naive_clients_fail_where_each_answer_is_the_last(fake: FakeWeChat) -> None:
    """What the tests above are worth."""
    audit, token = fake.submit(), fake.token()
    fake.fail_next(Fault(cut="end"), times=None)
    failures = 0
    connection = connect(fake)
    for _ in range(200):
        try:
            send(connection, token, {"auditid": audit.auditid})
        except (http.client.HTTPException, ConnectionError):
            failures += 1
            connection.close()
    connection.close()
    print(f"http.client: {failures} of 200 calls failed")
    assert failures >= 20
