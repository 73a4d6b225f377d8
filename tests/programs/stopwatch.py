"""Measure how long something takes, without the time for which other programs had the cores."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path


class Stopwatch:
    """Runs from its construction. `pids`: other processes that take part.

    Linux tells for each thread how long it was ready to run and had no core. With idle cores that is
    next to nothing.
    """

    def __init__(self, *pids: int) -> None:
        self._pids = (os.getpid(), *pids)
        self._waits = self._read()
        self._began = time.monotonic()

    def seconds(self, until: float | None = None) -> float:
        """Until now, or until a moment of `time.monotonic`."""
        took = (time.monotonic() if until is None else until) - self._began
        return took - sum(
            wait - self._waits[thread] for thread, wait in self._read().items() if thread in self._waits
        )

    def _read(self) -> dict[str, float]:
        waits = {}
        for pid in self._pids:
            # A thread that has ended has no file; and tests use up all descriptors.
            with suppress(OSError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    with suppress(FileNotFoundError):
                        waits[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
        return waits
