"""How one audit shows itself in a notebook."""

from __future__ import annotations

from ._visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._native import AuditStatus

# White text on these reads well (contrast 4.5 or more) whatever the notebook's theme; everything else takes
# the colours of the page around it.
_COLOURS = {0: "#1a7f37", 1: "#cf222e", 2: "#0969da", 3: "#57606a", 4: "#9a6700"}
_UNKNOWN = "#8250df"
_LIST = "margin:0;padding-left:1.4em"
_SCREENSHOTS_SHOWN = 12


def audit_html(audit: AuditStatus) -> str:
    """A small card with all that is known of the audit, in English and Chinese.

    Everything in it is escaped, control and direction characters are written out, and nothing is loaded
    from elsewhere: no script, no picture, no style sheet.
    """
    state = audit.status
    colour = _COLOURS.get(int(state), _UNKNOWN)
    badge = (
        f'<span style="background:{colour};color:#fff;border-radius:1em;padding:.15em .7em;font-weight:600">'
        f'{_text(state.label("en"))} · <span lang="zh-Hans">{_text(state.label("zh"))}</span></span>'
    )
    rows = [_row("auditid", "审核单号", f"<code>{_text(audit.auditid)}</code>")]
    if audit.appid is not None:
        rows.append(_row("appid", "小程序", f"<code>{_text(audit.appid)}</code>"))
    moment = audit.observed_at
    shown = moment.strftime("%Y-%m-%d %H:%M:%S %Z")
    rows.append(
        _row("observed", "查询时间", f'<time datetime="{_text(moment.isoformat())}">{_text(shown)}</time>')
    )
    if audit.reasons:
        items = "".join(
            f'<li lang="zh-Hans">{_text(reason.title)}{_list(reason.details)}</li>'
            for reason in audit.reasons
        )
        rows.append(_row("reasons", "原因", f'<ol style="{_LIST}">{items}</ol>'))
    if audit.screenshots:
        rows.append(_row("screenshots", "截图", _screenshots(audit.screenshots)))
    return (
        '<div class="wxaudit-status" style="display:inline-block;max-width:60em;text-align:left;'
        'line-height:1.5;border:1px solid rgba(128,128,128,.4);border-radius:.5em;padding:.6em .9em">'
        f'<div style="margin-bottom:.4em">{badge}</div>{"".join(rows)}</div>'
    )


def _row(english: str, chinese: str, content: str) -> str:
    label = f'{english} <span lang="zh-Hans">{chinese}</span>'
    return (
        '<div style="display:flex;gap:1em">'
        f'<div style="flex:none;width:10em;opacity:.7">{label}</div>'
        f'<div style="min-width:0;overflow-wrap:anywhere">{content}</div></div>'
    )


def _list(details: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(detail)}</li>" for detail in details)
    return f'<ul style="{_LIST}">{items}</ul>' if items else ""


def _screenshots(media_ids: tuple[str, ...]) -> str:
    shown = "<br>".join(f"<code>{_text(media_id)}</code>" for media_id in media_ids[:_SCREENSHOTS_SHOWN])
    more = len(media_ids) - _SCREENSHOTS_SHOWN
    return f'{shown}<br>… {more} more · <span lang="zh-Hans">另有 {more} 个</span>' if more > 0 else shown


def _text(value: object) -> str:
    from html import escape

    return escape(visible(str(value)), quote=True)
