"""Forged and invalid pushes are refused, with messages that do not help an attacker."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from support.push_platform import (
    APPID,
    FAIL,
    NOW,
    PREVIOUS_KEY,
    envelope,
    push,
    query,
    receiver,
    sealed,
    signature,
    wechatpy_crypto,
)
from wxaudit import ArgumentError
from wxaudit.events import EventRejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def refusal(text: str | bytes | Mapping[str, Any], body: bytes, **options: Any) -> EventRejected:
    with pytest.raises(EventRejected) as caught:
        receiver(**options).receive(text, body)
    assert not caught.value.retryable
    return caught.value


def sealed_as_it_is(plain: bytes) -> str:
    """Encrypt bytes without adding padding or structure."""
    key = wechatpy_crypto().key
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


MESSAGE = FAIL.encode() + b" " * 20
FULL = bytes(16) + len(MESSAGE).to_bytes(4, "big") + MESSAGE + APPID.encode()
GOOD = sealed(FAIL)


COUNT = 32 - len(FULL) % 32
"""The number of padding bytes: the cases below need more than 1 and at most 16."""
assert 1 < COUNT <= 16


def padded(full: bytes, last: bytes = b"") -> bytes:
    count = 32 - len(full) % 32
    whole = full + bytes([count]) * count
    return whole[: len(whole) - len(last)] + last


ORACLES = {
    "a wrong signature": (query(GOOD, msg_signature="0" * 40), GOOD),
    "the signature in capitals": (
        query(GOOD, msg_signature=signature(str(NOW), "415670741", GOOD).upper()),
        GOOD,
    ),
    "a signature of the query only": (
        query(GOOD, msg_signature=signature(str(NOW), "415670741")),
        GOOD,
    ),
    "a signature of another nonce": (query(GOOD).replace("nonce=415", "nonce=416"), GOOD),
    "a signature under another Token": (
        query(GOOD, msg_signature=signature(str(NOW), "415670741", GOOD, token="other")),
        GOOD,
    ),
    "a signature that is no ASCII": (query(GOOD, msg_signature="签" * 40), GOOD),
    "another platform's appid": (sealed(FAIL, appid="wx134c8103faa5a59e"),) * 2,
    "an appid with more behind it": (sealed(FAIL, appid=APPID + "x"),) * 2,
    "no appid": (sealed(FAIL, appid=""),) * 2,
    "another EncodingAESKey": (sealed(FAIL, key=PREVIOUS_KEY),) * 2,
    "base64 cut by a character": (GOOD[:-1],) * 2,
    "base64 cut by four characters": (GOOD[:-4],) * 2,
    "base64 cut by a block of AES": (base64.b64encode(base64.b64decode(GOOD)[:-16]).decode(),) * 2,
    "base64 cut by a block of WeChat": (base64.b64encode(base64.b64decode(GOOD)[:-32]).decode(),) * 2,
    "base64 with more = behind": (GOOD.rstrip("=") + "====",) * 2,
    "base64 with = inside": (f"{GOOD[:8]}=={GOOD[10:]}",) * 2,
    "padding of 0": (sealed_as_it_is(padded(FULL, b"\0")),) * 2,
    "padding of 33": (sealed_as_it_is(padded(FULL, b"\x21")),) * 2,
    "padding of 255": (sealed_as_it_is(padded(FULL, b"\xff")),) * 2,
    "padding that disagrees with itself": (sealed_as_it_is(FULL + bytes(COUNT - 1) + bytes([COUNT])),) * 2,
    "padding of a block too much": (sealed_as_it_is(FULL + bytes([COUNT + 32]) * (COUNT + 32)),) * 2,
    "padding to AES's own blocks": (sealed_as_it_is(FULL + bytes([COUNT + 16]) * (COUNT + 16)),) * 2,
    "padding longer than the text": (sealed_as_it_is(b"\x20" * 32),) * 2,
    "a length beyond the end": (sealed_as_it_is(padded(FULL[:16] + b"\xff" * 4 + FULL[20:])),) * 2,
    "a length that is one short": (
        sealed_as_it_is(padded(FULL[:16] + (len(MESSAGE) - 1).to_bytes(4, "big") + FULL[20:])),
    )
    * 2,
    "nothing but random bytes": (sealed_as_it_is(padded(bytes(16))),) * 2,
    "half a length": (sealed_as_it_is(padded(bytes(18))),) * 2,
    "a timestamp that is not a number": (query(GOOD, timestamp="1488856591.5"), GOOD),
    "a timestamp of other digits": (query(GOOD, timestamp="１４８８８５６５９１"), GOOD),
}


@pytest.mark.parametrize("case", ORACLES)
def test_every_error_from_signature_to_appid_has_the_same_message(case: str) -> None:
    text, encrypted = ORACLES[case]
    if text == encrypted:
        text = query(encrypted)
    error = refusal(text, envelope(encrypted))
    assert error.message == (
        "the push is not one that WeChat sent to this third-party platform, or Token, EncodingAESKey or "
        "appid are not those of its settings"
    )
    assert (error.args, error.replayed) == ((error.message, {}), False)
    assert (error.__cause__, error.__context__) == (None, None)
    # A previous key does not change the message.
    if case != "another EncodingAESKey":
        assert (
            refusal(text, envelope(encrypted), previous_encoding_aes_key=PREVIOUS_KEY).message
            == error.message
        )


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (query(GOOD), b""),
        (query(GOOD), b"<xml></xml>"),
        (query(GOOD), b"<xml><Encrypt></Encrypt></xml>"),
        (query(GOOD), b"<xml><Encrypt><![CDATA[]]></Encrypt></xml>"),
        (query(GOOD), envelope("签")),
        (query(GOOD), envelope(GOOD) + envelope(GOOD)),
        (query(GOOD), envelope(GOOD).replace(b"</xml>", b"<Encrypt>")),
        (query(GOOD), FAIL.encode()),
        (query(GOOD), GOOD.encode()),
        (query(GOOD), b'{"Encrypt": "' + GOOD.encode() + b'"}'),
        ("", envelope(GOOD)),
        (b"", envelope(GOOD)),
        ({}, envelope(GOOD)),
        (query(GOOD).replace("msg_signature", "signature"), envelope(GOOD)),
        (query(GOOD, nonce=""), envelope(GOOD)),
        (query(GOOD) + "&nonce=415670741", envelope(GOOD)),
        (query(GOOD) + "&timestamp=1", envelope(GOOD)),
        ("msg_signature=1&" + query(GOOD), envelope(GOOD)),
        (parse_qs(query(GOOD) + "&nonce=1"), envelope(GOOD)),
        (query(GOOD) + "&a=b" * 200, envelope(GOOD)),
        (query(GOOD, nonce="1" * 257), envelope(GOOD)),
        ({"msg_signature": ["1", "1"], "timestamp": "1", "nonce": "1"}, envelope(GOOD)),
        ({"msg_signature": [], "timestamp": "1", "nonce": "1"}, envelope(GOOD)),
        ({"msg_signature": "1", b"msg_signature": b"1", "timestamp": "1", "nonce": "1"}, envelope(GOOD)),
    ],
    ids=range(24),
)
def test_a_push_with_missing_or_repeated_parts_is_refused(text: Any, body: bytes) -> None:
    assert refusal(text, body).message.startswith("the push does not have what WeChat always sends:")


def test_a_large_body_is_refused() -> None:
    body = envelope("A" * 10 * 1024 * 1024)
    assert "larger than 1048576 bytes" in refusal("", body).message
    assert "larger than" in refusal(query(GOOD), envelope(GOOD) + b" " * 1024 * 1024).message


def test_a_nonce_may_be_any_text() -> None:
    for nonce in ("随机数", "a b&c=d", "\x00", "😀", "1" * 256):
        assert receiver().receive(*push(FAIL, nonce=nonce)) is not None
    lone = {"msg_signature": "1" * 40, "timestamp": str(NOW), "nonce": "\ud800"}
    assert refusal(lone, envelope(GOOD)).message.startswith("the push is not one that WeChat sent")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(301, "301 seconds ago"), (10**9, "1000000000 seconds ago"), (-301, "301 seconds ahead of this server")],
)
def test_a_push_that_is_too_old_or_too_new_is_refused(seconds: int, said: str) -> None:
    error = refusal(*push(FAIL, timestamp=str(NOW - seconds)))
    assert said in error.message
    assert error.message.endswith("more than max_age=300 allows")
    assert not error.replayed


@pytest.mark.parametrize("wrong", [None, 5, ["a"], object()])
def test_arguments_of_the_wrong_type_are_argument_errors(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="query must be"):
        receiver().receive(wrong, envelope(GOOD))
    with pytest.raises(ArgumentError, match=re.escape("body must be the raw bytes of the request, got")):
        receiver().receive("", wrong)
    with pytest.raises(ArgumentError, match="got str"):
        receiver().receive("", "text")  # type: ignore[arg-type]  # invalid on purpose


@pytest.mark.parametrize("wrong", [1, None, [1], [["1"]], {"1": "1"}, bytearray(b"1")], ids=repr)
@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_parameter_of_the_wrong_type_is_an_argument_error(name: str, wrong: Any) -> None:
    given = {**dict.fromkeys(("msg_signature", "timestamp", "nonce"), "1"), name: wrong}
    said = f"^query: {name} must be a str, bytes or a list of these"
    with pytest.raises(ArgumentError, match=said):
        receiver().receive(given, envelope(GOOD))
    with pytest.raises(ArgumentError, match=said):
        receiver().forget(given)
