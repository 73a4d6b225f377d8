"""Bodies with HTTP 200: what is read, what is repaired, and what is not an answer."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind

APPROVED = b'{"errcode":0,"errmsg":"ok","status":0}'
REASON = "1:账号信息不符合规范:<br>"
REJECTED = f'{{"errcode":0,"errmsg":"ok","status":1,"reason":"{REASON}","screenshot":"xxx|yyy"}}'.encode()


def rejected_with(reason: bytes) -> bytes:
    """A rejection whose reason is these bytes as they are."""
    return b'{"errcode":0,"errmsg":"ok","status":1,"reason":"' + reason + b'"}'


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t  ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_answer_is_asked_for_once_more(
    client_kind: ClientKind, fake: FakeWeChat, body: bytes
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=body), times=2)
    error = harness.fails(wxaudit.DecodeError, attempts=2)
    assert "empty" in str(error)
    harness.goes_on()
    fake.fail_next(Fault(body=body))
    assert harness.ask().status == wxaudit.AuditState.IN_REVIEW
    assert fake.requests_received == 5


def test_an_empty_answer_is_final_where_no_retry_is_wanted(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=b""))
    harness.fails(wxaudit.DecodeError, attempts=1, max_retries=0)


@pytest.mark.parametrize("blanks", [b"", b"\r\n", b" \t"])
def test_a_byte_order_mark_and_blanks_are_not_damage(
    client_kind: ClientKind, fake: FakeWeChat, blanks: bytes
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=b"\xef\xbb\xbf" + blanks + REJECTED + blanks))
    status = harness.ask()
    assert (status.reason, status.screenshots) == (REASON, ("xxx", "yyy"))
    assert not status.lossy


DAMAGE = {
    "raw control characters": (b"a\x00\x01\x1f\tb\nc", "a\0\x01\x1f\tb\nc"),
    "bytes that are no UTF-8": (b"\xe5\xb8\x90\xff\xfe\xe5\x8f\xb7", "帐\ufffd\ufffd号"),
    "a character cut in the middle": ("账号信息不符合规范".encode()[:-1], "账号信息不符合规\ufffd"),
    "a high surrogate alone": (rb"a\ud83db", "a\ufffdb"),
    "a low surrogate alone": (rb"a\ude00b", "a\ufffdb"),
    "surrogates in UTF-8": ("帐号".encode() + b"\xed\xa0\x80", "帐号\ufffd\ufffd\ufffd"),
}


@pytest.mark.parametrize(("sent", "read"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_inside_a_text_is_repaired_and_said(
    client_kind: ClientKind, fake: FakeWeChat, sent: bytes, read: str
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=rejected_with(sent)))
    status = harness.ask()
    assert status.is_rejected
    assert (status.reason, status.lossy) == (read, True)
    assert status.raw["reason"] == read


def test_escapes_are_not_damage(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(
        Fault(body=rejected_with(rb"\u5e10\u53f7 https:\/\/mp.weixin.qq.com \ud83d\ude00 \u0007\"\\"))
    )
    status = harness.ask()
    assert (status.reason, status.lossy) == ('帐号 https://mp.weixin.qq.com 😀 \x07"\\', False)


TEXT = "帐号信息不合规范，请修改后重新提交审核"
NO_ANSWER = {
    "a control character outside a text": b'{"errcode":0,"errmsg":"ok","status":\x010}',
    "a control character behind": APPROVED + b"\x00",
    "no UTF-8 outside a text": b'{"errcode":0,"errmsg":"ok","status":0\xff}',
    "no UTF-8 in a key": b'{"errcode":0,"errmsg":"ok","status\xff":0,"status":0}',
    "a control character in a key": b'{"errcode":0,"errmsg":"ok","sta\ntus":0}',
    "UTF-16": APPROVED.decode().encode("utf-16"),
    "UTF-16 without a mark": APPROVED.decode().encode("utf-16-le"),
    "UTF-32": APPROVED.decode().encode("utf-32"),
    "GBK": REJECTED.decode().encode("gbk"),
    "GBK, a long text": rejected_with(TEXT.encode("gbk")),
    "garbage behind": APPROVED + b"x",
    "another answer behind": APPROVED + REJECTED,
    "a PHP warning in front": b"<br />\n<b>Warning</b>: Undefined index in <b>/a.php</b><br />\n" + APPROVED,
    "a JSONP call around": b"callback(" + APPROVED + b");",
    "a page": b"<html><head><title>502 Bad Gateway</title></head></html>",
    "a retired access IP": b"This ip is no longer use. Please change your DNS server to 119.29.29.29",
    "a form": b"errcode=0&errmsg=ok&status=0",
    "an array": b'[0,"ok",0,""]',
    "an array around": b"[" + APPROVED + b"]",
    "a number": b"0",
    "null": b"null",
    "true": b"true",
    "a text": b'"ok"',
    "the status twice": b'{"errcode":0,"errmsg":"ok","status":1,"status":0}',
    "the status twice, spelt otherwise": rb'{"errcode":0,"errmsg":"ok","status":1,"\u0073tatus":0}',
    "NaN": b'{"errcode":0,"errmsg":"ok","status":0,"x":NaN}',
    "a number beyond all": b'{"errcode":0,"errmsg":"ok","status":0,"x":1e999}',
    "a comma behind": b'{"errcode":0,"errmsg":"ok","status":0,}',
    "null bytes": b"\x00" * 64,
    "marks that turn the direction": "\u202e\u2066\u200f\u061c\u2028\u200b\x1b[31m\x85".encode(),
}


@pytest.mark.parametrize("body", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_what_is_not_an_answer_is_not_tried_again(
    client_kind: ClientKind, fake: FakeWeChat, body: bytes
) -> None:
    harness = CallHarness(client_kind, fake)
    fake.fail_next(Fault(body=body))
    error = harness.once(wxaudit.DecodeError)
    assert not error.retryable
    assert 0 < len(error.excerpt) <= 200
    assert not {unicodedata.category(character) for character in error.excerpt} & {"Cc", "Cf", "Zl", "Zp"}


def test_an_answer_cut_at_any_byte_is_not_an_answer(client_kind: ClientKind, fake: FakeWeChat) -> None:
    """Sized as if it were whole, so that the JSON alone can tell."""
    harness = CallHarness(client_kind, fake)
    for length in range(1, len(REJECTED)):
        fake.fail_next(Fault(body=REJECTED[:length]))
        harness.fails(wxaudit.DecodeError, attempts=1)
    fake.fail_next(Fault(body=REJECTED))
    assert harness.ask().is_rejected


HOSTILE = {
    "arrays in arrays": b"[" * 100_000,
    "objects in objects": b'{"a":' * 40_000,
    "arrays in a member": APPROVED[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "as many keys as fit": json.dumps({f"{number:x}": 0 for number in range(23_000)}).encode(),
    "a million keys": b'{"errcode":0,' + b",".join(b'"%d":0' % number for number in range(1_000_000)) + b"}",
    "nothing but quotes": b'"' * 250_000,
    "nothing but backslashes": b'{"a":"' + b"\\" * 250_000,
    "nothing but bad bytes": b'{"a":"' + b"\xff" * 250_000 + b'"}',
    "nothing but surrogates": b'{"a":"' + rb"\ud800" * 40_000 + b'"}',
    "a number of 250 000 digits": b'{"errcode":0,"errmsg":"ok","status":' + b"1" * 250_000 + b"}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bodies_are_refused_within_50_ms(
    client_kind: ClientKind, fake: FakeWeChat, body: bytes
) -> None:
    """Once of many times, since the fake, which sends it, has only this process's time."""
    harness = CallHarness(client_kind, fake)
    took: list[float] = []
    while len(took) < 20 and min(took, default=1) > 0.05:
        fake.fail_next(Fault(body=body))
        harness.fails(wxaudit.DecodeError, attempts=1)
        took.append(harness.took)
    print(f"\n{client_kind.kind}: {len(body)} bytes refused in {min(took) * 1000:.1f} ms, sending included")
    assert min(took) <= 0.05
    harness.goes_on()


def test_unknown_fields_are_kept(client_kind: ClientKind, fake: FakeWeChat) -> None:
    harness = CallHarness(client_kind, fake)
    more = {"new": {"a": [1, 2.5, None, True, "帐号", 2**63, -(2**63)]}, "user_version": "1.0", "": ""}
    fake.fail_next(Fault(fields=more))
    status = harness.ask()
    assert status.raw == {"errcode": 0, "errmsg": "ok", "status": 2, **more}
    assert list(status.raw) == ["errcode", "errmsg", "status", *more]
