"""Write an Excel workbook with openpyxl, row by row."""

from __future__ import annotations

from contextlib import suppress

from .._errors.tree import ArgumentError
from .._files import replacing
from .._optional import import_optional
from .._validation import shown
from .cells import EXACT, cell
from .columns import COLUMNS, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo
    from os import PathLike
    from typing import Any, BinaryIO

    from .._native import AuditResult

# Rows below the header.
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
    "submitted_at": 34,
    "observed_at": 34,
    "error": 60,
    "rid": 40,
}


class ExcelTable:
    """One sheet whose header stays in sight. A number of more than 15 digits is a text."""

    def __init__(self, file: Any, headings: Mapping[str, str], *, kept_in_sight: str = "A2") -> None:
        """`headings` by the names of the columns. `kept_in_sight`: the first cell that moves."""
        openpyxl = import_optional("openpyxl", "to_excel()")
        self._file = file
        self._names = list(headings)
        self._workbook = openpyxl.Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("wxaudit")
        self._sheet.freeze_panes = kept_in_sight
        for number, name in enumerate(headings):
            if name in _WIDTHS:
                self._sheet.column_dimensions[chr(ord("A") + number)].width = _WIDTHS[name]
        self._sheet.append(list(headings.values()))

    def write(self, values: Mapping[str, Any]) -> None:
        self._sheet.append([self._cell(cell(name, values[name])) for name in self._names])

    def _cell(self, value: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if not isinstance(value, str) and not (isinstance(value, int) and abs(value) >= EXACT):
            return value
        made = WriteOnlyCell(self._sheet, str(value)[:_LONGEST_CELL])
        # Never a formula, whatever it begins with.
        made.data_type = "s"
        return made

    def end(self) -> None:
        self._workbook.save(self._file)

    def abandon(self) -> None:
        """Ends the workbook without writing it; left open, openpyxl would complain when it is collected."""
        with suppress(Exception):
            self._sheet.close()


def to_excel(
    results: Sequence[AuditResult],
    path: str | PathLike[str] | BinaryIO,
    submitted_at: Sequence[datetime | None] | None,
    time_zone: tzinfo | None,
) -> None:
    """See `AuditBatch.to_excel`."""
    zone = _zone(time_zone)
    if len(results) > LARGEST:
        raise ArgumentError(
            f"an Excel sheet has at most {LARGEST} rows, and the batch has {len(results)}; "
            "write batch.to_pandas().to_parquet(path), or parts such as batch[:1_000_000]"
        )
    import_optional("openpyxl", "to_excel()")
    if hasattr(path, "write"):
        _write(results, path, submitted_at, zone)
    elif str(path).lower().endswith(".xlsx"):
        with replacing(path) as file:
            _write(results, file, submitted_at, zone)
    else:
        raise ArgumentError("path must end in .xlsx, or be a file that is open for writing bytes")


def _write(
    results: Sequence[AuditResult], file: Any, submitted_at: Sequence[datetime | None] | None, zone: tzinfo
) -> None:
    # Excel knows no time zones: the heading names it.
    headings = {name: f"{name} ({zone})" if kind == "time" else name for name, kind in COLUMNS.items()}
    if submitted_at is not None:
        ids = {name: headings.pop(name) for name in ("appid", "auditid")}
        headings = {**ids, "submitted_at": f"submitted_at ({zone})", **headings}
    table = ExcelTable(file, headings, kept_in_sight="C2")
    try:
        for position, result in enumerate(results):
            values = record(result)
            if submitted_at is not None:
                values["submitted_at"] = submitted_at[position]
            for name in ("submitted_at", "observed_at"):
                if values.get(name) is not None:
                    values[name] = values[name].astimezone(zone).replace(tzinfo=None, microsecond=0)
            table.write(values)
        table.end()
    except BaseException:
        table.abandon()
        raise


def _zone(time_zone: Any) -> tzinfo:
    from datetime import timedelta, timezone, tzinfo

    if time_zone is None:
        return timezone(timedelta(hours=8), "Beijing")
    if not isinstance(time_zone, tzinfo):
        raise ArgumentError(
            f"time_zone must be a tzinfo, got {shown(time_zone)}; write zoneinfo.ZoneInfo('Asia/Shanghai')"
        )
    return time_zone
