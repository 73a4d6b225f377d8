"""Show a batch in a notebook: the counts of all outcomes, then a row for each query."""

from __future__ import annotations

from .._escape import truncate
from .._models.state import Reason
from . import labels
from .card import LINE, badge, both, escaped, reason_list
from .times import local_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._errors.tree import WxAuditError
    from .._native import AuditResult, AuditStatus

# Failures and rejections first, in the order of the input. The header counts all results.
_ROWS_SHOWN = 20
# Limits of what a row unfolds. Texts of WeChat have none, and the file of a notebook keeps all outputs.
_POINTS_SHOWN = 20
_CHARACTERS_SHOWN = 1200
_POINT_CHARACTERS = 300
_SUMMARY_CHARACTERS = 100
_LABEL_CHARACTERS = 64

# Without widths a browser would leave little room for the reasons.
_COLUMNS = (
    ("#", "序号", "2.5em"),
    ("appid, auditid", "小程序, 审核单 id", "12.5em"),
    ("state", "状态", "13em"),
    ("why", "原因", "auto"),
    ("observed", "查询时间", "9em"),
    ("screenshots", "截图", "7em"),
)
# JupyterLab aligns table cells to the right and centres them, so each cell sets its alignment.
_CELL = f"text-align:left;vertical-align:top;padding:.4em .5em;overflow-wrap:break-word;border-bottom:{LINE}"
_NOTHING = '<span style="opacity:.7">–</span>'


def results_html(results: Sequence[AuditResult]) -> str:
    """A table of 20 results below the counts of all, in English and Chinese: failures and rejections first.

    All text is escaped, control and direction characters included. Nothing is loaded from elsewhere: there is
    no script, no picture and no style sheet. Long texts unfold, without a script.
    """
    content = _table(results) if results else both("no results", "没有查询结果", " · ")
    return f'<div class="wxaudit-batch" style="overflow-x:auto;line-height:1.5">{content}</div>'


def _table(results: Sequence[AuditResult]) -> str:
    head = "".join(
        f'<th scope="col" style="{_CELL};width:{width}">{both(english, chinese, "<br>")}</th>'
        for english, chinese, width in _COLUMNS
    )
    rows = "".join(_row(result) for result in sorted(results, key=_can_wait)[:_ROWS_SHOWN])
    return (
        '<table style="width:100%;min-width:64em;table-layout:fixed;border-collapse:collapse;margin:0">'
        f'<caption style="caption-side:top;text-align:left;padding:.4em 0">{_header(results)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{_not_shown(len(results))}"
    )


def _header(results: Sequence[AuditResult]) -> str:
    total, failed = len(results), sum(result.error is not None for result in results)
    english, chinese = f"{total} {'query' if total == 1 else 'queries'}", f"共 {total} 个查询"
    if failed:
        english, chinese = f"{english}, {failed} failed", f"{chinese}，{failed} 个失败"
    states: list[str] = []
    errors: list[str] = []
    for outcome, count in labels.counted(results):
        line = errors if outcome.colour == labels.ERROR_COLOUR else states
        line.append(
            '<span style="display:inline-block;margin:.2em 1.2em .2em 0">'
            f"{badge(outcome)} <b>{count}</b></span>"
        )
    counts = "".join(f"<div>{''.join(line)}</div>" for line in (states, errors) if line)
    return f"<div><b>{both(english, chinese, ' · ')}</b></div>{counts}"


def _not_shown(total: int) -> str:
    more = total - _ROWS_SHOWN
    if more <= 0:
        return ""
    words = both(f"… {more} more", f"另有 {more} 条未显示", " · ")
    return f'<div style="padding:.6em 0">{words}: <code>batch.to_pandas()</code></div>'


def _can_wait(result: AuditResult) -> bool:
    """False for failures and rejections, which need a person."""
    return result.status is not None and not result.status.is_rejected


def _row(result: AuditResult) -> str:
    audit, error = result.status, result.error
    outcome = why = moment = screenshots = _NOTHING
    if audit is not None:
        outcome, why = badge(labels.of_state(audit.status)), _why(audit)
        moment = local_time(audit.observed_at).replace(" ", "<br>", 1)
        screenshots = str(len(audit.screenshots) or _NOTHING)
    elif error is not None:
        outcome, why = badge(labels.of_error(error)), _failure(error, result.attempts)
    names = "<br>".join(_code(name) for name in (result.appid, result.auditid) if name is not None)
    cells = (names or _NOTHING, outcome, why, moment, screenshots)
    return (
        f'<tr><th scope="row" style="{_CELL};font-weight:400">{result.index}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
        + "</tr>"
    )


def _code(value: str | int) -> str:
    return f"<code>{escaped(truncate(str(value), _LABEL_CHARACTERS))}</code>"


def _why(audit: AuditStatus) -> str:
    """The first reason, not a line before the list; the others unfold."""
    reasons = audit.reasons
    if not reasons:
        expected = audit.is_rejected or audit.reason is not None
        return both("no reason given", "未给出原因", " · ") if expected else _NOTHING
    first = next((reason for reason in reasons if reason.details), reasons[0])
    title = truncate(first.title, _SUMMARY_CHARACTERS)
    summary = f'<span lang="zh-Hans">{escaped(title)}</span>'
    if reasons == (Reason(title),):
        return summary
    if len(reasons) > 1:
        summary += f' <span style="opacity:.7">+{len(reasons) - 1}</span>'
    shown, more = _bounded(reasons)
    rest = f"<div>… {both(f'{more} more', f'另有 {more} 条', ' · ')}</div>" if more else ""
    return _unfolding(summary, f"{reason_list(shown)}{rest}")


def _bounded(reasons: tuple[Reason, ...]) -> tuple[list[Reason], int]:
    """The part of the reasons that a row unfolds, and the number of titles and details that are left out."""
    shown: list[Reason] = []
    points = characters = 0
    for reason in reasons:
        kept: list[str] = []
        for text in (reason.title, *reason.details):
            if points >= _POINTS_SHOWN or characters >= _CHARACTERS_SHOWN:
                break
            kept.append(truncate(text, _POINT_CHARACTERS))
            points += 1
            characters += len(escaped(kept[-1]))
        if not kept:
            break
        shown.append(Reason(kept[0], kept[1:]))
    return shown, sum(1 + len(reason.details) for reason in reasons) - points


def _failure(error: WxAuditError, attempts: int) -> str:
    """What WeChat or the network said; what to do about it unfolds."""
    message = error._fact()  # the row shows the hint below
    errcode, errmsg = getattr(error, "errcode", None), getattr(error, "errmsg", "")
    told = f"{errcode} {errmsg.rpartition('rid:')[0] or errmsg}" if errcode is not None else message
    summary = escaped(truncate(told.strip(" ,.;"), _SUMMARY_CHARACTERS)) or _NOTHING
    lines = [escaped(truncate(text, _POINT_CHARACTERS)) for text in (message, error.hint)]
    lines.append(f'<span lang="zh-Hans">{escaped(truncate(error.hint_zh, _POINT_CHARACTERS))}</span>')
    if rid := getattr(error, "rid", None):
        lines.append(f"rid {_code(rid)}")
    lines.append(f"{both('requests sent', '已发送请求')}: {attempts}")
    return _unfolding(summary, "".join(f"<div>{line}</div>" for line in lines if line))


def _unfolding(summary: str, content: str) -> str:
    return (
        f'<details><summary style="cursor:pointer">{summary}</summary>'
        f'<div style="padding:.3em 0 .3em 1em">{content}</div></details>'
    )
