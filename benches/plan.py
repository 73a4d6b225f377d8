"""What a scenario is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benches.server import Place

# By what the clients of a scenario are compared.
CPU = "cpu"  # CPU time a call; less is better
SPEED = "speed"  # calls a second; more is better
WALL = "wall"  # seconds; less is better


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a run takes: at most about ten minutes, or two."""

    rounds: int
    seconds: float  # of a measurement
    batch_seconds: float  # at most, of a peer's batch
    growth: tuple[int, ...]
    starts: int  # processes for one figure
    left_out: tuple[str, ...] = ()  # peers that asyncio makes so slow that they would take half of the time


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
    """Where measurements take place."""

    places: Mapping[str, Place]
    core: int  # the clients'
    folder: Path  # for files of a measurement


@dataclass(frozen=True, slots=True)
class Row:
    """A client in a scenario, and how to measure it once."""

    label: str
    peer: str  # whose environment it needs; empty where it needs none
    measure: Callable[[Bench], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A table."""

    name: str
    title: str
    title_zh: str
    judged_by: str
    rows: tuple[Row, ...]
    needs: tuple[str, ...] = ("plain",)  # places, and "wrk"
