"""What the fake knows: its clock, its audits, its tokens. All of it under one lock."""

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
    """The state that operations read and change. Call them with `lock` held."""

    def __init__(self, clock: FakeClock, lock: threading.RLock) -> None:
        self.lock = lock
        self.clock = clock
        self.audits = Audits(clock, lock)
        self.tokens = Tokens(clock, lock)
        self.media = Media()
        self.traces = Traces()
        self.polls: Counter[str] = Counter()
