"""Write to standard output and standard error, whatever they are: terminals, files, pipes, any encoding."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from ..._display.terminal import wrapped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def prepare() -> None:
    """Let a character that an encoding lacks be written as its escape, and not end the program."""
    # A caller may have closed them.
    null = None if sys.stdout and sys.stderr else open(os.devnull, "w")  # noqa: SIM115  # until the end
    sys.stdout, sys.stderr = sys.stdout or null, sys.stderr or null
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence() -> None:
    """Drop what is still in the buffers: nobody reads standard output any more."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def is_terminal() -> bool:
    """Whether standard output is for a person."""
    return sys.stdout.isatty()


def forces_colour() -> bool:
    """Whether colours are wanted where the output is piped."""
    return bool(os.environ.get("FORCE_COLOR"))


def coloured(styled: Text) -> str:
    """A text with the codes of its colours."""
    out = console()
    with out.capture() as captured:
        out.print(styled, end="")
    return captured.get()


def console(*, error: bool = False) -> Console:
    """A console of Rich, which keeps NO_COLOR, FORCE_COLOR, TERM=dumb and COLUMNS. Texts hold no markup."""
    from rich.console import Console

    return Console(stderr=error, markup=False, highlight=False, emoji=False, soft_wrap=False)


def say(message: str) -> None:
    """Write a message for people to standard error, on a terminal without breaking words."""
    if sys.stderr is not None and sys.stderr.isatty():
        # Some terminals tell no width.
        columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        message = "\n".join(_broken(line, columns) for line in message.splitlines())
    print(message, file=sys.stderr, flush=True)


def _broken(line: str, columns: int) -> str:
    """A line in several that a terminal can show, all with its indent."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    return "\n".join(indent + part for part in wrapped(line.strip(), max(columns - len(indent), 2)))
