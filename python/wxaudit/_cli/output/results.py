"""Show results to a person: a table on a terminal, or a line for each where the output is piped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._display import labels
from ..._escape import escape_controls
from .. import language
from ..errors import advice, facts
from ..language import text
from .streams import coloured, console, forces_colour, is_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from ..._native import AuditResult

# Below this width a table would break every word: each audit becomes a paragraph.
_NARROW = 60

_COLOURS = {"grey": "bright_black", "bold": "bold"}


def show(results: Sequence[AuditResult]) -> None:
    if not is_terminal():
        _show_lines(results)
        return
    from rich.table import Table

    out = console()
    if out.width < _NARROW:
        for result in results:
            out.print(_heading(result))
            for line in detail_lines(result):
                out.print(f"  {line}")
        return
    with_appid = any(result.appid for result in results)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(text("AUDITID", "审核单 ID"), no_wrap=True)
    if with_appid:
        table.add_column("APPID", no_wrap=True)
    table.add_column(text("STATE", "状态"), no_wrap=True)
    table.add_column(text("DETAILS", "说明"), ratio=1)
    for result in results:
        cells = [str(result.auditid or ""), *([result.appid or ""] if with_appid else [])]
        table.add_row(*map(escape_controls, cells), _label(result), "\n".join(detail_lines(result)))
    out.print(table)


def _show_lines(results: Sequence[AuditResult]) -> None:
    """Columns separated by tabs, as `cut` and `awk` take them."""
    for result in results:
        details = "; ".join(line.strip() for line in detail_lines(result))
        shown = coloured(_label(result)) if forces_colour() else label(result)
        cells = (str(result.auditid or ""), result.appid or "")
        print(*map(escape_controls, cells), shown, escape_controls(details), sep="\t")


def label(result: AuditResult) -> str:
    """The state or the kind of error, in the language of the user."""
    outcome = _outcome(result)
    return outcome.chinese if language.chosen() == "zh" else outcome.english


def _outcome(result: AuditResult) -> labels.Outcome:
    if result.error is not None:
        return labels.of_error(result.error)
    return labels.of_state(result.unwrap().status)


def _label(result: AuditResult) -> Text:
    from rich.text import Text

    colour = _outcome(result).on_terminal
    return Text(label(result), style=_COLOURS.get(colour, colour))


def _heading(result: AuditResult) -> Text:
    from rich.text import Text

    return Text.assemble(f"{result.auditid or ''} ", _label(result))


def detail_lines(result: AuditResult) -> list[str]:
    """The reasons as a list, then the screenshots; of an error its message, and what to do."""
    error, audit = result.error, result.status
    if error is not None:
        return [line for line in (escape_controls(facts(error)), advice(error)) if line]
    if audit is None:
        return []
    lines: list[str] = []
    for number, reason in enumerate(audit.reasons, start=1):
        lines.append(f"{number}. {escape_controls(reason.title)}")
        lines += (f"   - {escape_controls(detail)}" for detail in reason.details)
    lines += (text("screenshot ", "截图 ") + escape_controls(media_id) for media_id in audit.screenshots)
    return lines
