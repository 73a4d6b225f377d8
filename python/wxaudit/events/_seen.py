"""Which pushes have been taken, so that none is taken twice."""

from __future__ import annotations

from contextlib import suppress

_MOST = 65_536


class Seen:
    """The signatures of the pushes that are young enough to be sent again, at most so many.

    The signature is what is remembered, and not the parameters: WeChat joins what it signs without
    separators, so characters can move between timestamp, nonce and text under the same signature.

    Without a lock, which a child forked at the wrong moment would find held for ever: each step is one
    operation on a dict.
    """

    __slots__ = ("_by_time", "_max_age")

    def __init__(self, max_age: float) -> None:
        self._max_age = max_age
        self._by_time: dict[int, dict[str, object]] = {}

    def add(self, signature: str, timestamp: int, now: float) -> bool:
        """Whether it is new."""
        oldest = int((now - self._max_age) // self._max_age)
        for period in list(self._by_time):
            if period < oldest:
                self._by_time.pop(period, None)
            elif signature in self._by_time.get(period, {}):
                return False
        found = self._by_time.setdefault(int(timestamp // self._max_age), {})
        mine = object()
        if found.setdefault(signature, mine) is not mine:
            return False
        if len(found) > _MOST:
            with suppress(RuntimeError):  # another thread adds at this moment, and drops one as well
                found.pop(next(iter(found)), None)
        return True

    def discard(self, signature: str) -> None:
        """Forgets one."""
        for period in list(self._by_time):
            self._by_time.get(period, {}).pop(signature, None)
