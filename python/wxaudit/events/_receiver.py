"""The receiver of pushes."""

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
"""The whole answer to a push, not encrypted: WeChat then does not send it again."""

# The longest that WeChat sends are texts of users, far below.
LARGEST_BODY = 1024 * 1024

# Below, clocks that differ a little would lose pushes; above, there is too much to remember.
_SHORTEST_AGE = 1
_LONGEST_AGE = 24 * 3600

_REFUSED = (
    "the push is not one that WeChat sent to this third-party platform, or Token, EncodingAESKey or appid "
    "are not those of its settings"
)


class EventReceiver:
    """Takes the pushes of one third-party platform. One serves a whole process: all threads, forked ones too.

    Its secrets are in no repr, traceback or pickle; it cannot be pickled at all.
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Checks the configuration, which stands in WeChat's console under 开发配置, 开发资料.

        - `token`: the platform's Token, 消息校验Token.
        - `encoding_aes_key`: its EncodingAESKey, 消息加解密Key, 43 letters and digits.
        - `component_appid`: the appid of the platform itself, not of a mini program.
        - `previous_encoding_aes_key`: the one before, as WeChat advises: pushes may come under both for a
          while after a change.
        - `max_age`: how many seconds a push may be old, or ahead of this server's clock, from 1 to a day. The
          same push is refused for as long; each process remembers for itself, the newest 65 536 of that time
          at least.
        - `clock`: the Unix time.

        `ArgumentError` for a value that cannot be used, without a word of a secret.
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
        if not callable(clock):
            raise ArgumentError(f"clock must be callable, such as time.time, got {type(clock).__name__}")
        self._clock = clock
        self._seen = Seen(self._max_age)

    @property
    def component_appid(self) -> str:
        """The appid of the platform."""
        return self._appid

    def receive(self, query: Mapping[Any, Any] | str | bytes, body: bytes) -> AuditEvent | None:
        """What a push says about an audit; None for a push about anything else.

        - `query`: the query string as it came, or a mapping of its parameters: `request.GET` of Django,
          `request.args` of Flask, `request.query_params` of Starlette, `request.query_arguments` of Tornado,
          what `parse_qs` gives. Texts or bytes.
        - `body`: the raw bytes.

        Raises `EventRejected` for whatever is not a push of WeChat to this platform, of this time and for
        the first time: answer HTTP 403. In that order the signature is compared, the text decrypted, the
        appid and the time compared, and only then XML is parsed, without DTD and entities; what could be
        read is compared with what was taken. `ArgumentError` where the arguments are of the wrong type.

        A push that comes back is marked as taken; when your own work with it fails, see `forget`.
        """
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise ArgumentError(f"body must be the raw bytes of the request, got {type(body).__name__}")
        if memoryview(body).nbytes > LARGEST_BODY:
            raise EventRejected(f"the body is larger than {LARGEST_BODY} bytes, which WeChat never sends")
        given, encrypted = parameters(query), encrypted_text(bytes(body))
        if given is None or encrypted is None:
            raise EventRejected(
                "the push lacks what WeChat always sends: msg_signature, timestamp and nonce in the query "
                "and Encrypt in the body, each once"
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
            raise EventRejected(f"the push is WeChat's, but {problem}")
        # Last, since what is not taken may come again; of several threads that came here one is the first.
        if not self._seen.add(signature.decode("ascii"), int(timestamp), self._clock()):
            raise EventRejected("the same push was taken before", replayed=True)
        return event

    def forget(self, query: Mapping[Any, Any] | str | bytes) -> None:
        """Lets a push that was taken come again: for when your own work with its event failed.

        WeChat repeats a push that is not answered with success. Whether it signs it anew is not documented.
        """
        given = parameters(query)
        if given is not None:
            self._seen.discard(given[0].decode("utf-8", "replace"))

    def encrypt_reply(
        self, text: str, nonce: str | None = None, *, timestamp: int | None = None, previous_key: bool = False
    ) -> str:
        """A reply that says more than success: the XML to answer with, encrypted and signed.

        Audit events need none: for them answer `SUCCESS`. `nonce`: that of the push, or a fresh one.
        `timestamp`: now by default. `previous_key`: under the previous EncodingAESKey, for a push that came
        under it. `ArgumentError` for a text that is none, a nonce of other characters than letters, digits
        and `_.-`, and a previous key that there is not.

        Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
        """
        if not isinstance(text, str):
            raise ArgumentError(f"text must be a str, got {type(text).__name__}")
        nonce = str(secrets.randbelow(10**10)) if nonce is None else nonce
        if not isinstance(nonce, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", nonce):
            raise ArgumentError("nonce must be that of the push: up to 128 letters, digits, _ . or -")
        if previous_key and len(self._keys) == 1:
            raise ArgumentError("previous_key needs a receiver with previous_encoding_aes_key")
        moment = int(self._clock()) if timestamp is None else timestamp
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

    def _check_age(self, timestamp: int) -> None:
        age = self._clock() - timestamp
        if abs(age) > self._max_age:
            when = f"{age:.0f} seconds ago" if age > 0 else f"{-age:.0f} seconds ahead of this server's clock"
            raise EventRejected(f"the push was sent {when}, more than max_age={self._max_age:g}")

    def __repr__(self) -> str:
        # One that its constructor refused may still be shown, by whoever reports the error.
        if not hasattr(self, "_seen"):
            return "<EventReceiver: not made>"
        return (
            f"EventReceiver(token=***, encoding_aes_key=***, component_appid={self._appid!r}, "
            f"max_age={self._max_age:g})"
        )

    def __reduce__(self) -> Any:
        raise TypeError("an EventReceiver holds secrets and cannot be pickled; make one in each process")
