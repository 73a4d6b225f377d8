"""Write durations for people."""

from __future__ import annotations

from .language import text


def duration(seconds: float) -> str:
    """As exact as a person needs it: `2d 3h`, `3h 15m`, `4:02`, `0:42`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days = hours // 24
    if days:
        return text(f"{days}d {hours % 24}h", f"{days}天{hours % 24}小时")
    return text(f"{hours}h {minutes}m", f"{hours}小时{minutes}分") if hours else f"{minutes}:{rest:02}"
