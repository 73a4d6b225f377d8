"""Read durations as people write them: 90, 90s, 15m, 12h, 3d."""

from __future__ import annotations

import re

from .._errors.tree import ArgumentError
from .errors import short
from .language import text

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(name: str, given: str) -> float:
    """The seconds of a duration; `ArgumentError` names the option."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)", given.strip().lower())
    if match is None:
        shown = repr(short(given))
        raise ArgumentError(
            text(
                f"{name}: {shown} is not a duration; write seconds, or a number with s, m, h or d, such as "
                "90s or 3d",
                f"{name}：{shown} 不是时长；请写秒数，或数字加 s、m、h、d，例如 90s 或 3d",
            )
        )
    return float(match[1]) * _UNITS[match[2]]
