"""Receive pushes about audits, ignore other pushes, and encrypt replies."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from support.push_platform import FAIL, KEY, NOW, PREVIOUS_KEY, now_push, push, receiver, wechatpy_crypto
from wxaudit import AuditState, Reason
from wxaudit.events import SUCCESS, AuditEvent, EventReceiver, EventRejected

SUCCEEDED = re.sub(r"<Reason>.*</Reason>\n", "", FAIL).replace("weapp_audit_fail", "weapp_audit_success")
SUCCEEDED = SUCCEEDED.replace("FailTime", "SuccTime").replace("<ScreenShot>xxx|yyy|zzz</ScreenShot>\n", "")
DELAYED = FAIL.replace("weapp_audit_fail", "weapp_audit_delay").replace("FailTime", "DelayTime")


def received(message: str, **options: Any) -> AuditEvent:
    event = receiver().receive(*push(message, **options))
    assert event is not None
    return event


def test_a_rejection_has_reasons_and_screenshots() -> None:
    event = received(FAIL)
    assert (event.kind, event.status) == ("weapp_audit_fail", AuditState.REJECTED)
    assert event.original_id == "gh_fb9688c2a4b2"
    assert event.decided_at == datetime(2017, 3, 7, 3, 16, 30, tzinfo=timezone.utc)
    assert event.decided_at.tzinfo is timezone.utc
    assert event.reason is not None
    assert event.reason.startswith("1:账号信息不符合规范:<br>")
    assert event.reasons == (
        Reason("账号信息不符合规范", ("包含色情因素",)),
        Reason('服务类目"金融业-保险_"不一致', ("标签不属于所选的服务类目范围。",)),
    )
    assert event.screenshots == ("xxx", "yyy", "zzz")


def test_an_approval_has_no_reason() -> None:
    event = received(SUCCEEDED)
    assert (event.kind, event.status) == ("weapp_audit_success", AuditState.APPROVED)
    assert (event.reason, event.reasons, event.screenshots) == (None, (), ())
    assert event.decided_at == datetime.fromtimestamp(1488856590, timezone.utc)


def test_a_delay_has_a_reason() -> None:
    event = received(DELAYED)
    assert (event.kind, event.status) == ("weapp_audit_delay", AuditState.DELAYED)
    assert len(event.reasons) == 2


@pytest.mark.parametrize(
    ("changed", "to", "attribute", "value"),
    [
        (r"<FailTime>\d+</FailTime>", "", "decided_at", datetime.fromtimestamp(1488856591, timezone.utc)),
        (r"<ScreenShot>.*</ScreenShot>", "<ScreenShot>||a| b |</ScreenShot>", "screenshots", ("a", "b")),
        (r"<ScreenShot>.*</ScreenShot>", "<ScreenShot/>", "screenshots", ()),
        (r"<Reason>.*</Reason>", "<Reason></Reason>", "reason", None),
        (r"<Reason>.*</Reason>", "", "reason", None),
        (r"<Reason>.*</Reason>", "<Reason>a &lt;b&gt; &amp; c</Reason>", "reason", "a <b> & c"),
        (r"<Reason>.*</Reason>", "<Reason>a\x0b\x00b</Reason>", "reason", "a\ufffd\ufffdb"),
        ("^<xml>", "\ufeff<?xml version='1.0' encoding='gbk'?><xml>", "original_id", "gh_fb9688c2a4b2"),
    ],
)
def test_oddities_of_wechat_are_handled(changed: str, to: str, attribute: str, value: object) -> None:
    assert getattr(received(re.sub(changed, to, FAIL)), attribute) == value


@pytest.mark.parametrize(
    "message",
    [
        FAIL.replace("weapp_audit_fail", "wxa_nickname_audit"),
        FAIL.replace("weapp_audit_fail", "WEAPP_AUDIT_FAIL"),
        FAIL.replace("[event]", "[text]"),
        "<xml><AppId>wx1</AppId><InfoType>component_verify_ticket</InfoType></xml>",
        "<xml/>",
    ],
)
def test_other_pushes_return_none(message: str) -> None:
    assert receiver().receive(*push(message)) is None


class Listing(dict[str, Any]):
    """Like the mappings of Django, Flask and Starlette: an item is one value, `getlist` returns all."""

    def getlist(self, name: str) -> list[str]:
        return [self[name]] if isinstance(self[name], str) else list(self[name])


class AllOf(dict[str, Any]):
    """Like the mapping of aiohttp."""

    def getall(self, name: str) -> list[str]:
        return [self[name]]


@pytest.mark.parametrize(
    "shape",
    [
        str,
        lambda text: "?" + text,
        lambda text: text.encode(),
        lambda text: dict(parse_qsl(text)),
        parse_qs,
        lambda text: Listing(parse_qsl(text)),
        lambda text: Listing(parse_qs(text)),
        lambda text: AllOf(parse_qsl(text)),
        lambda text: parse_qs(text.encode()),
        lambda text: dict(parse_qsl(text.encode())),
        lambda text: {name: [value.encode()] for name, value in parse_qsl(text)},
    ],
    ids=[
        *("text", "with ?", "bytes", "dict", "parse_qs", "Django", "several in Django", "aiohttp"),
        *("parse_qs of bytes", "dict of bytes", "Tornado"),
    ],
)
@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_query_and_body_may_have_any_common_type(shape: Any, buffer: Any) -> None:
    text, body = push(FAIL)
    assert receiver().receive(shape(text), buffer(body)) == received(FAIL)


def test_pushes_under_the_current_and_previous_key_are_accepted() -> None:
    both = receiver(previous_encoding_aes_key=PREVIOUS_KEY)
    assert both.receive(*push(FAIL)) == both.receive(*push(FAIL, key=PREVIOUS_KEY)) == received(FAIL)
    with pytest.raises(EventRejected):
        receiver().receive(*push(FAIL, key=PREVIOUS_KEY))


def test_a_receiver_needs_only_the_settings_of_the_platform() -> None:
    from support.push_platform import APPID, TOKEN

    one = EventReceiver(TOKEN, KEY, APPID)
    assert one.component_appid == APPID
    assert one.receive(*now_push()) == received(FAIL)
    assert SUCCESS == "success"


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_a_push_within_max_age_is_accepted(seconds: int) -> None:
    assert receiver().receive(*push(FAIL, timestamp=str(NOW - seconds))) is not None
    strict = receiver(max_age=timedelta(seconds=300))
    assert strict.receive(*push(FAIL, timestamp=str(NOW - seconds))) is not None


@pytest.mark.parametrize("text", ["", "好的", "<xml><Content>😀</Content></xml>", "x" * 5000])
def test_wechatpy_reads_replies(text: str) -> None:
    reply = receiver().encrypt_reply(text, "nonce_1")
    found = dict(re.findall(r"<(MsgSignature|TimeStamp|Nonce)>(?:<!\[CDATA\[)?([^<\]]*)", reply))
    assert (found["TimeStamp"], found["Nonce"]) == (str(NOW), "nonce_1")
    opened = wechatpy_crypto().decrypt_message(reply, found["MsgSignature"], str(NOW), "nonce_1")
    assert opened == text


def test_a_reply_is_encrypted_with_the_requested_key() -> None:
    both = receiver(previous_encoding_aes_key=PREVIOUS_KEY)
    reply = both.encrypt_reply("好的", timestamp=5, previous_key=True)
    signed, nonce = re.findall(r"<(?:MsgSignature|Nonce)><!\[CDATA\[([^<\]]*)", reply)
    assert wechatpy_crypto(PREVIOUS_KEY).decrypt_message(reply, signed, "5", nonce) == "好的"
    assert nonce != re.findall(r"<Nonce><!\[CDATA\[([^<\]]*)", both.encrypt_reply("好的"))[0]
