"""Remember accepted pushes, so that none is accepted twice."""

from __future__ import annotations

from contextlib import suppress

_MAX_SIGNATURES = 65_536


class Seen:
    """A bounded set of the signatures of recently accepted pushes.

    It remembers signatures and not parameters. WeChat joins the signed parts without separators, so an
    attacker could move characters between timestamp, nonce and text under the same signature.

    It has no lock, since a forked child could inherit a lock that stays locked. Each step is one atomic dict
    operation.
    """

    __slots__ = ("_by_time", "_max_age")

    def __init__(self, max_age: float) -> None:
        self._max_age = max_age
        self._by_time: dict[int, dict[str, object]] = {}

    def add(self, signature: str, timestamp: int, now: float) -> bool:
        """Add a signature and return whether it is new."""
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
        if len(found) > _MAX_SIGNATURES:
            with suppress(RuntimeError):  # another thread changes the dict and removes one too
                found.pop(next(iter(found)), None)
        return True

    def discard(self, signature: str) -> None:
        """Forget a signature."""
        for period in list(self._by_time):
            self._by_time.get(period, {}).pop(signature, None)
