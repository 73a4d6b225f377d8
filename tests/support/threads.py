"""The threads of this process, as the system knows them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def thread_names() -> dict[Path, str]:
    """The name of each running thread, by its folder in `/proc`; without those that end meanwhile."""
    names = {}
    for task in Path("/proc/self/task").iterdir():
        # ESRCH: the thread ended after its file was opened.
        with suppress(FileNotFoundError, ProcessLookupError):
            names[task] = (task / "comm").read_text().strip()
    return names
