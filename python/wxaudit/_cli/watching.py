"""Ask for audits again and again until all are decided, and show each round."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .._display.terminal import wrapped
from .._display.times import local_time
from . import exit_codes
from .language import text
from .output import json_lines, results
from .output.streams import console, is_terminal
from .times import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from .._native import AuditQuery, AuditResult


_MINUTE = 60


def watch_until_decided(
    ask: Callable[[list[AuditQuery]], Sequence[AuditResult]],
    queries: Sequence[AuditQuery],
    interval: float,
    *,
    as_json: bool,
) -> list[AuditResult]:
    """The last result of each query. An error that may pass does not end the watch."""
    latest: dict[AuditQuery, AuditResult] = {}
    with _display(queries, latest, interval, as_json) as show:
        pending = list(queries)
        while True:
            latest.update(zip(pending, ask(pending), strict=True))
            show()
            pending = [query for query in pending if not _is_decided(latest[query])]
            if not pending:
                return [latest[query] for query in queries]
            time.sleep(interval)


def _is_decided(result: AuditResult) -> bool:
    if result.error is not None:
        return exit_codes.of_error(result.error) is not exit_codes.ExitCode.UNAVAILABLE
    return not result.unwrap().is_pending


@contextmanager
def _display(
    queries: Sequence[AuditQuery], latest: dict[AuditQuery, AuditResult], interval: float, as_json: bool
) -> Iterator[Callable[[], None]]:
    """What shows a round: a table that is redrawn, or else a line for each change."""
    if not as_json and is_terminal():
        out = console()
        if out.is_interactive and not out.is_dumb_terminal:
            with _redrawn(out, queries, latest, interval) as show:
                yield show
            return
    shown: dict[AuditQuery, object] = {}

    def show_changes() -> None:
        for query, result in latest.items():
            state = _state_of(result)
            if shown.get(query) == state:
                continue
            shown[query] = state
            if as_json:
                json_lines.write_result(result)
            else:
                print(results.plain(result), flush=True)

    yield show_changes


def _state_of(result: AuditResult) -> object:
    """What a change is: not another rid or time in the message of an error."""
    error = result.error
    return result.status if error is None else (type(error), getattr(error, "errcode", None))


@contextmanager
def _redrawn(
    out: Console, queries: Sequence[AuditQuery], latest: dict[AuditQuery, AuditResult], interval: float
) -> Iterator[Callable[[], None]]:
    """A table on the other screen of the terminal, as pagers use it; its last state stays on the first."""
    from rich.live import Live

    def picture() -> Text:
        from rich.text import Text

        every = f"{interval:g} s" if interval < _MINUTE else duration(interval)
        now = local_time(datetime.now(timezone.utc))
        caption = text(f"Every {every}, last at {now}", f"每 {every} 查询一次，最近一次 {now}")
        above = [Text(line, style="bright_black") for line in wrapped(caption, out.width)]
        room = max(out.height - len(above) - 1, 1)
        below = _fitting([latest[query] for query in queries if query in latest], out.width, room)
        return Text("\n", no_wrap=True).join([*above, Text(""), *below])

    live = Live(console=out, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def show(*_: Any) -> None:
        live.update(picture(), refresh=True)

    before = signal.signal(signal.SIGWINCH, show) if hasattr(signal, "SIGWINCH") else None
    try:
        with live:
            yield show
    finally:
        if before is not None:
            signal.signal(signal.SIGWINCH, before)
        results.show([latest[query] for query in queries if query in latest])


def _fitting(shown: Sequence[AuditResult], columns: int, room: int) -> list[Text]:
    """The table; without details if the terminal is too low for them, and then as many rows as it holds."""
    from rich.text import Text

    lines = results.lines(shown, columns)
    if len(lines) > room:
        lines = results.lines(shown, columns, detailed=False)
    if len(lines) > room:
        rest = text(f"{len(lines) - room + 1} more lines", f"另有 {len(lines) - room + 1} 行")
        lines = [*lines[: room - 1], Text(rest)]
    return lines
