"""Write moments for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def local_time(moment: datetime) -> str:
    """A moment by the clock of this machine, with its offset: names of zones such as CST are ambiguous."""
    try:
        local = moment.astimezone()
    except (OSError, OverflowError, ValueError):  # at the ends of the calendar
        local = moment
    return f"{local:%Y-%m-%d %H:%M:%S %z}"
