"""Show one audit in a notebook, with the parts that the table of a batch uses too.

Only with inline styles that JupyterLab keeps in untrusted notebooks: it removes `<style>`, and the value
`anywhere` of `overflow-wrap`.
"""

from __future__ import annotations

from .._escape import escape_controls
from .._models.screenshot import find_fetched
from .._native import LatestAuditStatus
from . import labels
from .times import local_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from typing import Any

    from .._models.state import Reason
    from .._native import AuditStatus
    from .labels import Outcome

# Grey that is visible on white and on black. Everything else has the colours of the page around it.
LINE = "1px solid rgba(128,128,128,.4)"
_LIST = "margin:0;padding-left:1.4em"
_SCREENSHOTS_SHOWN = 12
_THUMBNAIL = "max-width:100%;max-height:16em"
_BESIDE = "width:10em;font-size:.8em;overflow-wrap:break-word"
# The most bytes of pictures in a card, since the file of the notebook keeps them.
_THUMBNAIL_BYTES = 4 * 1024 * 1024


def audit_html(audit: AuditStatus) -> str:
    """A small card with everything that is known of the audit, in English and Chinese.

    All text is escaped, control and direction characters included. Nothing is loaded from elsewhere: it
    has no script and no style sheet, and shows only screenshots that were fetched before.
    """
    latest = audit if isinstance(audit, LatestAuditStatus) else None
    rows = (
        _row("auditid", "审核单 id", audit.auditid, _code),
        _row("appid", "小程序", audit.appid, _code),
        _row("version", "版本", latest and latest.user_version, escaped),
        _row("description", "版本描述", latest and latest.user_desc, escaped),
        _row("submitted", "提交时间", latest and latest.submitted_at, _time),
        _row("observed", "查询时间", audit.observed_at, _time),
        _row("reasons", "原因", audit.reasons or None, reason_list),
        _row("screenshots", "截图", audit.screenshots or None, _screenshots),
    )
    state = badge(labels.of_state(audit.status))
    return (
        '<div class="wxaudit-status" style="display:inline-block;max-width:60em;text-align:left;'
        f'line-height:1.5;border:{LINE};border-radius:.5em;padding:.6em .9em">'
        f'<div style="margin-bottom:.4em">{state}</div>{"".join(rows)}</div>'
    )


def badge(outcome: Outcome) -> str:
    """The outcome in both languages, on its colour."""
    # If it is too long for a line, it breaks between the languages.
    chinese = f'<span lang="zh-Hans" style="display:inline-block">{escaped(outcome.chinese)}</span>'
    return (
        f'<span style="display:inline-block;background:{outcome.colour};color:#fff;border-radius:1em;'
        f'padding:.15em .7em;font-weight:600">{escaped(outcome.english)} · {chinese}</span>'
    )


def both(english: str, chinese: str, between: str = " ") -> str:
    """A text in both languages, escaped, the Chinese marked for fonts and screen readers."""
    return f'{escaped(english)}{between}<span lang="zh-Hans">{escaped(chinese)}</span>'


def reason_list(reasons: Iterable[Reason]) -> str:
    """The titles of the reasons, each with its details below it."""
    items = "".join(
        f'<li lang="zh-Hans">{escaped(reason.title)}{_list(reason.details)}</li>' for reason in reasons
    )
    return f'<ol style="{_LIST}">{items}</ol>'


def escaped(value: object) -> str:
    """Untrusted text as text in HTML."""
    from html import escape

    return escape(escape_controls(str(value)), quote=True)


def _row(english: str, chinese: str, value: Any, shown: Callable[[Any], str]) -> str:
    """A row of the card; none for a value that is not known."""
    if value is None:
        return ""
    return (
        '<div style="display:flex;gap:1em">'
        f'<div style="flex:none;width:10em;opacity:.7">{both(english, chinese)}</div>'
        f'<div style="min-width:0;overflow-wrap:break-word">{shown(value)}</div></div>'
    )


def _code(value: object) -> str:
    return f"<code>{escaped(value)}</code>"


def _list(details: Iterable[str]) -> str:
    items = "".join(f"<li>{escaped(detail)}</li>" for detail in details)
    return f'<ul style="{_LIST}">{items}</ul>' if items else ""


def _time(moment: datetime) -> str:
    return f'<time datetime="{escaped(moment.isoformat())}">{escaped(local_time(moment))}</time>'


def _screenshots(media_ids: tuple[str, ...]) -> str:
    """The pictures that were fetched, side by side, then the ids of the others."""
    room = _THUMBNAIL_BYTES
    items, pictures = [], []
    for media_id in media_ids[:_SCREENSHOTS_SHOWN]:
        item = _code(media_id)
        picture = find_fetched(media_id)
        if picture is not None and len(picture.content) <= room:
            room -= len(picture.content)
            pictures.append(f'<div style="{_BESIDE}">{picture._image(_THUMBNAIL)}<br>{item}</div>')
        else:
            items.append(item)
    shown = "<br>".join(items)
    if pictures:
        shown = f'<div style="display:flex;flex-wrap:wrap;gap:.8em">{"".join(pictures)}</div>{shown}'
    more = len(media_ids) - _SCREENSHOTS_SHOWN
    return f"{shown}<br>… {both(f'{more} more', f'另有 {more} 个', ' · ')}" if more > 0 else shown
