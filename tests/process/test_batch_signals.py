"""Ctrl-C and its like in a batch: it ends within 100 ms, its requests are dropped, the client works on."""

from __future__ import annotations

import statistics

import pytest

from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import report

MOMENTS = [
    "collecting_a_list",
    "collecting_from_a_generator",
    "collecting_what_is_not_answered",
    "collecting_from_a_busy_generator",
    "iterating",
    "iterating_what_is_not_answered",
    "iterating_with_results_handled",
    "iterating_over_a_busy_generator",
    "iterating_over_a_slow_generator",
    "iterating_in_asyncio_run",
]
OTHER_SIGNALS = [(name, moment) for name in ("SIGTERM", "SIGALRM") for moment in MOMENTS[2:7:2]]


@pytest.mark.parametrize(
    ("name", "tries", "moment"),
    [("SIGINT", 30, moment) for moment in MOMENTS] + [(name, 8, moment) for name, moment in OTHER_SIGNALS],
)
def test_a_batch_of_a_hundred_thousand_is_interrupted(
    fake_process: FakeProcess, name: str, tries: int, moment: str
) -> None:
    interrupts = report(
        "batch_interrupts", fake_process.base_url, fake_process.token(), name, tries, HELD_AUDITID, moment
    )
    latencies = [latency for latency, _, _ in interrupts]
    raised = [raised_at for _, raised_at, _ in interrupts]
    there = [results for _, _, results in interrupts]
    # The program has ended: all of its connections have, or are about to.
    connections = fake_process.connections(f"wait_for_closed={fake_process.connections()['accepted']}")
    drops = [it["closed_at"] for it in connections["closed"] if it["unanswered"] is not None]
    # Each drop beside the interrupt that was raised last before it, or, by a hair, next.
    delays = [min(abs(closed_at - raised_at) for raised_at in raised) for closed_at in drops]
    print(
        f"{name}, {moment}: {len(interrupts)} interrupts, raised after "
        f"{1000 * statistics.median(latencies):.0f} ms (median), {1000 * max(latencies):.0f} ms (most), with "
        f"{statistics.median(there):.0f} results there (median); the server saw {len(drops)} connections "
        f"drop under a request, at most {1000 * max(delays):.0f} ms away"
    )
    assert len(interrupts) == tries
    # Of so few the 99th of a hundred is the last.
    assert max(latencies) <= 0.1
    assert max(there) < 100_000
    # The first query is never answered: where results were there, a request was in flight.
    met = sum(results > 0 for results in there)
    assert met >= tries // 4
    assert len(drops) >= met
    assert max(delays) <= 0.1
