"""Read durations as people write them: 90, 90s, 15m, 12h, 3d."""

from __future__ import annotations

import re

from .._errors.tree import ArgumentError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(name: str, given: str) -> float:
    """The seconds of a duration; `ArgumentError` names the option."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)", given.strip().lower())
    if match is None:
        # A longer text may be a token in the wrong place.
        shown = repr(given) if len(given) <= 12 else "the value"
        raise ArgumentError(
            f"{name}: {shown} is not a duration; write seconds, or a number with s, m, "
            "h or d, such as 90s or 3d"
        )
    return float(match[1]) * _UNITS[match[2]]
