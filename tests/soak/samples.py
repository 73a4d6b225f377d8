"""Sample what this process holds, and find out whether it keeps growing."""

from __future__ import annotations

import gc
import itertools
import os
import statistics
import time
from typing import NamedTuple

# What may be added in the course of a run, however long: more is a leak. Connections come and go all the
# time, so the number of descriptors is uncertain.
BOUNDS = {"megabytes": 5.0, "descriptors": 20.0, "threads": 3.0}

# The beginning, in which pools and caches fill up, says nothing about growth.
WARM_UP = 0.25


class Sample(NamedTuple):
    """What the process holds at one moment."""

    seconds: float
    megabytes: float
    descriptors: int
    threads: int


class Slope(NamedTuple):
    """How a quantity changes."""

    name: str
    first: float
    last: float
    per_minute: float
    growth: float
    bound: float

    @property
    def is_steep(self) -> bool:
        return self.growth > self.bound

    def __str__(self) -> str:
        verdict = "GROWS" if self.is_steep else "holds"
        return (
            f"{self.name}: {self.first:.1f} at first, {self.last:.1f} at last, "
            f"{self.per_minute:+.4f} a minute, "
            f"{self.growth:+.2f} in all, at most {self.bound:g}: {verdict}"
        )


def take_sample(begun: float) -> Sample:
    gc.collect()
    with open("/proc/self/statm") as statm:
        megabytes = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    descriptors, threads = len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
    return Sample(time.monotonic() - begun, megabytes, descriptors, threads)


def slopes(samples: list[Sample]) -> list[Slope]:
    """The slope of each quantity after the warm-up: the median of those between any two samples."""
    kept = samples[int(len(samples) * WARM_UP) :]
    minutes = (kept[-1].seconds - kept[0].seconds) / 60
    found = []
    for name, bound in BOUNDS.items():
        values = [(sample.seconds / 60, float(getattr(sample, name))) for sample in kept]
        slope = statistics.median(
            (later - earlier) / (end - start)
            for (start, earlier), (end, later) in itertools.combinations(values, 2)
        )
        found.append(Slope(name, values[0][1], values[-1][1], slope, slope * minutes, bound))
    return found
