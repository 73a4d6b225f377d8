"""Summarize rounds: medians with their spread, and ratios within a round."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.clients import OURS
from benches.plan import CPU, SPEED, WALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# If the middle half of a ratio is wider than this, the machine did other work during the run.
NOISE = 0.15


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, their middle half, their minimum and maximum."""

    median: float
    low: float
    high: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """Return the spread of some values, or `None` if there are none."""
        if not values:
            return None
        if len(values) == 1:
            return cls(*[values[0]] * 5)
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(statistics.median(values), low, high, min(values), max(values))

    @property
    def is_wide(self) -> bool:
        """Return whether the middle half is wider than on a quiet machine."""
        return self.median != 0 and (self.high - self.low) / abs(self.median) > NOISE


@dataclass(frozen=True, slots=True)
class RowSummary:
    """A client in a scenario, over all rounds."""

    label: str
    peer: str
    cpu_microseconds: Spread | None
    calls_a_second: Spread | None
    wall_seconds: Spread | None
    ratio: Spread | None  # to the best peer of the same round
    peak_mib: float | None
    threads: int | None
    calls: int | None
    rounds: int  # in which it was measured
    exit_codes: list[int | None]
    stderr: str
    is_noisy: bool


def value(round_: dict[str, Any] | None, metric: str) -> float | None:
    """Return the value of a round by this metric, or `None` if the round failed."""
    if not round_ or "wall_seconds" not in round_:
        return None
    calls, wall = round_["calls"], round_["wall_seconds"]
    if metric == SPEED:
        return float(calls / wall) if wall else None
    if metric == WALL:
        return float(wall)
    return float(round_["cpu_seconds"] / calls * 1e6) if "cpu_seconds" in round_ else None


def ratios(rounds: Sequence[Any], others: Sequence[Sequence[Any]], metric: str) -> list[float]:
    """Return this client's value over the best value of the others, for each round where neither failed."""
    best = max if metric == SPEED else min
    found = []
    for index, round_ in enumerate(rounds):
        own = value(round_, metric)
        rivals = _present(value(other[index], metric) for other in others if index < len(other))
        if own is not None and rivals and best(rivals):
            found.append(own / best(rivals))
    return found


def peers_rounds(scenario: dict[str, Any]) -> list[list[Any]]:
    """Return the rounds of all clients but ours."""
    return [row["rounds"] for row in scenario["rows"] if row["peer"] not in (OURS, "")]


def summarise(scenario: dict[str, Any]) -> list[RowSummary]:
    """Return all rows of a scenario, best first."""
    metric = scenario["judged_by"]
    others = peers_rounds(scenario)
    rows = [_summarise_row(row, metric, others) for row in scenario["rows"]]
    if not others:
        return rows  # sizes, not clients: they keep their order

    def rank(row: RowSummary) -> float:
        spread = of_metric(row, metric)
        if spread is None:
            return float("inf")
        return -spread.median if metric == SPEED else spread.median

    return sorted(rows, key=rank)


def of_metric(row: RowSummary, metric: str) -> Spread | None:
    """Return the figure by which the scenario is compared."""
    return {CPU: row.cpu_microseconds, SPEED: row.calls_a_second, WALL: row.wall_seconds}[metric]


def _summarise_row(row: dict[str, Any], metric: str, others: list[list[Any]]) -> RowSummary:
    rounds = row["rounds"]
    done = [round_ for round_ in rounds if round_]

    def spread(of: str) -> Spread | None:
        return Spread.of(_present(value(round_, of) for round_ in done))

    def all_of(key: str) -> list[Any]:
        return [round_[key] for round_ in done if key in round_]

    ratio = Spread.of(ratios(rounds, others, metric))
    own = spread(metric)
    # The best peer always has the same ratio.
    judged = ratio if ratio is not None and row["peer"] == OURS else own
    return RowSummary(
        label=row["label"],
        peer=row["peer"],
        cpu_microseconds=spread(CPU),
        calls_a_second=spread(SPEED),
        wall_seconds=spread(WALL),
        ratio=ratio,
        peak_mib=statistics.median(all_of("peak_kib")) / 1024 if all_of("peak_kib") else None,
        threads=max(all_of("threads"), default=None),
        calls=round(statistics.median(all_of("calls"))) if all_of("calls") else None,
        rounds=len(done),
        exit_codes=all_of("exit_code"),
        stderr=next(iter(all_of("stderr")), ""),
        is_noisy=judged is not None and judged.is_wide,
    )


def _present(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
