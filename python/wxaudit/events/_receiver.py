"""Verify, decrypt and parse the pushes of a third-party platform."""

from __future__ import annotations

import os
import re
import secrets
import time

from .._errors.tree import ArgumentError
from .._validation import check_seconds
from ._crypto import decrypt, encrypt, is_signed, read_appid, read_key, read_token, sign
from ._message import read_message
from ._rejected import EventRejected
from ._request import encrypted_text, parameters
from ._seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from typing import Any

    from .._native import Token
    from ._audit_event import AuditEvent

SUCCESS = "success"
"""The complete, unencrypted answer to a push. WeChat does not repeat a push that is answered with it."""

# The longest pushes of WeChat, texts of users, are much shorter.
MAX_BODY_SIZE = 1024 * 1024

# A shorter age would lose pushes if clocks differ a little; a longer age would need too much memory.
_SHORTEST_AGE = 1
_LONGEST_AGE = 24 * 3600

_SIGNED = ("msg_signature", "timestamp", "nonce")

_NOT_CHECKED = (
    "the request is not WeChat's check of this address, or Token is not the one of its settings; it has "
    "signature, "
    "timestamp, nonce and echostr in its query, each exactly once"
)

_REFUSED = (
    "the push is not one that WeChat sent to this third-party platform, or Token, EncodingAESKey or appid "
    "are not those of its settings"
)


class EventReceiver:
    """Receive the pushes of one third-party platform. All threads and forked children can share one.

    It does not show its secrets in a repr or traceback, and it cannot be pickled.
    """

    __slots__ = ("__weakref__", "_appid", "_clock", "_keys", "_max_age", "_seen", "_token")

    _token: Token
    _keys: tuple[Token, ...]

    def __init__(
        self,
        token: str,
        encoding_aes_key: str,
        component_appid: str,
        *,
        previous_encoding_aes_key: str | None = None,
        max_age: float | timedelta = 300,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Create a receiver. WeChat's console shows the settings under 开发配置, 开发资料.

        - `token`: the platform's Token (消息校验Token).
        - `encoding_aes_key`: the platform's EncodingAESKey (消息加解密Key), 43 letters and digits.
        - `component_appid`: the appid of the platform itself, not of a mini program.
        - `previous_encoding_aes_key`: the previous key. After a change of the key, WeChat may encrypt with
          either key for a while.
        - `max_age`: how many seconds the timestamp of a push may differ from this server's clock, from 1 to
          one day. Replays are refused for the same time. Each process remembers the pushes that it accepted,
          at least the newest 65 536.
        - `clock`: a function that returns the Unix time; `time.time` by default.

        Invalid values raise `ArgumentError`. Its message does not contain secrets.
        """
        self._token = read_token(token)
        keys = [read_key(encoding_aes_key, "encoding_aes_key")]
        if previous_encoding_aes_key is not None:
            keys.append(read_key(previous_encoding_aes_key, "previous_encoding_aes_key"))
        self._keys = tuple(keys)
        self._appid = read_appid(component_appid)
        self._max_age = check_seconds(
            "max_age", max_age, "max_age=300", shortest=_SHORTEST_AGE, longest=_LONGEST_AGE
        )
        if clock is not None and not callable(clock):
            raise ArgumentError(f"clock must be callable, such as time.time, got {type(clock).__name__}")
        self._clock = clock
        self._seen = Seen(self._max_age)

    @property
    def component_appid(self) -> str:
        """The appid of the platform itself."""
        return self._appid

    def receive(self, query: Mapping[Any, Any] | str | bytes, body: bytes) -> AuditEvent | None:
        """Return the event of a push, or None for a push that is not about an audit.

        - `query`: the raw query string, or a mapping of its parameters: `request.GET` of Django,
          `request.args` of Flask, `request.query_params` of Starlette, `request.query_arguments` of Tornado,
          the result of `parse_qs`. Keys and values may be bytes.
        - `body`: the raw bytes of the request.

        Raise `EventRejected` for a push that is forged, for another platform, too old, replayed, or not
        readable. Answer it with HTTP 403. The checks run in this order: signature, decryption, appid, time,
        XML without DTD and entities, replay. Raise `ArgumentError` for arguments of the wrong type.

        The push is then remembered as accepted. Call `forget` if your own work with the event fails.
        """
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise ArgumentError(f"body must be the raw bytes of the request, got {type(body).__name__}")
        if memoryview(body).nbytes > MAX_BODY_SIZE:
            raise EventRejected(f"the body is larger than {MAX_BODY_SIZE} bytes, which WeChat never sends")
        given, encrypted = parameters(query, *_SIGNED), encrypted_text(bytes(body))
        if given is None or encrypted is None:
            raise EventRejected(
                "the push does not have what WeChat always sends: msg_signature, timestamp and nonce in the "
                "query, and Encrypt in the body, each exactly once"
            )
        signature, timestamp, nonce = given
        opened = None
        if is_signed(signature, self._token, timestamp, nonce, encrypted):
            opened = self._open(encrypted)
        if opened is None or not re.fullmatch(rb"[0-9]{1,11}", timestamp):
            raise EventRejected(_REFUSED)
        self._check_age(int(timestamp))
        event, problem = opened
        if problem:
            raise EventRejected(f"WeChat sent the push, but {problem}")
        # The last check, so that a rejected push can be sent again. Only one of several threads passes it.
        if not self._seen.add(signature.decode("ascii"), int(timestamp), self._now()):
            raise EventRejected("the same push was accepted before", replayed=True)
        return event

    def echo(self, query: Mapping[Any, Any] | str | bytes) -> str:
        """The answer to WeChat's check of an address, a GET request: the `echostr` of its query.

        Raise `EventRejected` if `signature` is not WeChat's, or if a parameter is missing, repeated or too
        long.
        """
        given = parameters(query, "signature", "timestamp", "nonce", "echostr")
        if given is None or not is_signed(given[0], self._token, given[1], given[2]):
            raise EventRejected(_NOT_CHECKED)
        self._check_age(int(given[1]) if re.fullmatch(rb"[0-9]{1,11}", given[1]) else 0)
        return given[3].decode("utf-8", "replace")

    def forget(self, query: Mapping[Any, Any] | str | bytes) -> None:
        """Forget an accepted push, so that it can be received again. Call it when your own work failed.

        WeChat repeats a push that is not answered with success. It does not document whether a repetition
        has a new signature.
        """
        given = parameters(query, *_SIGNED)
        if given is not None:
            self._seen.discard(given[0].decode("utf-8", "replace"))

    def encrypt_reply(
        self, text: str, nonce: str | None = None, *, timestamp: int | None = None, previous_key: bool = False
    ) -> str:
        """Return encrypted and signed XML for a reply other than success.

        Audit events do not need one: answer `SUCCESS`.

        - `nonce`: the nonce of the push, up to 128 letters, digits and `_.-`. The default is a new one.
        - `timestamp`: the Unix time. The default is the current time.
        - `previous_key`: encrypt with the previous EncodingAESKey, as the push was.

        Source:
        https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
        """
        if not isinstance(text, str):
            raise ArgumentError(f"text must be a str, got {type(text).__name__}")
        nonce = str(secrets.randbelow(10**10)) if nonce is None else nonce
        if not isinstance(nonce, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", nonce):
            raise ArgumentError("nonce must be the nonce of the push: up to 128 letters, digits, _ . or -")
        if previous_key and len(self._keys) == 1:
            raise ArgumentError("previous_key needs previous_encoding_aes_key: pass it to the EventReceiver")
        moment = int(self._now()) if timestamp is None else timestamp
        if isinstance(moment, bool) or not isinstance(moment, int) or moment < 0:
            raise ArgumentError(f"timestamp must be a Unix time, a whole number, got {type(moment).__name__}")
        message = text.encode("utf-8", "replace")
        encrypted = encrypt(self._keys[bool(previous_key)], message, self._appid.encode(), os.urandom(16))
        signature = sign(self._token, str(moment).encode(), nonce.encode(), encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted.decode()}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{moment}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )

    def _open(self, encrypted: bytes) -> tuple[AuditEvent | None, str] | None:
        """What the message says, by `read_message`; None where no key opens it.

        Raises nothing: pushes of other kinds carry secrets, and a traceback would show the message.
        """
        for key in self._keys:
            message = decrypt(key, encrypted, self._appid.encode())
            if message is not None:
                return read_message(message)
        return None

    def _now(self) -> float:
        # Looked up at each use: freezegun replaces `time.time`.
        return time.time() if self._clock is None else self._clock()

    def _check_age(self, timestamp: int) -> None:
        age = self._now() - timestamp
        if abs(age) > self._max_age:
            when = f"{age:.0f} seconds ago" if age > 0 else f"{-age:.0f} seconds ahead of this server's clock"
            raise EventRejected(f"the push was sent {when}, more than max_age={self._max_age:g} allows")

    def __repr__(self) -> str:
        # A traceback may show a receiver whose constructor failed.
        if not hasattr(self, "_seen"):
            return "<EventReceiver: not made>"
        return (
            f"EventReceiver(token=***, encoding_aes_key=***, component_appid={self._appid!r}, "
            f"max_age={self._max_age:g})"
        )

    def __reduce__(self) -> Any:
        raise TypeError("an EventReceiver holds secrets and cannot be pickled; make one in each process")
