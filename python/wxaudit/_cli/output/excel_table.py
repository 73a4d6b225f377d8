"""Write an Excel workbook with openpyxl, row by row."""

from __future__ import annotations

from typing import Any

from ..libraries import openpyxl
from .cells import EXACT, KINDS, cell

# Below the header.
LARGEST = 1_048_575

_LONGEST_CELL = 32_767

# In characters, for the columns that would be cut off or too wide.
_WIDTHS = {
    "auditid": 20,
    "appid": 22,
    "state": 12,
    "label": 14,
    "reason": 40,
    "reasons": 60,
    "screenshots": 30,
}
_WIDTHS |= {"observed_at": 34, "error": 60, "rid": 40}


class ExcelTable:
    """One sheet whose header stays in sight. Ids of more than 15 digits are texts, and so are times (UTC)."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._workbook = openpyxl().Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("wxaudit")
        self._sheet.freeze_panes = "A2"
        for number, name in enumerate(KINDS):
            if name in _WIDTHS:
                self._sheet.column_dimensions[chr(ord("A") + number)].width = _WIDTHS[name]
        self._sheet.append(list(KINDS))

    def write(self, values: dict[str, Any]) -> None:
        self._sheet.append([self._cell(cell(name, values[name])) for name in KINDS])

    def _cell(self, value: str | int | None) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if value is None or (isinstance(value, int) and abs(value) < EXACT):
            return value
        made = WriteOnlyCell(self._sheet, str(value)[:_LONGEST_CELL])
        # Never a formula, whatever it begins with.
        made.data_type = "s"
        return made

    def end(self) -> None:
        self._workbook.save(self._file)
