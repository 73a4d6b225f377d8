"""Draw how far a command is, on standard error if that is a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..._display.terminal import width
from ..language import text
from ..times import duration
from .streams import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.text import Text
    from typing_extensions import Self

_WIDEST_BAR = 30
_NARROWEST_BAR = 8
_ROOM_FOR_KEYS = 3

# The time is drawn anew this many times a second.
_REFRESHES = 2

# Seconds after which a rate says something.
_RATE_FROM = 1.0


class Bar:
    """A bar with the number of what is done, a note, and the time left.

    `total` is None where it is unknown. The time left is that to the end of `limit` seconds, or else it is
    estimated from the rate, which is shown too. It is erased at the end.
    """

    def __init__(self, total: int | None, *, limit: float | None = None, rate: bool = True) -> None:
        self._total = total
        self._rate = rate and limit is None
        self._began = monotonic()
        self._ends = None if limit is None else self._began + limit
        self._done, self._before = 0, 0
        self._note: str | Callable[[], str] = ""
        self._live: Any = None

    def update(self, done: int, note: str | Callable[[], str] = "") -> None:
        """Shows a number and a note, which may be left out where there is no room for it.

        A note that is called is made when the bar is drawn, in another thread.
        """
        self._done, self._note = done, note

    def skip(self, done: int) -> None:
        """Counts what was done before: it does not belong to the rate."""
        self._done = self._before = done

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Erases the bar while results are written: they may go to the same terminal."""
        if self._live is None:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            sys.stdout.flush()
            self._live.start()

    def __enter__(self) -> Self:
        if sys.stderr is None or not sys.stderr.isatty():
            return self
        out = console(error=True)
        if out.is_interactive and not out.is_dumb_terminal:
            from rich.live import Live

            # Standard output is not for the bar's stream, even if it is the same terminal.
            self._live = Live(
                get_renderable=lambda: self._line(out.width),
                console=out,
                refresh_per_second=_REFRESHES,
                transient=True,
                redirect_stdout=False,
                vertical_overflow="crop",
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def _line(self, columns: int) -> Text:
        """One line, with room for the ^C that a terminal writes behind it."""
        from rich.text import Text

        count = f"{self._done}/{self._total}" if self._total is not None else f"{self._done}"
        room = columns - _ROOM_FOR_KEYS - width(count)
        parts = []
        # What matters most comes first: the time, the note, the rate.
        note = self._note() if callable(self._note) else self._note
        for forms in (self._time(), (note,), (self._speed(),)):
            part = next((form for form in forms if room >= width(form) + 2), "")
            if part:
                parts.append(part)
                room -= width(part) + 2
        told = "  ".join([count, *parts])
        if self._total and room >= _NARROWEST_BAR + 1:
            size = min(room - 1, _WIDEST_BAR)
            full = size * self._done // self._total
            line = Text.assemble(("━" * full, "green"), ("━" * (size - full), "bright_black"), " ", told)
        else:
            line = Text(told)
        line.no_wrap = True
        return line

    def _time(self) -> tuple[str, ...]:
        """The time, and a shorter form of it."""
        now = monotonic()
        if self._ends is not None:
            left = duration(self._ends - now)
        elif self._rate and self._total and self._speed_now() > 0:
            left = duration((self._total - self._done) / self._speed_now())
        else:
            return (duration(now - self._began),)
        return text(f"{left} left", f"剩余 {left}"), left

    def _speed(self) -> str:
        speed = self._speed_now()
        return f"{speed:.0f}/s" if speed >= 10 else f"{speed:.1f}/s" if speed > 0 else ""

    def _speed_now(self) -> float:
        passed = monotonic() - self._began
        return (self._done - self._before) / passed if self._rate and passed >= _RATE_FROM else 0.0
