"""Our encryption, wechatpy's and WeChat's own examples read each other."""

from __future__ import annotations

import base64
import os
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from wechatpy.crypto import PrpCrypto

from support.push_platform import APPID, FAIL, KEY, TOKEN, envelope, sealed, wechatpy_crypto
from wxaudit import Token
from wxaudit.events import EventReceiver
from wxaudit.events._crypto import decrypt, encrypt, is_signed, read_key, sign

AES_KEY = read_key(KEY, "encoding_aes_key")
RAW_KEY = base64.b64decode(KEY + "=")
ALPHABET = "abc<>&\n 审核被拒绝小程序，。😀\u0000\u3000é"


def opened(encrypted: str, key: Any = AES_KEY, appid: str = APPID) -> bytes | None:
    return decrypt(key, encrypted.encode(), appid.encode())


def random_text(seed: int) -> str:
    rolled = random.Random(seed)  # noqa: S311  # the same texts in every run
    return "".join(rolled.choices(ALPHABET, k=rolled.randrange(0, 300)))


@pytest.mark.parametrize("seed", range(20))
def test_we_read_what_wechatpy_seals(seed: int) -> None:
    assert opened(sealed(random_text(seed))) == random_text(seed).encode()


@pytest.mark.parametrize("seed", range(20))
def test_wechatpy_reads_what_we_seal(seed: int) -> None:
    text = random_text(seed)
    encrypted = encrypt(AES_KEY, text.encode(), APPID.encode(), os.urandom(16))
    signature = sign(Token(TOKEN), b"1488856591", b"7", encrypted)
    crypto = wechatpy_crypto()
    assert crypto.decrypt_message(envelope(encrypted.decode()), signature, "1488856591", "7") == text


def padding_of(encrypted: str) -> int:
    decryptor = Cipher(AES(RAW_KEY), CBC(RAW_KEY[:16])).decryptor()
    return (decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize())[-1]


@pytest.mark.parametrize("count", range(1, 33))
def test_every_length_of_the_padding_is_read_and_written(count: int) -> None:
    text = "x" * ((32 - 16 - 4 - len(APPID) - count) % 32)
    theirs = sealed(text)
    ours = encrypt(AES_KEY, text.encode(), APPID.encode(), bytes(16)).decode()
    assert padding_of(theirs) == padding_of(ours) == count
    assert opened(theirs) == opened(ours) == text.encode()
    assert PrpCrypto(wechatpy_crypto().key).decrypt(ours, APPID) == text


# The example of "消息推送" for third-party platforms, event debug_demo:
# https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
DEMO_APPID = "wx134c8103faa5a59e"
DEMO_QUERY = (
    "signature=cc0c594499c1634947d5b502f158ee518947db27&timestamp=1715943329&nonce=1590219412"
    "&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes"
    "&msg_signature=6c12a4205838198b8fa631b3220723bb07f1015c"
)
DEMO_ENCRYPT = (
    "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp"
    "+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1r"
    "hHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywm"
    "a6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpag"
    "SCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg=="
)
DEMO_BODY = f"""<xml>
    <ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>
    <Encrypt><![CDATA[{DEMO_ENCRYPT}]]></Encrypt>
</xml>"""


def test_wechat_s_example_of_a_push_is_read() -> None:
    message = opened(DEMO_ENCRYPT, read_key("A" * 43, "encoding_aes_key"), DEMO_APPID)
    assert message is not None
    assert len(message) == 292
    assert b"<debug_str><![CDATA[hello world]]></debug_str>" in message
    platform = EventReceiver("AAAAA", "A" * 43, DEMO_APPID, clock=lambda: 1715943330)
    assert platform.receive(DEMO_QUERY, DEMO_BODY.encode()) is None


def test_wechat_s_example_of_a_reply_is_written() -> None:
    encrypted = encrypt(
        read_key("A" * 43, "encoding_aes_key"),
        b"<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>",
        DEMO_APPID.encode(),
        b"999951349e8ee746",
    )
    assert encrypted == (
        b"hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HAZbSvPT9t"
        b"/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7"
    )
    signature = sign(Token("AAAAA"), b"1713424427", b"415670741", encrypted)
    assert signature == "03e0812039325c2712ef5f0f980fd14c70d6e307"


def test_the_example_in_wechat_s_sample_code_is_read() -> None:
    encrypted = (
        "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2"
        "LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU"
        "6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTn"
        "ifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVW"
        "QLCzpu9GhglF2PE="
    )
    assert is_signed(
        b"5d197aaffba7e9b25a30732f161a50dee96bd5fa",
        Token(TOKEN),
        b"1409735669",
        b"1320562132",
        encrypted.encode(),
    )
    message = opened(encrypted)
    assert message is not None
    assert b"<Content><![CDATA[abcdteT]]></Content>" in message


def test_what_we_seal_is_another_text_each_time() -> None:
    from support.push_platform import receiver

    platform = receiver()
    assert len({platform.encrypt_reply(FAIL, "1", timestamp=1) for _ in range(8)}) == 8
