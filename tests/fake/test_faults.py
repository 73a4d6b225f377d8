"""Which requests a fault applies to, and how they are answered."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

import pytest

from support.plain_http import ask, connect, exchange, send
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDITID = 1234567
WHOLE = b'{"errcode":0,"errmsg":"ok","status":2}'


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        fake.submit(auditid=AUDITID)
        yield fake


def test_an_error_applies_to_the_next_requests_only(fake: FakeWeChat) -> None:
    scripted = fake.fail_next(Fault(errcode=-1), times=2)
    answers = [ask(fake, fake.token(), AUDITID) for _ in range(3)]
    assert [answer.errcode for answer in answers] == [-1, -1, 0]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[0].json["errmsg"].startswith("system error rid: ")
    assert (scripted.used, scripted.remaining) == (2, 0)
    assert fake.pending_faults == []
    assert [request.errcode for request in fake.requests] == [-1, -1, 0]
    assert [request.fault for request in fake.requests] == [scripted.fault, scripted.fault, None]


def test_an_error_may_have_its_own_text_and_a_string_as_code(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode="61003", errmsg="\x1b[31m<script>%s"))
    assert ask(fake, fake.token(), AUDITID).json == {"errcode": "61003", "errmsg": "\x1b[31m<script>%s"}


def test_faults_apply_in_the_order_in_which_they_were_added(fake: FakeWeChat) -> None:
    for errcode in (45009, 45011, 48001):
        fake.fail_next(Fault(errcode=errcode))
    assert [ask(fake, fake.token(), AUDITID).errcode for _ in range(4)] == [45009, 45011, 48001, 0]


def test_a_fault_without_limit_applies_until_it_is_cancelled(fake: FakeWeChat) -> None:
    scripted = fake.fail_next(Fault(errcode=50002), times=None)
    assert [ask(fake, fake.token(), AUDITID).errcode for _ in range(5)] == [50002] * 5
    assert scripted.remaining is None
    scripted.cancel()
    assert ask(fake, fake.token(), AUDITID).errcode == 0


def test_pending_faults_can_be_cleared(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=-1), times=None)
    fake.fail_next(Fault(cut="accept"))
    fake.clear_faults()
    assert ask(fake, fake.token(), AUDITID).errcode == 0


def test_a_fault_may_apply_to_one_audit(fake: FakeWeChat) -> None:
    other = fake.submit()
    fake.fail_next(Fault(errcode=-1), times=None, auditid=other.auditid)
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert ask(fake, fake.token(), str(other.auditid)).errcode == -1


def test_a_fault_may_apply_to_one_mini_program(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=-1), times=None, appid="wx00000000000000aa")
    assert ask(fake, fake.token(), AUDITID).errcode == 0
    assert ask(fake, fake.token("wx00000000000000aa"), AUDITID).errcode == -1


def test_a_fault_may_apply_to_reused_connections_only(fake: FakeWeChat) -> None:
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


def test_fields_of_the_regular_answer_can_be_changed_and_removed(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(fields={"errcode": "0", "status": None, "新": [1]}, without={"errmsg"}))
    assert ask(fake, fake.token(), AUDITID).json == {"errcode": "0", "status": None, "新": [1]}
    assert fake.audit(AUDITID).polls == 1


def test_a_lone_surrogate_is_sent_as_an_escape(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(fields={"reason": "a\ud800/b"}))
    assert b'"a\\ud800\\/b"' in ask(fake, fake.token(), AUDITID).body


def test_the_regular_answer_can_have_another_status(fake: FakeWeChat) -> None:
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
def test_a_gateway_error_is_an_html_page(fake: FakeWeChat, status: int) -> None:
    fake.fail_next(Fault.http(status))
    answer = ask(fake, fake.token(), AUDITID)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html"
    assert f"<h1>{status} ".encode() in answer.body


def test_412_has_no_body_and_no_content_type(fake: FakeWeChat) -> None:
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
def test_a_status_may_be_undefined(fake: FakeWeChat, status: int) -> None:
    fake.fail_next(Fault(http_status=status, cut="end"))
    assert exchange(fake, AUDITID).startswith(f"HTTP/1.1 {status} ".encode())


def test_raw_bytes_replace_the_complete_answer(fake: FakeWeChat) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
    fake.fail_next(Fault(raw=raw, cut="end"))
    assert exchange(fake, AUDITID) == raw
    request = fake.requests[-1]
    assert (request.http_status, request.errcode) == (None, None)
    assert request.answered_at is not None


def test_the_connection_stays_open_after_raw_bytes(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    connection = connect(fake)
    assert send(connection, fake.token(), {"auditid": AUDITID}).body == b"{}"
    assert send(connection, fake.token(), {"auditid": AUDITID}).body == WHOLE
    connection.close()


def test_garbage_is_not_http(fake: FakeWeChat) -> None:
    fake.fail_next(Fault.garbage())
    with pytest.raises(http.client.BadStatusLine):
        ask(fake, fake.token(), AUDITID)


def test_faults_combine(fake: FakeWeChat) -> None:
    both = Fault.http(503, headers={"A": "1"}) & Fault(delay=0.1, headers={"B": "2"})
    fake.fail_next(both & Fault(drip=50))
    begun = time.monotonic()
    answer = ask(fake, fake.token(), AUDITID)
    assert time.monotonic() - begun >= 0.1
    assert (answer.status, answer.headers["a"], answer.headers["b"]) == (503, "1", "2")
