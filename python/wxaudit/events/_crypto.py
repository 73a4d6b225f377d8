"""The signature and the encryption of pushes and replies.

Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

from .._errors.tree import ArgumentError
from .._native import as_secret
from .._optional import import_optional

import_optional("cryptography", "wxaudit.events")
from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: E402  # the line above says what is missing
from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: E402  # as above
from cryptography.hazmat.primitives.ciphers.modes import CBC  # noqa: E402  # as above

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._native import Token

# Of WeChat's PKCS#7: the length of the key, not that of AES's own blocks.
_BLOCK = 32
_RANDOM = 16
_LENGTH = 4


def read_token(token: Any) -> Token:
    """The Token, checked; the `ArgumentError` does not show it."""
    rule = "token must be the Token (消息校验Token) of the third-party platform, letters and digits"
    return as_secret(_checked(token, r"[!-~]{1,128}", rule))


def read_key(encoding_aes_key: Any, name: str) -> Token:
    """The EncodingAESKey, checked; the `ArgumentError` does not show it."""
    # The page says letters and digits; the other two of Base64 do no harm.
    rule = (
        f"{name} must be the EncodingAESKey (消息加解密Key) of the third-party platform, "
        "43 letters and digits"
    )
    return as_secret(_checked(encoding_aes_key, r"[A-Za-z0-9+/]{43}", rule))


def read_appid(component_appid: Any) -> str:
    """The appid, checked; the `ArgumentError` does not show it: it may be a secret in the wrong place."""
    rule = "component_appid must be the appid of the third-party platform itself, such as wx134c8103faa5a59e"
    return _checked(component_appid, r"wx[A-Za-z0-9]{1,62}", rule)


def sign(token: Token, *parts: bytes) -> str:
    """WeChat's msg_signature of timestamp, nonce and the encrypted text."""
    joined = hashlib.sha1(b"".join(sorted([token.reveal().encode(), *parts])))  # noqa: S324  # WeChat's choice
    return joined.hexdigest()


def is_signed(signature: bytes, token: Token, *parts: bytes) -> bool:
    """Whether that is the signature, in constant time."""
    return hmac.compare_digest(signature, sign(token, *parts).encode())


def encrypt(key: Token, message: bytes, appid: bytes, random: bytes) -> bytes:
    """The text of `<Encrypt>`; `random` is 16 bytes."""
    full = random + len(message).to_bytes(_LENGTH, "big") + message + appid
    count = _BLOCK - len(full) % _BLOCK
    encryptor = _cipher(key).encryptor()
    return b64encode(encryptor.update(full + bytes([count]) * count) + encryptor.finalize())


def decrypt(key: Token, encrypted: bytes, appid: bytes) -> bytes | None:
    """The message for that appid; None where anything about it is wrong, never a hint what."""
    # How strict the decoder itself is differs between releases of Python.
    if len(encrypted) % 4 or not re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", encrypted):
        return None
    data = b64decode(encrypted)
    if len(data) % _BLOCK:
        return None
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or not padded.endswith(bytes([count]) * count):
        return None
    full = padded[_RANDOM:-count]
    end = _LENGTH + int.from_bytes(full[:_LENGTH], "big")
    if not hmac.compare_digest(full[end:], appid):
        return None
    return full[_LENGTH:end]


def _cipher(key: Token) -> Cipher[CBC]:
    aes_key = b64decode(key.reveal() + "=")
    return Cipher(AES(aes_key), CBC(aes_key[:16]))


def _checked(secret: object, pattern: str, rule: str) -> str:
    if isinstance(secret, str) and re.fullmatch(pattern, secret):
        return secret
    given = f"a text of {len(secret)} characters" if isinstance(secret, str) else type(secret).__name__
    raise ArgumentError(f"{rule}, got {given}")
