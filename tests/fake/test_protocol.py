"""The fake implements WeChat's protocol, including its oddities."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from support.plain_http import (
    PATH,
    Answer,
    ask,
    connect,
    open_socket,
    read_all,
    read_until,
    request_bytes,
    send,
)
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = "1:账号信息不符合规范:<br>(1):包含色情因素<br>"


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with FakeWeChat() as fake:
        yield fake


def test_the_answer_for_an_audit_in_review_has_only_a_status(fake: FakeWeChat) -> None:
    answer = ask(fake, fake.token(), fake.submit().auditid)
    assert answer.status == 200
    assert answer.body == b'{"errcode":0,"errmsg":"ok","status":2}'


def test_a_rejection_has_a_reason_and_screenshots_joined_by_bars(fake: FakeWeChat) -> None:
    audit = fake.submit(state=1, reason=REASON, screenshots=["xxx", "yyy", "zzz"])
    answer = ask(fake, fake.token(), audit.auditid)
    assert answer.json == {
        "errcode": 0,
        "errmsg": "ok",
        "status": 1,
        "reason": REASON,
        "screenshot": "xxx|yyy|zzz",
    }
    assert REASON.encode() in answer.body, "UTF-8, not escapes"


def test_a_rejection_may_lack_reason_and_screenshots(fake: FakeWeChat) -> None:
    answer = ask(fake, fake.token(), fake.submit(state=1).auditid)
    assert answer.json == {"errcode": 0, "errmsg": "ok", "status": 1}


def test_slashes_are_escaped(fake: FakeWeChat) -> None:
    answer = ask(fake, fake.token(), fake.submit(state=4, reason="wifi/4G").auditid)
    assert b'"wifi\\/4G"' in answer.body
    assert answer.json["reason"] == "wifi/4G"


def test_an_undefined_state_is_sent_unchanged(fake: FakeWeChat) -> None:
    assert ask(fake, fake.token(), fake.submit(state=7).auditid).json["status"] == 7


def test_json_is_sometimes_sent_as_plain_text(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    types = [ask(fake, token, auditid).headers["content-type"] for _ in range(10)]
    assert types.count("text/plain") == 2
    assert types.count("application/json; encoding=utf-8") == 8


def test_the_content_types_can_be_chosen() -> None:
    with FakeWeChat(content_types=["image/png"]) as fake:
        answer = ask(fake, fake.token(), fake.submit().auditid)
    assert answer.headers["content-type"] == "image/png"


def test_the_auditid_may_be_a_string_of_digits(fake: FakeWeChat) -> None:
    audit = fake.submit(auditid=2**53 + 1)
    assert ask(fake, fake.token(), str(2**53 + 1)).errcode == 0
    assert fake.requests[-1].auditid == audit.auditid


def test_the_content_type_of_the_request_does_not_matter(fake: FakeWeChat) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(fake, fake.token(), fake.submit().auditid, headers=headers).errcode == 0


@pytest.mark.parametrize(
    "path",
    [
        "/wxa/get_auditstatus/",
        "/wxa/get_auditstatuses",
        "/WXA/get_auditstatus",
        "/wxa/get auditstatus".replace(" ", "%20"),
        "//wxa/get_auditstatus",
        "/__fake__/audits",
        "/",
    ],
)
def test_any_other_path_is_an_invalid_url_and_not_404(fake: FakeWeChat, path: str) -> None:
    answer = ask(fake, fake.token(), fake.submit().auditid, path=path)
    assert (answer.status, answer.errcode) == (200, 40066)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods_other_than_post_are_refused(fake: FakeWeChat, method: str) -> None:
    assert ask(fake, fake.token(), fake.submit().auditid, method=method).errcode == 43002


def test_head_gets_no_body(fake: FakeWeChat) -> None:
    answer = ask(fake, fake.token(), fake.submit().auditid, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert fake.requests[-1].errcode == 43002


def post(fake: FakeWeChat, token: str | None, body: bytes) -> Answer:
    connection = connect(fake)
    try:
        return send(connection, token, body)
    finally:
        connection.close()


def test_an_empty_body_is_refused(fake: FakeWeChat) -> None:
    assert post(fake, fake.token(), b"").errcode == 44002


@pytest.mark.parametrize(
    "body",
    [
        b"auditid=1234567",
        b'{"auditid":1234567',
        b'{"auditid":NaN}',
        b"[1234567]",
        b"1234567",
        b"null",
        b'{"auditid":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_form_or_broken_json_is_a_format_error(fake: FakeWeChat, body: bytes) -> None:
    assert post(fake, fake.token(), body).errcode == 47001


@pytest.mark.parametrize("auditid", [None, True, 1.5, "", "12a", "-1", [], {}, "١٢"])
def test_an_auditid_that_is_not_a_number_is_an_invalid_argument(fake: FakeWeChat, auditid: object) -> None:
    assert ask(fake, fake.token(), auditid).errcode == 40097


def test_a_body_without_auditid_is_an_invalid_argument(fake: FakeWeChat) -> None:
    assert post(fake, fake.token(), b"{}").errcode == 40097


@pytest.mark.parametrize("auditid", [0, -1, 410_000_000, 10**30])
def test_an_unknown_audit_is_an_invalid_audit_id(fake: FakeWeChat, auditid: int) -> None:
    assert ask(fake, fake.token(), auditid).errcode == 85012


def test_an_audit_of_another_mini_program_is_an_invalid_audit_id(fake: FakeWeChat) -> None:
    audit = fake.submit("wx000000000000000a")
    assert ask(fake, fake.token("wx000000000000000b"), audit.auditid).errcode == 85012
    assert ask(fake, fake.token("wx000000000000000a"), audit.auditid).errcode == 0


def test_a_request_without_a_token_is_refused(fake: FakeWeChat) -> None:
    auditid = fake.submit().auditid
    assert ask(fake, None, auditid).errcode == 41001
    assert ask(fake, "", auditid).errcode == 41001


def test_a_token_in_the_body_is_a_format_error(fake: FakeWeChat) -> None:
    body = json.dumps({"auditid": fake.submit().auditid, "access_token": fake.token()}).encode()
    assert post(fake, None, body).errcode == 47001


def test_a_chunked_request_is_refused_with_412_and_no_body(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    body = json.dumps({"auditid": auditid}).encode()
    connection = connect(fake)
    connection.request(
        "POST", f"{PATH}?access_token={token}", iter([body[:5], body[5:]]), encode_chunked=True
    )
    response = connection.getresponse()
    assert (response.status, response.read()) == (412, b"")
    assert response.getheader("Content-Type") is None
    connection.close()
    request = fake.requests[-1]
    assert request.chunked
    assert request.body == body
    assert request.http_status == 412


def test_errors_are_http_200_with_a_rid_that_contains_the_fakes_time(fake: FakeWeChat) -> None:
    fake.clock.advance(86_400 * 400)
    for errcode, answer in (
        (85012, ask(fake, fake.token(), 1)),
        (40066, ask(fake, fake.token(), 1, path="/")),
        (41001, ask(fake, None, 1)),
    ):
        assert (answer.status, answer.errcode) == (200, errcode)
        rid = re.search(r" rid: ([0-9a-f]{8})-[0-9a-f]{8}-[0-9a-f]{8}$", answer.json["errmsg"])
        assert rid is not None
        assert int(rid[1], 16) == fake.clock.timestamp()


@pytest.mark.parametrize(
    ("errcode", "text"),
    [
        (40001, "invalid credential, access_token is invalid or not latest, could get access_token by"),
        (40164, "invalid ip 203.0.113.7, not in whitelist"),
        (45011, "api minute-quota reach limit"),
        (47001, "data format error hint: ["),
        (48001, "api unauthorized hints: [ req_id: "),
        (61004, "access clientip is not registered requestIP: 203.0.113.7"),
        (85012, "invalid audit id hint: ["),
        (123456, "unknown error"),
    ],
)
def test_the_texts_end_like_wechats(fake: FakeWeChat, errcode: int, text: str) -> None:
    fake.fail_next(Fault(errcode=errcode))
    errmsg = ask(fake, fake.token(), 1).json["errmsg"]
    assert errmsg.startswith(text)
    assert re.search(r" rid: [0-9a-f]{8}(-[0-9a-f]{8}){2}$", errmsg)


def test_the_link_in_the_text_of_40001_is_escaped(fake: FakeWeChat) -> None:
    fake.fail_next(Fault(errcode=40001))
    assert b"https:\\/\\/mmbizurl.cn\\/s\\/" in ask(fake, fake.token(), 1).body


def test_a_connection_serves_many_requests(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    connection = connect(fake)
    assert [send(connection, token, {"auditid": auditid}).errcode for _ in range(50)] == [0] * 50
    connection.close()
    assert fake.connections_accepted == 1


def test_pipelined_requests_are_answered_in_order(fake: FakeWeChat) -> None:
    token = fake.token()
    states = [0, 1, 2, 3, 4]
    requests = [request_bytes(token, fake.submit(state=state).auditid) for state in states]
    with open_socket(fake) as connection:
        connection.sendall(b"".join(requests))
        received = read_until(connection, b"}", len(states))
    assert [int(digit) for digit in re.findall(rb'"status":(\d)', received)] == states


def test_a_request_may_arrive_byte_by_byte(fake: FakeWeChat) -> None:
    data = request_bytes(fake.token(), fake.submit(state=3).auditid)
    with open_socket(fake) as connection:
        for position in range(len(data)):
            connection.sendall(data[position : position + 1])
        assert b'"status":3}' in read_until(connection, b"}")


def test_connection_close_is_obeyed(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    with open_socket(fake) as connection:
        connection.sendall(request_bytes(token, auditid, "Connection: close"))
        received = read_all(connection)
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b'"status":2}')


def test_http_1_0_is_closed_after_the_answer(fake: FakeWeChat) -> None:
    data = request_bytes(fake.token(), fake.submit().auditid).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with open_socket(fake) as connection:
        connection.sendall(data)
        assert read_all(connection).endswith(b'"status":2}')


def test_expect_100_continue_is_answered(fake: FakeWeChat) -> None:
    data = request_bytes(fake.token(), fake.submit().auditid, "Expect: 100-continue")
    head, end, body = data.partition(b"\r\n\r\n")
    with open_socket(fake) as connection:
        connection.sendall(head + end)
        assert read_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b'"status":2}' in read_until(connection, b"}")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n\r\n",
        b"x" * 70_000,
    ],
    ids=lambda data: repr(data[:40]),
)
def test_bytes_that_are_not_a_request_get_400_and_a_close(fake: FakeWeChat, data: bytes) -> None:
    with open_socket(fake) as connection:
        connection.sendall(data)
        assert read_all(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert fake.requests == []
