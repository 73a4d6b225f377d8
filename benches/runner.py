"""Run the rounds, in each of which every client of every scenario is measured once."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

from benches.plan import Bench, Row, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

# A client that takes this long for one measurement is measured only in every third round.
_SLOW_SECONDS = 4.0
_SLOW_ROUNDS = 3


def runnable(
    scenarios: Sequence[Scenario], places: Collection[str], peers: Collection[str]
) -> tuple[list[Scenario], list[str]]:
    """Return the scenarios that can be measured here, and a message for each of the others."""
    found, missing = [], []
    for scenario in scenarios:
        lacking = [need for need in scenario.needs if need not in places]
        if lacking:
            missing.append(f"{scenario.title}: left out, since it needs {' and '.join(lacking)}")
            continue
        rows = tuple(row for row in scenario.rows if not row.peer or row.peer in peers)
        if rows:
            found.append(
                Scenario(
                    scenario.name,
                    scenario.title,
                    scenario.title_zh,
                    scenario.judged_by,
                    rows,
                    scenario.needs,
                )
            )
    return found, missing


def run_rounds(
    scenarios: Sequence[Scenario], bench: Bench, rounds: int, report: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Measure each row once per round, so that a temporary disturbance affects all of them."""
    measured: dict[tuple[str, str], list[dict[str, Any] | None]] = {}
    slow: set[tuple[str, str]] = set()
    for number in range(rounds):
        for scenario in scenarios:
            report(f"round {number + 1} of {rounds}: {scenario.title}")
            for row in _rotated(scenario.rows, number):
                place = (scenario.name, row.label)
                results = measured.setdefault(place, [])
                if place in slow and number % _SLOW_ROUNDS:
                    results.append(None)
                    continue
                began = time.monotonic()
                result = _measure(row, bench)
                results.append(result)
                if time.monotonic() - began > _SLOW_SECONDS:
                    slow.add(place)
                if result.get("exit_code") != 0:
                    report(f"  {row.label} ended with exit code {result.get('exit_code')}")
    return [
        {
            "name": scenario.name,
            "title": scenario.title,
            "title_zh": scenario.title_zh,
            "judged_by": scenario.judged_by,
            "rows": [
                {"label": row.label, "peer": row.peer, "rounds": measured[scenario.name, row.label]}
                for row in scenario.rows
            ],
        }
        for scenario in scenarios
    ]


def _rotated(rows: Sequence[Row], number: int) -> Iterable[Row]:
    """Start each round with another client, so that none always follows the same one's warm caches."""
    start = number % len(rows)
    return [*rows[start:], *rows[:start]]


def _measure(row: Row, bench: Bench) -> dict[str, Any]:
    """Measure once; a failure is recorded in the row and does not end the run."""
    try:
        return row.measure(bench)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return {"exit_code": None, "stderr": f"{type(error).__name__}: {error}"}
