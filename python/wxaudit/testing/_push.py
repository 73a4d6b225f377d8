"""Encrypted and signed push events about audits, as WeChat sends them to a third-party platform."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from ..events._crypto import encrypt, read_appid, read_key, read_token, sign
from ..events._message import TIMES
from ._audits import FakeAudit
from ._life import APPROVED, DELAYED, REJECTED, check_details, state_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypedDict

    from typing_extensions import Required

    from ._clock import FakeClock

    class PushOptions(TypedDict, total=False):
        """The keyword arguments of `FakeWeChat.make_push` and `FakeWeChat.push`."""

        token: Required[str]
        encoding_aes_key: Required[str]
        component_appid: Required[str]
        reason: str | None
        screenshots: Iterable[str]
        timestamp: int | None
        nonce: str | None


_EVENT_NAMES = dict(zip((APPROVED, REJECTED, DELAYED), TIMES, strict=True))
# The timeout of WeChat.
_RESPONSE_TIMEOUT = 5


class PushAnswer(NamedTuple):
    """The answer of a platform to a push."""

    http_status: int
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether WeChat accepts the answer: 200, and `success` or an empty body."""
        return self.http_status == 200 and self.body in (b"success", b"")


@dataclass(eq=False, repr=False)
class FakePush:
    """A push, created by `FakeWeChat.make_push`, with its `query` (text) and `body` (bytes).

    `appid` and `original_id` are those of the mini program. `message` is the XML before encryption.
    """

    appid: str
    original_id: str
    message: str
    query: str
    body: bytes

    def send(self, url: str) -> PushAnswer:
        """POST the push to a URL and return the answer. `$APPID$` in the URL is replaced by the appid.

        Each call sends it again. Raise the errors of `http.client`: `ConnectionError`, or `TimeoutError`
        after WeChat's timeout of 5 seconds.
        """
        parts = urlsplit(url.replace("$APPID$", self.appid))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"the URL of a receiver must begin with http:// or https://, not {parts.scheme!r}"
            )
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        target = f"{parts.path or '/'}?{parts.query + '&' if parts.query else ''}{self.query}"
        connection = kind(parts.hostname, parts.port, timeout=_RESPONSE_TIMEOUT)
        try:
            connection.request("POST", target, self.body, {"Content-Type": "text/xml"})
            answer = connection.getresponse()
            return PushAnswer(answer.status, answer.read())
        finally:
            connection.close()

    def __repr__(self) -> str:
        return f"<FakePush for {self.appid}: {len(self.body)} bytes>"


def original_id(appid: str) -> str:
    """Return the 原始 ID of a mini program. It depends only on the appid."""
    return f"gh_{hashlib.sha256(appid.encode()).hexdigest()[:12]}"


def make_push(
    clock: FakeClock,
    audit: FakeAudit | str,
    appid: str,
    *,
    token: str,
    encoding_aes_key: str,
    component_appid: str,
    reason: str | None = None,
    screenshots: Iterable[str] = (),
    timestamp: int | None = None,
    nonce: str | None = None,
) -> FakePush:
    """See `FakeWeChat.make_push`."""
    if not isinstance(audit, (FakeAudit, str)):
        raise TypeError(f"audit must be a FakeAudit or the name of an event, not {type(audit).__name__}")
    # REJECTED allows both: a named event may have a reason and screenshots.
    screenshots = check_details(REJECTED, reason, screenshots)
    if nonce is not None and not isinstance(nonce, str):
        raise TypeError(f"nonce must be a string, not {type(nonce).__name__}")
    if timestamp is not None and (isinstance(timestamp, bool) or not isinstance(timestamp, int)):
        raise TypeError(f"timestamp must be a whole number of Unix seconds, not {type(timestamp).__name__}")
    moment = clock.timestamp()
    if isinstance(audit, FakeAudit):
        if reason is not None or screenshots:
            raise ValueError("reason and screenshots are for a named event: an audit has its own")
        state, decided_at = int(audit.state), int(audit.changed_at.timestamp())
        if state not in _EVENT_NAMES:
            raise ValueError(
                f"WeChat sends no push for an audit that is {state_name(state)}: change its state first"
            )
        kind, appid, reason, screenshots = _EVENT_NAMES[state], audit.appid, audit.reason, audit.screenshots
    else:
        kind, decided_at = audit, moment
    sender = f"o{hashlib.sha256(component_appid.encode()).hexdigest()[:27]}"
    fields = [
        ("ToUserName", _cdata(original_id(appid))),
        ("FromUserName", _cdata(sender)),
        ("CreateTime", str(moment)),
        ("MsgType", _cdata("event")),
        ("Event", _cdata(kind)),
    ]
    if reason is not None:
        fields.append(("Reason", _cdata(reason)))
    if kind in TIMES:
        fields.append((TIMES[kind], str(decided_at)))
    if screenshots:
        fields.append(("ScreenShot", _cdata("|".join(screenshots))))
    message = "<xml>" + "\n".join(f"<{name}>{value}</{name}>" for name, value in fields) + "\n</xml>"
    sent_at = str(moment if timestamp is None else timestamp)
    nonce = str(secrets.randbelow(10**10)) if nonce is None else nonce
    checked_token = read_token(token)
    key = read_key(encoding_aes_key, "encoding_aes_key")
    encrypted = encrypt(key, message.encode(), read_appid(component_appid).encode(), os.urandom(16))
    stamp = (sent_at.encode(), nonce.encode())
    query = urlencode(
        {
            "signature": sign(checked_token, *stamp),
            "timestamp": sent_at,
            "nonce": nonce,
            "openid": sender,
            "encrypt_type": "aes",
            "msg_signature": sign(checked_token, *stamp, encrypted),
        }
    )
    body = (
        f"<xml>\n    <ToUserName>{_cdata(original_id(appid))}</ToUserName>\n"
        f"    <Encrypt>{_cdata(encrypted.decode())}</Encrypt>\n</xml>"
    )
    return FakePush(appid, original_id(appid), message, query, body.encode())


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
