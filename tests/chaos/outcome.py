"""Compare what the database, the receivers and the fake have with the scripted lives."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from chaos.lives import Life


@dataclass
class Outcome:
    """What came of a run. `faults` is empty if every promise was kept."""

    figures: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def require(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)

    def __str__(self) -> str:
        width = max(map(len, self.figures))
        lines = [f"{name:<{width}}  {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, *(f"BROKEN: {fault}" for fault in self.faults)])


def compare(
    lives: Iterable[Life],
    begun: datetime,
    watches: Mapping[int, tuple[int, str, datetime]],
    changes: Iterable[tuple[int, int, int, int]],
    deliveries: Iterable[tuple[str, str, int, int]],
    polls: Mapping[int, int],
    interval: float,
) -> Outcome:
    """`watches`: state, phase and time of the decision by auditid. `changes`: auditid, sequence, old, new.
    `deliveries`: key, signal, old, new, in their order. `polls`: how often the fake answered, by auditid."""
    lives = list(lives)
    outcome = Outcome()
    recorded: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for auditid, _, old, new in sorted(changes):
        recorded[auditid].append((old, new))
    told: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for key, signal, old, new in deliveries:
        told[key].append((signal, old, new))

    final = sum(watches[life.auditid][:2] == (life.changes[-1].state, "decided") for life in lives)
    exact = sum(recorded[life.auditid] == life.states for life in lives)
    expected = {
        (f"{life.appid}:{life.auditid}:{sequence}", signal, old, new)
        for life in lives
        for sequence, (old, new) in enumerate(life.states, 1)
        for signal in (["changed"] if sequence < len(life.states) else ["changed", "decided"])
    }
    seen = Counter((key, signal, old, new) for key in told for signal, old, new in told[key])
    lost, unexpected = expected - seen.keys(), seen.keys() - expected
    twice = sum(count - 1 for count in seen.values())
    scheduled = sum(1 + math.ceil(life.decided_at / interval) for life in lives)
    asked = sum(polls[life.auditid] for life in lives)
    delays = [
        (watches[life.auditid][2] - begun).total_seconds() - life.decided_at
        for life in lives
        if watches[life.auditid][2] is not None
    ]
    outcome.figures.update({
        "watches in their scripted final state": f"{final} of {len(lives)}",
        "watches whose changes are exactly the script": f"{exact} of {len(lives)}",
        "signals expected, lost, unexpected": f"{len(expected)}, {len(lost)}, {len(unexpected)}",
        "signals delivered twice, with the same key": str(twice),
        "polls, and those of the schedule": f"{asked}, {scheduled}: {asked / scheduled:.3f}",
        "longest delay of a decision": f"{max(delays, default=math.nan):.1f} s",
    })  # fmt: skip
    outcome.require(final == len(lives), f"not in the final state: {len(lives) - final}")
    outcome.require(exact == len(lives), f"changes unlike the script: {len(lives) - exact}")
    outcome.require(not lost, f"lost, among others: {sorted(lost)[:3]}")
    outcome.require(not unexpected, f"unexpected, among others: {sorted(unexpected)[:3]}")
    outcome.require(asked <= 1.05 * scheduled, "more polls than 1.05 of the schedule")
    outcome.require(_in_order(told), "a later change was told before an earlier one")
    return outcome


def _in_order(told: Mapping[str, object]) -> bool:
    # The table is read in the order of its rows: the first delivery of each key of a watch must rise.
    latest: dict[str, int] = {}
    for key in told:
        watch, _, sequence = key.rpartition(":")
        if int(sequence) < latest.get(watch, 0):
            return False
        latest[watch] = int(sequence)
    return True
