"""The goals, and whether a run reached them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.clients import OURS
from benches.plan import CPU, SPEED, WALL
from benches.server import ROUND_TRIP_SECONDS
from benches.summary import Spread, peers_rounds, ratios, value

if TYPE_CHECKING:
    from collections.abc import Sequence

AIM = "aim reached"
MUST = "met"
MISSED = "missed"
UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True)
class Figure:
    """A goal and the measured value."""

    goal: str
    client: str
    must: float
    aim: float | None
    measured: Spread | None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Return the verdict on the median."""
        if self.measured is None:
            return UNKNOWN
        if self.aim is not None and self._reaches(self.aim):
            return AIM
        return MUST if self._reaches(self.must) else MISSED

    def _reaches(self, bound: float) -> bool:
        assert self.measured is not None
        return self.measured.median >= bound if self.at_least else self.measured.median <= bound


def figures(results: dict[str, Any]) -> list[Figure]:
    """Return every goal, in order."""
    of = {scenario["name"]: scenario for scenario in results["scenarios"]}
    found = _against_peers(of.get("sequential"), "one after another: CPU a call / best peer", CPU, 0.75, 0.65)
    for name, count in (("asyncio-64", 64), ("asyncio-256", 256)):
        title = f"asyncio, {count} at once: speed"
        found += _against_peers(of.get(name), f"{title} / best peer", SPEED, 1.7, 2.0)
        found += _against(of.get(name), f"{title} / aiohttp + uvloop", "aiohttp + uvloop", SPEED, 3.0, 4.0)
    batch = of.get("batch")
    found += _against_peers(batch, "batch of 10 000: CPU a call / best asyncio peer", CPU, 0.3, None)
    found += _against(batch, "batch of 10 000: CPU a call / wreq", "wreq", CPU, 0.3, 30 / 146)
    found += _against_peers(of.get("threads-8"), "8 threads: speed / best peer", SPEED, 1.25, 1.5)
    found += _against_ideal(of.get("far"))
    for name, title in (("tls-sequential", "TLS, one after another"), ("tls-batch", "TLS, batch of 10 000")):
        found += _against_peers(of.get(name), f"{title}: CPU a call / best peer", CPU, 1.0, None)
    for name, title in (("growth-batch", "a batch"), ("growth-iterator", "an iterator")):
        found.append(_growth(of.get(name), f"growth of {title}: CPU a call", "cpu"))
    found.append(_growth(of.get("growth-iterator"), "growth of an iterator: peak memory", "memory"))
    found += _import(of.get("import"))
    found += _against_peers(of.get("start"), "start to first answer: wall / best peer", WALL, 1.0, None)
    found.append(_wheel(results["machine"].get("wheel_bytes")))
    return found


def _our_rows(scenario: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [row for row in scenario["rows"] if row["peer"] == OURS] if scenario else []


def _against_peers(
    scenario: dict[str, Any] | None, goal: str, metric: str, must: float, aim: float | None
) -> list[Figure]:
    others = peers_rounds(scenario) if scenario else []
    return _compared(scenario, others, goal, metric, must, aim)


def _against(
    scenario: dict[str, Any] | None, goal: str, rival: str, metric: str, must: float, aim: float | None
) -> list[Figure]:
    others = [row["rounds"] for row in scenario["rows"] if row["label"] == rival] if scenario else []
    return _compared(scenario, others, goal, metric, must, aim)


def _compared(
    scenario: dict[str, Any] | None,
    others: Sequence[Sequence[Any]],
    goal: str,
    metric: str,
    must: float,
    aim: float | None,
) -> list[Figure]:
    rows = _our_rows(scenario) or [{"label": OURS, "rounds": []}]
    return [
        Figure(
            goal,
            row["label"],
            must,
            aim,
            Spread.of(ratios(row["rounds"], others, metric)),
            at_least=metric == SPEED,
        )
        for row in rows
    ]


def _against_ideal(scenario: dict[str, Any] | None) -> list[Figure]:
    """Compare with the ideal: 256 calls in flight get 256 responses per round trip."""
    found = []
    for row in _our_rows(scenario) or [{"label": OURS, "rounds": []}]:
        speeds = [value(round_, SPEED) for round_ in row["rounds"]]
        walls = [256 / ROUND_TRIP_SECONDS / speed for speed in speeds if speed]
        found.append(
            Figure("20 ms away, 256 at once: wall / ideal", row["label"], 1.4, 1.25, Spread.of(walls))
        )
    return found


def _growth(scenario: dict[str, Any] | None, goal: str, of: str) -> Figure:
    """Divide the value of the largest size by that of the smallest, for each round."""
    label, measured = OURS, None
    rows = _our_rows(scenario)
    if len(rows) > 1:
        small, large = rows[0], rows[-1]
        label = f"{large['label']} / {small['label']}"
        if of == "cpu":
            found = ratios(large["rounds"], [small["rounds"]], CPU)
        else:
            pairs = zip(large["rounds"], small["rounds"], strict=True)
            found = [
                big["peak_kib"] / little["peak_kib"]
                for big, little in pairs
                if big and little and "peak_kib" in big and "peak_kib" in little
            ]
        measured = Spread.of(found)
    return Figure(goal, label, 1.1, None, measured)


def _import(scenario: dict[str, Any] | None) -> list[Figure]:
    rounds = [round_ for row in _our_rows(scenario) for round_ in row["rounds"] if round_]
    walls = [round_["wall_seconds"] * 1000 for round_ in rounds if "wall_seconds" in round_]
    states = [round_ for round_ in rounds if "loaded" in round_]
    threads = [float(round_["threads"] - 1) for round_ in states]
    asyncio = [float("asyncio" in round_["loaded"]) for round_ in states]
    return [
        Figure("import over a bare interpreter: ms", OURS, 15.0, 5.0, Spread.of(walls)),
        Figure("import: threads", OURS, 0.0, None, Spread.of(threads)),
        Figure("import: asyncio (0: not imported)", OURS, 0.0, None, Spread.of(asyncio)),
    ]


def _wheel(size: int | None) -> Figure:
    return Figure("wheel: MB", OURS, 3.0, 2.0, None if size is None else Spread.of([size / 1e6]))


def missed(found: list[Figure]) -> list[Figure]:
    """Return the goals that a run did not reach, or did not measure."""
    return [figure for figure in found if figure.verdict in (MISSED, UNKNOWN)]


def spread_of_limit(results: dict[str, Any]) -> float | None:
    """Return how much wrk varied, which does not depend on any client: the middle half over the median."""
    for scenario in results["scenarios"]:
        if scenario["name"] == "limit":
            plain = [row for row in scenario["rows"] if "away" not in row["label"]]
            spreads = [
                Spread.of([speed for each in row["rounds"] if (speed := value(each, SPEED)) is not None])
                for row in plain
            ]
            wide = [(each.high - each.low) / each.median for each in spreads if each is not None]
            return statistics.median(wide) if wide else None
    return None
