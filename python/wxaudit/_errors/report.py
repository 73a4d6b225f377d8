"""An error of WeChat as its support asks for it."""

from __future__ import annotations

from .._escape import truncate
from .._native import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tree import APIError


def report(error: APIError) -> str:
    """One line for each thing that is known, labelled in both languages; nothing in it is secret."""
    known = (
        ("errcode / 错误码", error.errcode),
        ("errmsg / 错误信息", error.errmsg),
        ("rid / 请求编号", error.rid),
        ("interface / 接口", error.url_path),
        ("auditid / 审核单号", error.auditid),
        ("appid / 小程序", error.appid),
        ("time / 时间", _time(error.rid)),
        ("library / 调用库", f"wxaudit {__version__}"),
    )
    lines = [f"{label}: {truncate(str(value), 400)}" for label, value in known if value not in (None, "")]
    return "\n".join(lines)


def _time(rid: str | None) -> str | None:
    """When WeChat got the request, in its own time zone: the first block of the rid tells."""
    from datetime import datetime, timedelta, timezone

    block = (rid or "").partition("-")[0]
    try:
        seconds = int(block, 16) if len(block) == 8 else None
    except ValueError:
        seconds = None
    if seconds is None or seconds < 0:
        return None
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    return moment.astimezone(timezone(timedelta(hours=8))).isoformat(" ", "seconds")
