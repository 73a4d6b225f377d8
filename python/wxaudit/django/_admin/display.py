"""Show states, reasons and times in the language of the user. All text of WeChat is escaped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, ngettext

from ..._display import labels
from ..._escape import escape_controls, truncate
from ..._models.state import AuditState
from ..._native import AuditStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.utils.safestring import SafeString

    from ..._errors.tree import WxAuditError
    from ..._models.state import Reason

NOTHING = "–"

_SHORT_CHARACTERS = 80
_SCREENSHOTS_SHOWN = 20


def in_chinese() -> bool:
    """Whether the page is in Chinese; otherwise states and hints are in English."""
    return (get_language() or "").startswith("zh")


def state_label(state: int) -> str:
    outcome = labels.of_state(AuditState(state))
    return outcome.chinese if in_chinese() else outcome.english


def state_colour(state: int) -> str:
    return labels.of_state(AuditState(state)).colour


def error_label(error: WxAuditError) -> str:
    outcome = labels.of_error(error)
    return outcome.chinese if in_chinese() else outcome.english


def badge(state: int) -> SafeString:
    """The label of a state on its colour."""
    return format_html(
        '<span class="wxaudit-badge"><svg aria-hidden="true"><rect width="100%" height="100%" fill="{}"/>'
        "</svg><span>{}</span></span>",
        state_colour(state),
        state_label(state),
    )


def read_reasons(state: int, reason: str) -> tuple[Reason, ...]:
    """The items of WeChat's text."""
    return AuditStatus(1, state, reason or None).reasons


def reason_list(state: int, reason: str) -> SafeString | str:
    """The titles of the reasons, each with its details below it."""
    items = format_html_join(
        "",
        '<li lang="zh-Hans">{}{}</li>',
        ((escape_controls(item.title), _details(item.details)) for item in read_reasons(state, reason)),
    )
    return format_html('<ol class="wxaudit-reasons">{}</ol>', items) if items else NOTHING


def _details(details: Iterable[str]) -> SafeString | str:
    items = format_html_join("", "<li>{}</li>", ((escape_controls(detail),) for detail in details))
    return format_html("<ul>{}</ul>", items) if items else ""


def screenshot_list(addresses: list[str]) -> SafeString | str:
    """Thumbnails that the browser fetches when the list is unfolded."""
    if not addresses:
        return NOTHING
    pictures = format_html_join(
        "",
        '<a href="{0}" target="_blank" rel="noopener"><img src="{0}" alt="{1}" loading="lazy"></a>',
        (
            (address, gettext("Screenshot %(number)d") % {"number": number})
            for number, address in enumerate(addresses[:_SCREENSHOTS_SHOWN], start=1)
        ),
    )
    count = len(addresses)
    summary = ngettext("%(count)d screenshot", "%(count)d screenshots", count) % {"count": count}
    return format_html(
        '<details class="wxaudit-screenshots"><summary>{}</summary><div>{}</div></details>', summary, pictures
    )


def safe_text(text: str) -> str:
    """A text of others, whole."""
    return escape_controls(text) or NOTHING


def short_text(text: str) -> str:
    """A text of others, as far as there is room in a list."""
    return truncate(text, _SHORT_CHARACTERS) or NOTHING


def length(duration: timedelta) -> str:
    """A duration in at most two units, such as "3 hours, 20 minutes"."""
    end = timezone.now()
    return timesince(end - duration, end)


def age(start: datetime, end: datetime) -> SafeString:
    """The time from `start` to `end` in one unit. `start` itself shows when the mouse rests on it."""
    return _moment(start, timesince(start, end, depth=1))


def next_check(moment: datetime | None, now: datetime) -> SafeString | str:
    if moment is None:
        return NOTHING
    if moment <= now:
        return _moment(moment, gettext("due"))
    if moment - now < timedelta(minutes=1):
        return _moment(moment, gettext("within a minute"))
    return _moment(moment, gettext("in %(time)s") % {"time": timesince(now, moment, depth=1)})


def status(text: object, since: datetime | None) -> SafeString:
    """A word, and below it the time that belongs to it."""
    shown = NOTHING if since is None else date_format(_local(since), "SHORT_DATETIME_FORMAT")
    return format_html("{} <small>{}</small>", text, shown)


def _moment(moment: datetime, text: str) -> SafeString:
    title = date_format(_local(moment), "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), title, text)


def _local(moment: datetime) -> datetime:
    return moment if timezone.is_naive(moment) else timezone.localtime(moment)
