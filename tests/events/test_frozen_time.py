"""The receiver reads the clock when it needs it, so a test may replace `time.time`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import freeze_time

from support.push_platform import APPID, FAIL, KEY, NOW, TOKEN, push
from wxaudit.events import EventReceiver, EventRejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezegun.api import FrozenDateTimeFactory

# Made before any test replaces the clock, as an application does.
RECEIVER = EventReceiver(TOKEN, KEY, APPID)


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    frozen: Any = freeze_time(datetime.fromtimestamp(NOW, timezone.utc))
    with frozen as clock:
        yield clock


@pytest.mark.parametrize("made", ["before", "inside"])
def test_freezegun_sets_the_time_of_a_receiver(clock: FrozenDateTimeFactory, made: str) -> None:
    receiver = RECEIVER if made == "before" else EventReceiver(TOKEN, KEY, APPID)
    assert receiver.receive(*push(FAIL, nonce=made)) is not None
    clock.tick(timedelta(seconds=301))
    with pytest.raises(EventRejected, match="301 seconds ago"):
        receiver.receive(*push(FAIL, nonce="later"))
    clock.move_to(datetime.fromtimestamp(NOW - 301, timezone.utc))
    with pytest.raises(EventRejected, match="301 seconds ahead"):
        receiver.receive(*push(FAIL, nonce="earlier"))


def test_freezegun_sets_the_time_of_a_reply(clock: FrozenDateTimeFactory) -> None:
    clock.tick(timedelta(seconds=5))
    assert f"<TimeStamp>{NOW + 5}</TimeStamp>" in RECEIVER.encrypt_reply("")
