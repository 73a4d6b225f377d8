"""Write a file of outcomes in one of several formats, so that it appears complete or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from ..._errors.tree import ArgumentError
from ..._escape import truncate
from ..._files import replacing
from ..language import text
from ..libraries import openpyxl, parquet_library
from .columns import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMATS = ("csv", "jsonl", "parquet", "xlsx")


class TableWriter(Protocol):
    """Writes the rows of a table into a file that is open."""

    def write(self, values: dict[str, Any]) -> None:
        """Writes one row: the values of `KINDS`, as JSON has them."""

    def end(self) -> None:
        """Writes what is left."""


def format_of(path: str) -> str:
    """The format that the ending of a name tells. `ArgumentError` for other endings."""
    ending = os.path.splitext(path)[1].lower().removeprefix(".")
    if ending in FORMATS:
        return ending
    raise ArgumentError(
        text(
            f"--output {truncate(path, 200)}: the name must end in .csv, .jsonl, .parquet or .xlsx",
            f"--output {truncate(path, 200)}：文件名应以 .csv、.jsonl、.parquet 或 .xlsx 结尾",
        )
    )


def check(path: str, count: int) -> None:
    """`ArgumentError` if the format cannot hold so many rows, or if its library is missing."""
    kind = format_of(path)
    if kind == "xlsx":
        from ..._frames.excel import LARGEST

        openpyxl()
        if count > LARGEST:
            raise ArgumentError(
                text(
                    f"an Excel sheet has at most {LARGEST} rows, and the input has {count}; write .csv or "
                    ".parquet",
                    f"Excel 工作表最多 {LARGEST} 行，而输入有 {count} 条；请改用 .csv 或 .parquet",
                )
            )
    elif kind == "parquet":
        parquet_library()


def write(path: str, rows: Iterable[dict[str, Any]]) -> None:
    """Writes the file beside its place and renames it. `OSError` leaves what was there before."""
    with replacing(path) as file:
        writer = _writer(format_of(path), file)
        for values in rows:
            writer.write(values)
        writer.end()


def _writer(kind: str, file: Any) -> TableWriter:
    if kind == "csv":
        from .csv_table import CsvTable

        return CsvTable(file)
    if kind == "xlsx":
        from ..._frames.excel import ExcelTable

        return ExcelTable(file, {name: name for name in KINDS})
    if kind == "parquet":
        from .parquet_table import ParquetTable

        return ParquetTable(file)
    return _JsonLines(file)


class _JsonLines:
    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, values: dict[str, Any]) -> None:
        from .json_lines import line

        row = {name: values[name] for name in KINDS}
        self._file.write(line(row).encode("utf-8", "backslashreplace") + b"\n")

    def end(self) -> None:
        pass
