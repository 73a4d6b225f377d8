"""Write the outcomes of a batch to standard output as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._escape import escape_controls
from . import results

if TYPE_CHECKING:
    from rich.console import Console

    from ..._native import AuditResult


def write_plain(values: dict[str, Any], result: AuditResult) -> None:
    """One line: row, auditid, appid, state or error, and details, separated by tabs."""
    details = "; ".join(line.strip() for line in results.detail_lines(result))
    cells = (
        str(values["row"]),
        str(values["auditid"] or ""),
        values["appid"] or "",
        results.label(result),
        details,
    )
    print("\t".join(escape_controls(cell) for cell in cells), flush=True)


def write_styled(console: Console, values: dict[str, Any], result: AuditResult) -> None:
    """A line for the outcome, and one below it for each reason."""
    from rich.padding import Padding
    from rich.text import Text

    named = " ".join(str(part) for part in (values["auditid"], values["appid"]) if part is not None)
    start = escape_controls(f"{values['row']:>6}  {named}  ")
    console.print(Text.assemble((start, ""), results.styled_label(result)))
    for line in results.detail_lines(result):
        console.print(Padding(Text(line), (0, 0, 0, 8)))
