"""A third-party platform for the tests of push events; wechatpy seals its pushes, not the package."""

from __future__ import annotations

import hashlib
import time
from typing import Any
from urllib.parse import urlencode

from wechatpy.crypto import PrpCrypto, WeChatCrypto

from wxaudit.events import EventReceiver

TOKEN = "spamtest"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PREVIOUS_KEY = "9876543210abcdefghijklmnopqrstuvwxyzABCDEFG"
APPID = "wx2c2769f8efd9abc2"
NOW = 1488856591

FAIL = """<xml>
<ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>
<FromUserName><![CDATA[od1P50M-fNQI5Gcq-trm4a7apsU8]]></FromUserName>
<CreateTime>1488856591</CreateTime>
<MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[weapp_audit_fail]]></Event>
<Reason><![CDATA[1:账号信息不符合规范:<br>(1):包含色情因素<br>2:服务类目"金融业-保险_"不一致:<br>(1):标签不属于所选的服务类目范围。<br>]]></Reason>
<FailTime>1488856590</FailTime>
<ScreenShot>xxx|yyy|zzz</ScreenShot>
</xml>"""
"""As the page of WeChat has it, "代码审核结果推送", but for a shorter reason and another second."""


def receiver(**options: Any) -> EventReceiver:
    return EventReceiver(TOKEN, KEY, APPID, **{"clock": lambda: NOW, **options})


def wechatpy_crypto(key: str = KEY, appid: str = APPID) -> WeChatCrypto:
    return WeChatCrypto(TOKEN, key, appid)


def signature(*parts: str, token: str = TOKEN) -> str:
    joined = "".join(sorted([token, *parts]))
    return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324  # WeChat's choice


def sealed(message: str, *, key: str = KEY, appid: str = APPID) -> str:
    """The text of `<Encrypt>`, by wechatpy."""
    text: bytes = PrpCrypto(wechatpy_crypto(key).key).encrypt(message, appid)
    return text.decode()


def envelope(encrypted: str) -> bytes:
    owner = "<ToUserName><![CDATA[gh_1]]></ToUserName>"
    return f"<xml>{owner}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def query(encrypted: str, *, timestamp: str = str(NOW), nonce: str = "415670741", **changed: str) -> str:
    parameters = {
        "signature": signature(timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": "od1P50M-fNQI5Gcq-trm4a7apsU8",
        "encrypt_type": "aes",
        "msg_signature": signature(timestamp, nonce, encrypted),
    }
    return urlencode({**parameters, **changed})


def push(message: str, **options: Any) -> tuple[str, bytes]:
    """Query and body of a push with that message."""
    sealing = {name: options.pop(name) for name in ("key", "appid") if name in options}
    encrypted = sealed(message, **sealing)
    return query(encrypted, **options), envelope(encrypted)


def now_push(message: str = FAIL, **options: Any) -> tuple[str, bytes]:
    """The same, sent at this moment by the real clock."""
    return push(message, timestamp=str(int(time.time())), **options)
