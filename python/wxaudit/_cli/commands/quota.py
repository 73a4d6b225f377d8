"""`wxaudit quota`: how often audits may still be queried today."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ..._display.times import local_time
from .. import exit_codes
from ..connection import Connection
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import fields, json_lines
from ..output.fields import Field
from ..times import duration

if TYPE_CHECKING:
    from ..._models.diagnostics import Quota, RateLimit

HELP = text(
    "Show how many queries of audits are left today.",
    "查看今天剩余的审核状态查询次数。",
)

# WeChat counts days in Beijing, whose offset is the same all year.
_BEIJING = timezone(timedelta(hours=8))

_BAR = 10
_LOW = 0.1


def quota(connection: ConnectionOptions, output: OutputOptions) -> exit_codes.ExitCode:
    with Connection(connection) as wechat:
        token = wechat.token()
        with json_lines.with_errors(output.json):
            counted = wechat.client.quota(token, appid=connection.appid)
    now = datetime.now(timezone.utc)
    appid, resets_at = connection.appid, _next_midnight(now)
    left = duration((resets_at - now).total_seconds())
    fields.write(
        _values(counted, appid, resets_at), _fields(counted, appid, resets_at, left), as_json=output.json
    )
    return exit_codes.ExitCode.OK


def _next_midnight(now: datetime) -> datetime:
    """When WeChat counts anew."""
    today = now.astimezone(_BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).astimezone(timezone.utc)


def _values(counted: Quota, appid: str | None, resets_at: datetime) -> dict[str, Any]:
    return {
        "appid": appid,
        "daily_limit": counted.daily_limit,
        "used": counted.used,
        "remain": counted.remain,
        "resets_at": resets_at,
        "rate_limit": _rate_values(counted.rate_limit),
        "component_rate_limit": _rate_values(counted.component_rate_limit),
    }


def _rate_values(limit: RateLimit | None) -> dict[str, int] | None:
    if limit is None:
        return None
    return {"call_count": limit.call_count, "refresh_second": limit.refresh_second}


def _fields(counted: Quota, appid: str | None, resets_at: datetime, left: str) -> list[Field]:
    midnight = local_time(resets_at)
    unknown = text("WeChat does not say", "微信未提供")
    remain = unknown if counted.remain is None else f"{counted.remain:,}"
    style = ""
    if counted.remain is not None and counted.daily_limit:
        share = min(max(counted.remain / counted.daily_limit, 0.0), 1.0)
        full = round(_BAR * share)
        remain += f"  {'━' * full}{'╌' * (_BAR - full)}  {int(100 * share)}%"
        style = "red" if not counted.remain else "yellow" if share < _LOW else "green"
    return [
        Field("Appid", appid or ""),
        Field(text("Left today", "今日剩余"), remain, style),
        Field(text("Used", "已用"), _number(counted.used)),
        Field(text("Daily limit", "每日上限"), _number(counted.daily_limit)),
        Field(text("Resets", "重置时间"), text(f"{midnight} (in {left})", f"{midnight}（{left}后）")),
        Field(text("Rate limit", "频率上限"), _rate(counted.rate_limit)),
        Field(text("Of the platform", "第三方平台"), _rate(counted.component_rate_limit)),
    ]


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _rate(limit: RateLimit | None) -> str:
    if limit is None:
        return ""
    return text(
        f"{limit.call_count:,} calls in {limit.refresh_second} s",
        f"每 {limit.refresh_second} 秒 {limit.call_count:,} 次",
    )
