"""Write moments and durations for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def local_time(moment: datetime) -> str:
    """A moment by the clock of this machine, with its offset: names of zones such as CST are ambiguous."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}"


def duration(seconds: float) -> str:
    """`2d 03:15:00`, `3:15:00` or `0:42`, in whole seconds."""
    whole = max(0, round(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{rest:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
