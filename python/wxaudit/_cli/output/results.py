"""Show results to a person: a table or paragraphs on a terminal, or a line for each where output is piped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..._display import labels
from ..._display.terminal import padded, width, wrapped
from ..._display.times import local_time
from ..._errors.tree import WaitTimeout
from ..._escape import escape_controls
from .. import language
from ..errors import advice, facts
from ..language import text
from .streams import coloured, console, forces_colour, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from ..._errors.base import WxAuditError
    from ..._native import AuditResult

# Columns between two columns, and the columns that the details need: with less, each audit is a paragraph.
_GAP = 2
_NARROWEST = 30

# Blue is hard to read on black.
_STYLES = {"blue": "cyan", "grey": "bright_black"}


class Detail(NamedTuple):
    """A line of details. Where it is broken, it goes on below its text, not below its marker."""

    marker: str
    text: str


def show(results: Sequence[AuditResult]) -> None:
    """Write results to standard output."""
    if is_terminal():
        out = console()
        for line in lines(results, out.width):
            out.print(line, soft_wrap=True)
    else:
        for result in results:
            print(plain(result), flush=True)


def show_one(result: AuditResult, row: int | None = None) -> None:
    """Write a result of several that come one after the other, with the time at which it was seen.

    The number of its row stands before the result of a table.
    """
    if not is_terminal():
        print(plain(result) if row is None else f"{row}\t{plain(result)}", flush=True)
        return
    out = console()
    for line in _paragraph(result, out.width, observed=True, row=row):
        out.print(line, soft_wrap=True)


def plain(result: AuditResult) -> str:
    """Columns separated by tabs, as `cut` and `awk` take them."""
    told = "; ".join(f"{marker.strip()} {told}".strip() for marker, told in details(result, ids=True))
    *before, state = _cells(result)
    if forces_colour():
        from rich.text import Text

        state = coloured(Text(state, style=style(result)))
    return "\t".join([*before, state, escape_controls(told)])


def lines(results: Sequence[AuditResult], columns: int, *, detailed: bool = True) -> list[Text]:
    """The lines of a table, or of paragraphs if a table would be too narrow, none longer than `columns`."""
    from rich.text import Text

    if not results:
        return []
    heads = [text("AUDITID", "审核单 ID"), "APPID", text("STATE", "状态")]
    rows = [_cells(result) for result in results]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    # Nobody needs a column without values, or its head.
    widths = [max(head, width(name)) if head else 0 for head, name in zip(widths, heads, strict=True)]
    indent = sum(each + _GAP for each in widths if each)
    if columns < (indent + _NARROWEST if detailed else indent - _GAP):
        return [line for result in results for line in _paragraph(result, columns, detailed=detailed)]
    head = _joined(heads, widths)
    table = [Text(head + text("DETAILS", "说明") if detailed else head.rstrip(), style="bold")]
    for result, cells in zip(results, rows, strict=True):
        before = _joined(cells[:-1], widths[:-1])
        first, *rest = broken(details(result), columns - indent) if detailed else [""]
        gap = " " * (widths[-1] + _GAP - width(cells[-1])) if first else ""
        table.append(Text.assemble(before, (cells[-1], style(result)), gap, first))
        table += (Text(" " * indent + line) for line in rest)
    return table


def _cells(result: AuditResult) -> list[str]:
    return [str(result.auditid or ""), escape_controls(result.appid or ""), label(result)]


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(
        padded(cell, columns + _GAP) for cell, columns in zip(cells, widths, strict=True) if columns
    )


def _paragraph(
    result: AuditResult,
    columns: int,
    *,
    observed: bool = False,
    detailed: bool = True,
    row: int | None = None,
) -> Iterator[Text]:
    from rich.text import Text

    before = [cell for cell in ("" if row is None else f"{row}.", *_cells(result)[:-1]) if cell]
    after = []
    if observed and result.status is not None:
        after = [local_time(result.status.observed_at)]
    heading = "  ".join([*before, label(result), *after])
    if width(heading) <= columns:
        yield Text.assemble(
            "".join(f"{cell}  " for cell in before),
            (label(result), style(result)),
            "".join(f"  {cell}" for cell in after),
        )
    else:
        for cell, colour in ((" ".join(before), ""), (label(result), style(result)), (" ".join(after), "")):
            yield from (Text(line, style=colour) for line in wrapped(cell, columns) if cell)
    for line in broken(details(result) if detailed else [], columns - _GAP):
        if line:
            yield Text(" " * _GAP + line)


def broken(shown: Sequence[Detail], columns: int) -> list[str]:
    """The lines of details, at least one, none longer than `columns`."""
    listed = []
    for marker, told in shown:
        first, *rest = wrapped(told, max(columns - width(marker), 2))
        listed += [marker + first, *(" " * width(marker) + line for line in rest)]
    return listed or [""]


def label(result: AuditResult) -> str:
    """The state or the kind of error, in the language of the user."""
    outcome, chinese = _outcome(result), language.chosen() == "zh"
    if result.error is None:
        return outcome.chinese if chinese else outcome.english
    last = result.error.last if isinstance(result.error, WaitTimeout) else None
    if last is not None:
        state = last.status
        return text(f"timed out {state.label()}", f"等待超时，{state.label('zh')}")
    return outcome.chinese if chinese else labels.error_in_english(result.error)


def style(result: AuditResult) -> str:
    """Rich's name of the colour."""
    colour = _outcome(result).on_terminal
    return _STYLES.get(colour, colour)


def _outcome(result: AuditResult) -> labels.Outcome:
    if result.error is not None:
        return labels.of_error(result.error)
    return labels.of_state(result.unwrap().status)


def details(result: AuditResult, *, ids: bool = False) -> list[Detail]:
    """The reasons as a list, then the screenshots (their media_ids with `ids`); of an error what to do."""
    error, audit = result.error, result.status
    if error is not None:
        return [Detail("", line) for line in (_facts_of_row(error), advice(error)) if line]
    if audit is None:
        return []
    shown: list[Detail] = []
    if not (audit.is_final or audit.is_pending):
        shown.append(
            Detail(
                "",
                text(
                    "a state that this version of wxaudit does not know; conclude nothing from it",
                    "当前版本的 wxaudit 不认识这个状态，请勿据此判断审核结果",
                ),
            )
        )
    for number, reason in enumerate(audit.reasons, start=1):
        shown.append(Detail(f"{number}. ", escape_controls(reason.title)))
        shown += (Detail("   - ", escape_controls(detail)) for detail in reason.details)
    if ids:
        shown += (Detail("", text("screenshot ", "截图 ") + escape_controls(it)) for it in audit.screenshots)
    elif audit.screenshots:
        count, command = len(audit.screenshots), f"wxaudit screenshots {audit.auditid}"
        plural = "s" if count > 1 else ""
        shown.append(Detail("", text(f"{count} screenshot{plural}: {command}", f"{count} 张截图：{command}")))
    return shown


def _facts_of_row(error: WxAuditError) -> str:
    """The facts where the audit and the appid stand beside them."""
    subject = "" if error.auditid is None else f" for audit {error.auditid}"
    if error.appid:
        subject += (
            f" of {escape_controls(error.appid)}" if subject else f" for {escape_controls(error.appid)}"
        )
    # Some messages go on behind the hint.
    told = facts(error).replace(subject, "", 1).replace(error.hint, "")
    return escape_controls(" ".join(told.split()))
