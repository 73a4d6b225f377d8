"""Show rows of text: a table on a terminal, or columns separated by tabs where the output is piped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._escape import escape_controls
from .streams import console, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def show_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns of text, without headings where the output is piped."""
    if not is_terminal():
        for row in rows:
            print("\t".join(map(escape_controls, row)))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape_controls, row))
    console().print(table)
