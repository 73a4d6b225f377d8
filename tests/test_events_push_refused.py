"""What is no push of WeChat to this platform is refused, and the refusal tells nobody what was wrong."""

from __future__ import annotations

import base64
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from push_platform import (
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
from wxaudit.events._seen import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def refusal(text: str | bytes | Mapping[str, Any], body: bytes, **options: Any) -> EventRejected:
    with pytest.raises(EventRejected) as caught:
        receiver(**options).receive(text, body)
    assert not caught.value.retryable
    return caught.value


def sealed_as_it_is(plain: bytes) -> str:
    """Encrypted without any padding or structure of our own."""
    key = wechatpy_crypto().key
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


MESSAGE = FAIL.encode() + b" " * 20
FULL = bytes(16) + len(MESSAGE).to_bytes(4, "big") + MESSAGE + APPID.encode()
GOOD = sealed(FAIL)


COUNT = 32 - len(FULL) % 32
"""How many bytes of padding WeChat puts behind it: neither 1 nor more than 16, for the cases below."""
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
    "a timestamp that is no number": (query(GOOD, timestamp="1488856591.5"), GOOD),
    "a timestamp of other digits": (query(GOOD, timestamp="１４８８８５６５９１"), GOOD),
}


@pytest.mark.parametrize("case", ORACLES)
def test_every_fault_from_signature_to_appid_is_told_in_the_same_words(case: str) -> None:
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
    # Nor by the key before, where there is one.
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
        ({"msg_signature": 1, "timestamp": NOW, "nonce": None}, envelope(GOOD)),
        ({"msg_signature": ["1", "1"], "timestamp": "1", "nonce": "1"}, envelope(GOOD)),
    ],
    ids=range(23),
)
def test_what_lacks_a_part_or_has_it_twice_is_refused_unread(text: Any, body: bytes) -> None:
    assert refusal(text, body).message.startswith("the push lacks what WeChat always sends: msg_signature")


def test_a_large_body_is_refused_unread() -> None:
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
    assert error.message.endswith("more than max_age=300")
    assert not error.replayed


def test_the_same_push_is_taken_once() -> None:
    platform = receiver()
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for again in (text, text + "&more=1", text.replace("encrypt_type=aes&", "")):
        with pytest.raises(EventRejected) as caught:
            platform.receive(again, body)
        assert (caught.value.message, caught.value.replayed) == ("the same push was taken before", True)
        assert caught.value.hint.startswith("Nothing is to be done")
    # The same words sealed and signed anew are another push.
    assert platform.receive(*push(FAIL)) is not None


def test_characters_that_move_between_parameters_do_not_make_another_push() -> None:
    platform = receiver(max_age=10**10)
    encrypted = sealed(FAIL)
    # The parts are joined without separators: "11" + "1488856591" is "1" + "11488856591" as well.
    signed = signature(str(NOW), "11", encrypted)
    assert platform.receive(query(encrypted, nonce="11"), envelope(encrypted)) is not None
    moved = query(encrypted, nonce="1", timestamp=f"1{NOW}", msg_signature=signed)
    assert receiver(max_age=10**10).receive(moved, envelope(encrypted)) is not None
    with pytest.raises(EventRejected, match="taken before"):
        platform.receive(moved, envelope(encrypted))


def test_a_push_is_remembered_as_long_as_it_could_be_taken() -> None:
    now = [NOW - 300]
    platform = receiver(clock=lambda: now[0])
    text, body = push(FAIL)
    assert platform.receive(text, body) is not None
    for now[0] in range(NOW - 300, NOW + 301, 20):
        with pytest.raises(EventRejected, match="taken before"):
            platform.receive(text, body)
        platform.receive(*push(FAIL, timestamp=str(now[0])))
    now[0] = NOW + 301
    with pytest.raises(EventRejected, match="301 seconds ago"):
        platform.receive(text, body)


def test_of_many_threads_one_takes_a_push() -> None:
    platform = receiver()
    taken: list[object] = []
    replayed: list[bool] = []
    for _ in range(20):
        text, body = push(FAIL)
        start = threading.Barrier(8)

        def take(text: str = text, body: bytes = body, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                taken.append(platform.receive(text, body))
            except EventRejected as error:
                replayed.append(error.replayed)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(taken), replayed) == (20, [True] * 140)


def test_a_push_that_was_forgotten_is_taken_again() -> None:
    platform = receiver()
    text, body = push(FAIL)
    first = platform.receive(text, body)
    platform.forget(text)
    platform.forget("nonsense")
    assert platform.receive(text, body) == first


def test_a_push_that_another_thread_takes_meanwhile_is_not_taken() -> None:
    class TooEarly(dict[str, object]):
        def __contains__(self, key: object) -> bool:
            return False

    seen = Seen(300)
    seen._by_time[NOW // 300] = TooEarly()
    assert [seen.add("signature", NOW, NOW) for _ in range(3)] == [True, False, False]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxaudit.events._seen._MOST", 10)
    seen = Seen(300)
    assert all(seen.add(str(number), NOW, NOW) for number in range(100))
    assert not seen.add("99", NOW, NOW)
    assert sum(map(len, seen._by_time.values())) == 10
    seen.add("later", NOW + 10**6, NOW + 10**6)
    assert sum(map(len, seen._by_time.values())) == 1


@pytest.mark.parametrize("wrong", [None, 5, ["a"], object()])
def test_arguments_of_the_wrong_type_are_told_apart_from_pushes(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="query must be"):
        receiver().receive(wrong, envelope(GOOD))
    with pytest.raises(ArgumentError, match=re.escape("body must be the raw bytes of the request, got")):
        receiver().receive("", wrong)
    with pytest.raises(ArgumentError, match="got str"):
        receiver().receive("", "text")  # type: ignore[arg-type]  # what is refused
