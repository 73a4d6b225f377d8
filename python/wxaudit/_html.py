"""How one audit shows itself in a notebook, and the pieces that the table of a batch is made of as well.

Inline styles only, and of them those that JupyterLab leaves to notebooks that it does not trust: it drops
`<style>` altogether, and of `overflow-wrap` the value `anywhere`.
"""

from __future__ import annotations

from . import _outcomes
from ._visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._native import AuditStatus
    from ._outcomes import Outcome
    from ._state import Reason

# Grey that shows on white and on black; everything without a colour takes that of the page around it.
LINE = "1px solid rgba(128,128,128,.4)"
_LIST = "margin:0;padding-left:1.4em"
_SCREENSHOTS_SHOWN = 12


def audit_html(audit: AuditStatus) -> str:
    """A small card with all that is known of the audit, in English and Chinese.

    Everything in it is escaped, control and direction characters are written out, and nothing is loaded
    from elsewhere: no script, no picture, no style sheet.
    """
    rows = [_row("auditid", "审核单号", f"<code>{escaped(audit.auditid)}</code>")]
    if audit.appid is not None:
        rows.append(_row("appid", "小程序", f"<code>{escaped(audit.appid)}</code>"))
    moment = audit.observed_at
    shown = moment.strftime("%Y-%m-%d %H:%M:%S %Z")
    rows.append(
        _row(
            "observed",
            "查询时间",
            f'<time datetime="{escaped(moment.isoformat())}">{escaped(shown)}</time>',
        )
    )
    if audit.reasons:
        rows.append(_row("reasons", "原因", reason_list(audit.reasons)))
    if audit.screenshots:
        rows.append(_row("screenshots", "截图", _screenshots(audit.screenshots)))
    state = badge(_outcomes.of_state(audit.status))
    return (
        '<div class="wxaudit-status" style="display:inline-block;max-width:60em;text-align:left;'
        f'line-height:1.5;border:{LINE};border-radius:.5em;padding:.6em .9em">'
        f'<div style="margin-bottom:.4em">{state}</div>{"".join(rows)}</div>'
    )


def badge(outcome: Outcome) -> str:
    """The outcome in both languages, on its colour."""
    # Where it is too long for a line, it breaks between the languages.
    chinese = f'<span lang="zh-Hans" style="display:inline-block">{escaped(outcome.chinese)}</span>'
    return (
        f'<span style="display:inline-block;background:{outcome.colour};color:#fff;border-radius:1em;'
        f'padding:.15em .7em;font-weight:600">{escaped(outcome.english)} · {chinese}</span>'
    )


def both(english: str, chinese: str, between: str = " ") -> str:
    """The same in both languages, escaped, and the Chinese marked as such for fonts and screen readers."""
    return f'{escaped(english)}{between}<span lang="zh-Hans">{escaped(chinese)}</span>'


def reason_list(reasons: Iterable[Reason]) -> str:
    """The titles of the reasons, each with its details below it."""
    items = "".join(
        f'<li lang="zh-Hans">{escaped(reason.title)}{_list(reason.details)}</li>' for reason in reasons
    )
    return f'<ol style="{_LIST}">{items}</ol>'


def escaped(value: object) -> str:
    """Text from anywhere, as text in HTML."""
    from html import escape

    return escape(visible(str(value)), quote=True)


def _row(english: str, chinese: str, content: str) -> str:
    return (
        '<div style="display:flex;gap:1em">'
        f'<div style="flex:none;width:10em;opacity:.7">{both(english, chinese)}</div>'
        f'<div style="min-width:0;overflow-wrap:break-word">{content}</div></div>'
    )


def _list(details: Iterable[str]) -> str:
    items = "".join(f"<li>{escaped(detail)}</li>" for detail in details)
    return f'<ul style="{_LIST}">{items}</ul>' if items else ""


def _screenshots(media_ids: tuple[str, ...]) -> str:
    shown = "<br>".join(f"<code>{escaped(media_id)}</code>" for media_id in media_ids[:_SCREENSHOTS_SHOWN])
    more = len(media_ids) - _SCREENSHOTS_SHOWN
    return f"{shown}<br>… {both(f'{more} more', f'另有 {more} 个', ' · ')}" if more > 0 else shown
