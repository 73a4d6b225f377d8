"""All scenarios, in their order: the number of each is the number of its audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrecy import (
    answers,
    arguments,
    batch_arguments,
    batch_running,
    batches,
    echoes,
    frames,
    network,
    queries,
    running,
    sources,
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
    *batch_arguments.SCENARIOS,
    *batch_running.SCENARIOS,
    *queries.SCENARIOS,
    *frames.SCENARIOS,
)
