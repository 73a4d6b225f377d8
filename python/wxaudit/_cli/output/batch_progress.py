"""Show the progress of a batch on standard error if it is a terminal: rate, time left and counts."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from .streams import console, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from typing_extensions import Self

# A bar that is drawn for each outcome would cost more than the outcome.
_EVERY = 0.1


class BatchProgress:
    """A bar. `console` is where lines may be printed above it, if standard output is a terminal."""

    console: Console | None = None

    def __init__(self, total: int, done: int, counts: Callable[[], str]) -> None:
        """`counts` tells how many outcomes of each kind there are."""
        self._done, self._counts, self._shown_at = done, counts, 0.0
        self._bar: Any = None
        if is_terminal():
            self.console = console()
        if sys.stderr.isatty():
            # A bar and the lines above it have to be drawn by one console.
            self._bar = _bar(self.console or console(error=True))
            self._task = self._bar.add_task("", total=total, completed=done, counts="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._show()
            self._bar.stop()

    def advance(self) -> None:
        """One more row has its outcome."""
        self._done += 1
        now = time.monotonic()
        if self._bar is not None and now - self._shown_at >= _EVERY:
            self._shown_at = now
            self._show()

    def _show(self) -> None:
        self._bar.update(self._task, completed=self._done, counts=self._counts())


def _bar(shown_on: Console) -> Any:
    from rich import progress
    from rich.table import Column

    class Rate(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Any:
            from rich.text import Text

            return Text(f"{task.speed or 0:.0f}/s", style="progress.data.speed")

    counts = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return progress.Progress(
        progress.BarColumn(bar_width=16),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[counts]}", markup=False, table_column=counts),
        console=shown_on,
        expand=True,
        # Standard output may be another place than the bar.
        redirect_stdout=False,
        redirect_stderr=False,
    )
