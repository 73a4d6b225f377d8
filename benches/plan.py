"""The parts of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benches.server import Place

# The value by which the clients of a scenario are compared.
CPU = "cpu"  # CPU time per call; less is better
SPEED = "speed"  # calls per second; more is better
WALL = "wall"  # seconds; less is better


@dataclass(frozen=True, slots=True)
class Pace:
    """The duration of a run: about ten minutes or two at most."""

    rounds: int
    seconds: float  # per measurement
    batch_seconds: float  # maximum size of a peer's batch
    growth: tuple[int, ...]
    starts: int  # processes per figure
    left_out: tuple[str, ...] = ()  # with peers so slow under asyncio that they would take half of the time


FULL = Pace(rounds=7, seconds=0.4, batch_seconds=0.8, growth=(1_000, 10_000, 100_000), starts=3)
QUICK = Pace(
    rounds=3,
    seconds=0.15,
    batch_seconds=0.3,
    growth=(1_000, 20_000),
    starts=1,
    left_out=("httpx", "niquests"),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The environment of measurements."""

    places: Mapping[str, Place]
    core: int  # of the clients
    folder: Path  # for the files of a measurement


@dataclass(frozen=True, slots=True)
class Row:
    """A client in a scenario, and the function that measures it once."""

    label: str
    peer: str  # whose environment it needs; empty if it needs none
    measure: Callable[[Bench], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, which is one table of the report."""

    name: str
    title: str
    title_zh: str
    judged_by: str
    rows: tuple[Row, ...]
    needs: tuple[str, ...] = ("plain",)  # names of places, and "wrk"
