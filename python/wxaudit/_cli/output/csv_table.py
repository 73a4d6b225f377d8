"""Write CSV that Excel opens with Chinese intact, and that runs no formula."""

from __future__ import annotations

import csv
import io
from typing import Any

from ..._frames.cells import EXACT, cell
from .columns import KINDS

# What Excel takes for a formula, in East Asian versions also in full width. Tabs and line ends are escaped.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class CsvTable:
    """UTF-8 with a byte order mark, by which Excel knows UTF-8.

    A text that Excel would take for a formula, and a number of more than 15 digits, which it would round,
    begin with an apostrophe.
    """

    def __init__(self, file: Any) -> None:
        self._text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(KINDS)

    def write(self, values: dict[str, Any]) -> None:
        self._rows.writerow(_defused(cell(name, values[name])) for name in KINDS)

    def end(self) -> None:
        self._text.flush()
        self._text.detach()


def _defused(value: str | int | None) -> str | int | None:
    if isinstance(value, int):
        return value if abs(value) < EXACT else f"'{value}"
    if value is not None and value.startswith(_FORMULA):
        return f"'{value}"
    return value
