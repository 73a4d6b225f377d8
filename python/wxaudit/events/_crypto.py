"""The signature and the encryption of pushes and replies.

Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html

Token and keys come and go hidden, since the locals of these functions stand in tracebacks.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

from .._errors.tree import ArgumentError
from .._native import hide
from .._optional import import_optional

import_optional("cryptography", "wxaudit.events")
from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: E402  # the line above says what is missing
from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: E402  # as above
from cryptography.hazmat.primitives.ciphers.modes import CBC  # noqa: E402  # as above

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._native import Hidden

# Of WeChat's PKCS#7: the length of the key, not that of AES's own blocks.
_BLOCK = 32
_RANDOM = 16
_LENGTH = 4


def read_token(token: Any) -> Hidden:
    """The Token, checked; `ArgumentError` without a word of it."""
    if not (isinstance(token.get(), str) and re.fullmatch(r"[!-~]{1,128}", token.get())):
        raise ArgumentError(
            "token must be the Token (消息校验Token) of the third-party platform, letters and digits, "
            f"got {_described(token)}"
        )
    checked: Hidden = token
    return checked


def read_key(encoding_aes_key: Any, name: str) -> Hidden:
    """The AES key in an EncodingAESKey; `ArgumentError` without a word of it."""
    # The page says letters and digits; the other two of Base64 do no harm.
    if not (
        isinstance(encoding_aes_key.get(), str) and re.fullmatch(r"[A-Za-z0-9+/]{43}", encoding_aes_key.get())
    ):
        raise ArgumentError(
            f"{name} must be the EncodingAESKey (消息加解密Key) of the third-party platform, "
            f"43 letters and digits, got {_described(encoding_aes_key)}"
        )
    key: Hidden = hide(b64decode(encoding_aes_key.get() + "="))
    return key


def read_appid(component_appid: Any) -> str:
    """The appid; `ArgumentError` without a word of what it is, which may be a secret in the wrong place."""
    if not (
        isinstance(component_appid.get(), str) and re.fullmatch(r"wx[A-Za-z0-9]{1,62}", component_appid.get())
    ):
        raise ArgumentError(
            "component_appid must be the appid of the third-party platform itself, such as "
            f"wx134c8103faa5a59e, got {_described(component_appid)}"
        )
    return str(component_appid.get())


def sign(token: Hidden, *parts: bytes) -> str:
    """WeChat's msg_signature of timestamp, nonce and the encrypted text."""
    joined = hashlib.sha1(b"".join(sorted([token.get().encode(), *parts])))  # noqa: S324  # WeChat's choice
    return joined.hexdigest()


def is_signed(signature: bytes, token: Hidden, *parts: bytes) -> bool:
    """Whether that is the signature, in constant time."""
    return hmac.compare_digest(signature, sign(token, *parts).encode())


def encrypt(key: Hidden, message: bytes, appid: bytes, random: bytes) -> bytes:
    """The text of `<Encrypt>`; `random` is 16 bytes."""
    full = random + len(message).to_bytes(_LENGTH, "big") + message + appid
    count = _BLOCK - len(full) % _BLOCK
    encryptor = Cipher(AES(key.get()), CBC(key.get()[:16])).encryptor()
    return b64encode(encryptor.update(full + bytes([count]) * count) + encryptor.finalize())


def decrypt(key: Hidden, encrypted: bytes, appid: bytes) -> Hidden | None:
    """The message for that appid, hidden; None where anything about it is wrong, never a hint what."""
    # How strict the decoder itself is differs between releases of Python.
    if len(encrypted) % 4 or not re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", encrypted):
        return None
    data = b64decode(encrypted)
    if len(data) % _BLOCK:
        return None
    decryptor = Cipher(AES(key.get()), CBC(key.get()[:16])).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or not padded.endswith(bytes([count]) * count):
        return None
    full = padded[_RANDOM:-count]
    end = _LENGTH + int.from_bytes(full[:_LENGTH], "big")
    if not hmac.compare_digest(full[end:], appid):
        return None
    message: Hidden = hide(full[_LENGTH:end])
    return message


def _described(secret: Hidden) -> str:
    if isinstance(secret.get(), str):
        return f"a text of {len(secret.get())} characters"
    return type(secret.get()).__name__
