"""List all scenarios. The position of each determines the number of its audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrecy.scenarios import (
    answers,
    arguments,
    batch_arguments,
    batch_iteration,
    batch_running,
    batch_sources,
    batches,
    cached_sources,
    echoes,
    frame_refusals,
    frames,
    network,
    queries,
    running,
    sources,
    waits,
)

if TYPE_CHECKING:
    from secrecy.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *answers.SCENARIOS,
    *echoes.SCENARIOS,
    *network.SCENARIOS,
    *arguments.SCENARIOS,
    *sources.SCENARIOS,
    *running.SCENARIOS,
    *batches.SCENARIOS,
    *batch_sources.SCENARIOS,
    *batch_arguments.SCENARIOS,
    *batch_running.SCENARIOS,
    *batch_iteration.SCENARIOS,
    *queries.SCENARIOS,
    *frames.SCENARIOS,
    *frame_refusals.SCENARIOS,
    *waits.SCENARIOS,
    *cached_sources.SCENARIOS,
)
