"""A push about something else is None, whatever it holds: strictness begins where the event is an audit's."""

from __future__ import annotations

import re

import pytest

from support.push_platform import FAIL, push, receiver
from wxaudit.events import EventRejected

HEAD = (
    "<xml><ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>"
    "<FromUserName><![CDATA[od1P50M-fNQI5Gcq-trm4a7apsU8]]></FromUserName><CreateTime>1488856591</CreateTime>"
)
APPROVAL = (
    "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[weapp_audit_success]]></Event>"
    "<SuccTime>1488856591</SuccTime>"
)
# What users write, and what WeChat may pass on unescaped.
TEXTS = {
    "plain": "你好",
    "XML": "<b>x</b> <MsgType>event</MsgType>",
    "the end of the CDATA": "a ]]> b",
    "nested CDATA": "<![CDATA[a <![CDATA[b]]> c]]>",
    "an approval": f"]]></Content>{APPROVAL}<Content><![CDATA[",
    "an approval and the end": f"]]></Content>{APPROVAL}</xml>",
    "a rejection in XML": FAIL,
    "the name of an event": "weapp_audit_fail ]]>",
    "an open element": "]]><a><b></a>",
    "an entity": "]]>&unknown;",
    "a null": "]]>&#0;",
    "control characters": "\x00\x01\x0b\x1f\ufffe",
    "half of a character": "\udce4\udcbd",
    "a DTD": "]]><!DOCTYPE x>",
    "a comment": "]]><!-- -- -->",
    "very deep": "]]>" + "<a>" * 20_000,
}


def message(kind: str, text: str) -> str:
    """A push of that kind with a text of a user in it."""
    written = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if kind == "message":
        return f"{HEAD}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{written}]]></Content></xml>"
    if kind == "event":
        return (
            f"{HEAD}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[user_enter_tempsession]]></Event>"
            f"<SessionFrom><![CDATA[{written}]]></SessionFrom></xml>"
        )
    return (
        f"<xml><AppId>wx1</AppId><CreateTime>1413192760</CreateTime><InfoType>authorized</InfoType>"
        f"<Note><![CDATA[{written}]]></Note></xml>"
    )


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("kind", ["message", "event", "info"])
def test_a_push_with_any_text_of_a_user_is_none(kind: str, text: str) -> None:
    assert receiver().receive(*push(message(kind, text))) is None


@pytest.mark.parametrize(
    "other",
    [
        f"{HEAD}<MsgType>text</MsgType><Content>a</Content><Content>b</Content><MsgType>text</MsgType></xml>",
        f"{HEAD}<MsgType>event</MsgType><Event>subscribe</Event><Event>subscribe</Event></xml>",
        f"{HEAD}<MsgType>image</MsgType><PicUrl>http://x/?a=1&b=2</PicUrl></xml>",
        f"{HEAD}<MsgType>text</MsgType><Content>1 < 2</Content></xml>",
        f"{HEAD}<MsgType>event</MsgType><Event>weapp_audit_soon</Event><Note>]]></Note></xml>",
        # Broken before its type.
        HEAD.replace("1488856591", "&now;") + "<MsgType>text</MsgType></xml>",
        HEAD,
        "<html><MsgType>text</MsgType></html>",
        "<html><InfoType>component_verify_ticket</InfoType>",
    ],
    ids=range(9),
)
def test_an_invalid_push_about_something_else_is_none(other: str) -> None:
    assert receiver().receive(*push(other)) is None


@pytest.mark.parametrize(
    ("changed", "to"),
    [
        ("<FailTime>", "<Event><![CDATA[subscribe]]></Event><FailTime>"),
        ("<FailTime>", "<MsgType><![CDATA[text]]></MsgType><FailTime>"),
        ("<FailTime>", "<Reason>another</Reason><FailTime>"),
        ("<FailTime>", "]]>&x;<FailTime>"),
        ("<FailTime>", "<a><FailTime>"),
        ("</xml>", ""),
        ("<MsgType>", "&x;<MsgType>"),
    ],
)
def test_an_audit_is_read_strictly(changed: str, to: str) -> None:
    with pytest.raises(EventRejected, match="not the XML that WeChat sends"):
        receiver().receive(*push(FAIL.replace(changed, to)))


def test_another_push_is_known_by_its_first_type() -> None:
    """What a user may have written comes later, so it neither makes an event nor hides one."""
    first = re.sub("<MsgType>.*</MsgType>\n", "", FAIL).replace("<xml>", "<xml><MsgType>text</MsgType>")
    second = first.replace("<Event>", "<MsgType>event</MsgType><Event>")
    assert receiver().receive(*push(second)) is None
