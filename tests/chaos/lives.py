"""Script the lives of audits: which states WeChat answers, and when each begins."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

APPROVED, REJECTED, IN_REVIEW, WITHDRAWN, DELAYED = range(5)


@dataclass(frozen=True)
class Change:
    """A state that the audit takes, so many seconds after its submission."""

    at: float
    state: int
    reason: str | None


@dataclass(frozen=True)
class Life:
    auditid: int
    appid: str
    changes: tuple[Change, ...]

    @property
    def states(self) -> list[tuple[int, int]]:
        """The changes that a watch must record: old and new state."""
        states = [IN_REVIEW, *(change.state for change in self.changes)]
        return list(itertools.pairwise(states))

    @property
    def decided_at(self) -> float:
        return self.changes[-1].at

    def as_audit(self) -> dict[str, object]:
        """The body of the fake's `POST /audits`."""
        steps, begun = [], 0.0
        for change in self.changes:
            step: dict[str, object] = {"state": change.state, "after": change.at - begun}
            if change.reason is not None:
                step["reason"] = change.reason
            steps.append(step)
            begun = change.at
        return {"auditid": self.auditid, "appid": self.appid, "state": IN_REVIEW, "life": steps}


def make_lives(seed: int, count: int, appids: int, shortest: float, longest: float) -> list[Life]:
    """Each state lasts from `shortest` to `longest` seconds: long enough for a poll to see each of them."""
    choose = random.Random(seed)  # noqa: S311  # the seed repeats a run
    lives = []
    for number in range(count):
        at = choose.uniform(shortest, longest)
        changes = []
        if choose.random() < 0.3:
            changes.append(Change(at, DELAYED, f"审核排队中 {number}"))
            at += choose.uniform(shortest, longest)
        state = choose.choices((APPROVED, REJECTED, WITHDRAWN), (6, 3, 1))[0]
        changes.append(Change(at, state, f"1:audit {number}:<br>" if state == REJECTED else None))
        lives.append(Life(600_000_000 + number, f"wx{number % appids:016x}", tuple(changes)))
    return lives
