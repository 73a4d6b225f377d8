"""The data of the fake: clock, audits, tokens, media, traces, and counted polls."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ._audits import Audits
from ._media import Media
from ._tokens import Tokens
from ._traces import Traces

if TYPE_CHECKING:
    import threading

    from ._clock import FakeClock


class ServerState:
    """The data that operations read and change. Operations run with `lock` held."""

    def __init__(self, clock: FakeClock, lock: threading.RLock) -> None:
        self.lock = lock
        self.clock = clock
        self.audits = Audits()
        self.tokens = Tokens(clock, lock)
        self.media = Media()
        self.traces = Traces()
        self.polls: Counter[str] = Counter()

    def clear(self) -> None:
        """Forget everything except the clock."""
        with self.lock:
            for part in (self.audits, self.tokens, self.media, self.traces, self.polls):
                part.clear()
