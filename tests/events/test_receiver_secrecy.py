"""Token and EncodingAESKey of a platform are in no repr, traceback, message or pickle."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy
import pytest

from secrecy.passed import shown_locals
from support.push_platform import FAIL, NOW, push
from wxaudit import ArgumentError
from wxaudit.events import EventReceiver, EventRejected

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TOKEN = "canaryTokenQ7xZk4Wm9"
KEY = "canaryKeyQ7xZk4Wm9" + "B" * 25
PREVIOUS = "canaryOldQ7xZk4Wm9" + "C" * 25
TICKET = "ticket@@@canaryTicketQ7xZk4Wm9"
APPID = "wx2c2769f8efd9abc2"


def shown(error: BaseException) -> str:
    """All that the library's frames in a traceback show, less the settings that this test passed."""
    parts: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if found is not None:
            pending += [found.__cause__, found.__context__]
            parts += [str(found), *shown_locals(found)]
    return "\n".join([*parts, repr(error), str(error.args)])


def make(**changed: Any) -> EventReceiver:
    settings = {
        "token": TOKEN,
        "encoding_aes_key": KEY,
        "component_appid": APPID,
        "previous_encoding_aes_key": PREVIOUS,
        "clock": lambda: NOW,
    }
    return EventReceiver(**{**settings, **changed})


def seal(message: str = FAIL, **options: Any) -> tuple[str, bytes]:
    from support import push_platform

    text, body = push(message, key=KEY, **options)
    encrypted = body.split(b"<Encrypt><![CDATA[")[1].split(b"]]")[0].decode()
    parts = dict(part.split("=") for part in text.split("&"))
    right = push_platform.signature(parts["timestamp"], parts["nonce"], encrypted, token=TOKEN)
    return text.replace(parts["msg_signature"], right), body


WRONG_SETTINGS: dict[str, Callable[[], object]] = {
    "token is none": lambda: make(token=None),
    "token with a blank": lambda: make(token=TOKEN + " "),
    "token is the bytes": lambda: make(token=TOKEN.encode()),
    "key too short": lambda: make(encoding_aes_key=KEY[:-1]),
    "key too long": lambda: make(encoding_aes_key=KEY + "="),
    "key of other characters": lambda: make(encoding_aes_key=KEY[:-1] + "-"),
    "key is the bytes": lambda: make(encoding_aes_key=KEY.encode()),
    "key is none": lambda: make(encoding_aes_key=None),
    "previous key too short": lambda: make(previous_encoding_aes_key=PREVIOUS[:-1]),
    "appid and token change places": lambda: make(token=APPID, component_appid=TOKEN),
    "appid is the key": lambda: make(component_appid=KEY),
    "max_age is the key": lambda: make(max_age=KEY),
    "max_age is 0": lambda: make(max_age=0),
    "max_age is endless": lambda: make(max_age=float("inf")),
    "clock is the token": lambda: make(clock=TOKEN),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
def test_wrong_settings_are_refused_without_a_word_of_a_secret(case: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        WRONG_SETTINGS[case]()
    assert "Q7xZk4Wm9" not in shown(caught.value)
    assert caught.value.message.split()[0] in {
        "token", "encoding_aes_key", "previous_encoding_aes_key", "component_appid", "max_age", "clock",
    }  # fmt: skip


@pytest.mark.parametrize("token", ["wx5b97b03f7e2c4d18", "None", "null"])
def test_any_letters_and_digits_may_be_the_token_of_pushes(token: str) -> None:
    """What would be a mistake for an access token is a setting that a platform may have chosen."""
    assert make(token=token).component_appid == APPID


def test_messages_say_what_was_given() -> None:
    with pytest.raises(ArgumentError, match="43 letters and digits, got a text of 42 characters"):
        make(encoding_aes_key=KEY[:-1])
    with pytest.raises(ArgumentError, match="43 letters and digits, got bytes"):
        make(encoding_aes_key=KEY.encode())
    with pytest.raises(ArgumentError, match="max_age must be a number of seconds or a timedelta, got str"):
        make(max_age=KEY)
    for wrong in (float("nan"), float("inf"), 0, 0.999, -5, 24 * 3600 + 1, timedelta(days=2)):
        with pytest.raises(ArgumentError, match=r"max_age must be at (least 1 second|most one day), got "):
            make(max_age=wrong)
    for right in (1, 24 * 3600, timedelta(days=1), numpy.int64(300)):
        make(max_age=right)


def refused(text: Any, body: Any) -> Callable[[], object]:
    return lambda: make().receive(text, body)


def twice() -> object:
    platform, (text, body) = make(), seal()
    platform.receive(text, body)
    return platform.receive(text, body)


def broken_clock() -> float:
    raise OSError("no clock")


REFUSALS: dict[str, Callable[[], object]] = {
    "another Token": refused(*push(FAIL, key=KEY)),
    "another key": refused(*push(FAIL)),
    "no parameters": refused("", b""),
    "too old": refused(*seal(timestamp="1")),
    "no XML": refused(*seal("<broken" + TICKET)),
    "a bomb": refused(*seal(f"<!DOCTYPE xml><xml>{TICKET}</xml>")),
    "no time": refused(*seal(FAIL.replace("Time", TICKET.replace("@", "")))),
    "replayed": twice,
    "wrong arguments": lambda: make().receive(None, b""),  # type: ignore[arg-type]  # what is refused
    "no such previous key": lambda: make(previous_encoding_aes_key=None).encrypt_reply(
        "x", previous_key=True
    ),
    "a wrong nonce": lambda: make().encrypt_reply("x", "]]>"),
    "a wrong text": lambda: make().encrypt_reply(b"x"),  # type: ignore[arg-type]  # what is refused
    "a wrong timestamp": lambda: make().encrypt_reply("x", timestamp="1"),  # type: ignore[arg-type]  # what is refused
    "a clock that raises": lambda: make(clock=broken_clock).receive(*seal()),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_no_traceback_shows_a_secret(case: str) -> None:
    with pytest.raises((EventRejected, ArgumentError, OSError)) as caught:
        REFUSALS[case]()
    text = shown(caught.value)
    assert "Q7xZk4Wm9" not in text
    # The hunt itself works: the receiver's frames are in it.
    assert "EventReceiver(token=***" in text


def test_a_receiver_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    platform = make()
    assert repr(platform) == (
        f"EventReceiver(token=***, encoding_aes_key=***, component_appid={APPID!r}, max_age=300)"
    )
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().info("%s %r %s", platform, platform, platform.receive(*seal()))
    states = [getattr(platform, name) for name in EventReceiver.__slots__ if name != "__weakref__"]
    texts = [repr(states), repr(dir(platform)), repr(gc.get_referents(platform)), caplog.text]
    assert [text for text in texts if "Q7xZk4Wm9" in text] == []


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_receiver_cannot_be_pickled_or_copied(protocol: int) -> None:
    with pytest.raises(TypeError, match="holds secrets and cannot be pickled"):
        pickle.dumps(make(), protocol)
    with pytest.raises(TypeError):
        copy.deepcopy(make())


def test_a_receiver_that_was_not_made_can_be_shown() -> None:
    assert repr(EventReceiver.__new__(EventReceiver)) == "<EventReceiver: not made>"
