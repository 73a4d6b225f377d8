"""Files of tables as spreadsheets, editors and data tools write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMATS = ("csv", "jsonl", "parquet", "xlsx")


def write_table(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    """Writes the columns in the format that the ending of the path names."""
    rows = list(zip(*columns.values(), strict=True))
    if path.suffix == ".csv":
        lines = [columns.keys(), *rows]
        path.write_text("".join(",".join(map(_cell, line)) + "\n" for line in lines), encoding="utf-8")
    elif path.suffix == ".jsonl":
        lines_of_json = (json.dumps(dict(zip(columns, row, strict=True))) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines_of_json), encoding="utf-8")
    elif path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table({name: list(values) for name, values in columns.items()}), path)
    else:
        from openpyxl import Workbook

        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet()
        for row in [tuple(columns), *rows]:
            sheet.append(row)
        workbook.save(path)
    return path


def read_table(path: Path) -> list[dict[str, Any]]:
    """The rows of a table that the command wrote, read by another library: numbers of CSV are texts."""
    if path.suffix == ".csv":
        import csv

        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        from pyarrow import parquet

        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        return rows
    from openpyxl import load_workbook

    sheet = load_workbook(path).active
    header, *cells = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in cells]


def _cell(value: object) -> str:
    return "" if value is None else str(value)
