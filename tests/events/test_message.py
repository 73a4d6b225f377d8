"""The decrypted message is untrusted XML: DTDs, entities and nested elements are refused."""

from __future__ import annotations

import re
import tracemalloc

import pytest

from support.push_platform import FAIL, push, receiver
from wxaudit.events import EventRejected

BOMB = (
    "<!DOCTYPE xml [<!ENTITY a0 'lol'>"
    + "".join(f"<!ENTITY a{number} '{f'&a{number - 1};' * 10}'>" for number in range(1, 10))
    + "]>"
)
EXTERNAL = "<!DOCTYPE xml [<!ENTITY file SYSTEM 'file:///etc/hostname'>]>"


@pytest.mark.parametrize(
    "message",
    [
        BOMB + FAIL.replace("<![CDATA[gh_fb9688c2a4b2]]>", "&a9;"),
        EXTERNAL + FAIL.replace("<![CDATA[gh_fb9688c2a4b2]]>", "&file;"),
        "<!DOCTYPE xml SYSTEM 'http://127.0.0.1:9/xml.dtd'>" + FAIL,
        "<!DOCTYPE xml>" + FAIL,
        FAIL.replace("<![CDATA[gh_fb9688c2a4b2]]>", "&unknown;"),
        FAIL[:-3],
        FAIL + FAIL,
        FAIL.replace("xml>", "html>"),
        FAIL.replace("<FailTime>", "<Event><![CDATA[weapp_audit_success]]></Event><FailTime>"),
        FAIL.replace("gh_fb9688c2a4b2", "&#0;").replace("<![CDATA[&#0;]]>", "&#0;"),
        "",
        "success",
        '{"Event": "weapp_audit_fail"}',
        "<" * 5000,
    ],
    ids=range(14),
)
def test_a_message_that_is_not_xml_of_wechat_is_refused(message: str) -> None:
    with pytest.raises(EventRejected) as caught:
        receiver().receive(*push(message))
    assert caught.value.message == "WeChat sent the push, but its message is not the XML that WeChat sends"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_an_entity_bomb_is_refused_without_cost() -> None:
    bomb = push(BOMB + FAIL.replace("<![CDATA[gh_fb9688c2a4b2]]>", "&a9;"))
    platform = receiver()
    tracemalloc.start()
    try:
        with pytest.raises(EventRejected):
            platform.receive(*bomb)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_deeply_nested_xml_is_handled() -> None:
    deep = "<a>" * 20_000 + "</a>" * 20_000
    event = receiver().receive(*push(FAIL.replace("</xml>", deep + "</xml>")))
    assert event is not None


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        (r"<ToUserName>.*</ToUserName>", "", "names no mini program (ToUserName)"),
        (r"<ToUserName>.*</ToUserName>", "<ToUserName/>", "names no mini program (ToUserName)"),
        (r"gh_fb9688c2a4b2", "g" * 129, "names no mini program (ToUserName)"),
        (r"<(Fail|Create)Time>.*</\w+>", "", "has no time (FailTime)"),
        (r"<FailTime>.*</FailTime>", "<FailTime>soon</FailTime>", "has no time (FailTime)"),
        (r"<FailTime>.*</FailTime>", "<FailTime>-5</FailTime>", "has no time (FailTime)"),
        (r"<FailTime>.*</FailTime>", f"<FailTime>{'9' * 12}</FailTime>", "has no time (FailTime)"),
    ],
)
def test_an_event_without_required_fields_is_refused(changed: str, to: str, said: str) -> None:
    with pytest.raises(EventRejected) as caught:
        receiver().receive(*push(re.sub(changed, to, FAIL)))
    assert caught.value.message == f"WeChat sent the push, but its weapp_audit_fail {said}"
