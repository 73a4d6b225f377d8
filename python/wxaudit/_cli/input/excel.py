"""Read the first sheet of an Excel workbook with openpyxl, row by row."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, BinaryIO

from ..._errors.tree import ArgumentError
from ..language import text
from ..libraries import openpyxl
from .cells import RawRow
from .columns import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(file: BinaryIO, where: str) -> Iterator[RawRow]:
    """The rows but blank ones. `ArgumentError` for what is not a workbook, and as `Columns` does."""
    columns = None
    for line, cells in enumerate(_rows(file, where), start=1):
        if all(cell is None or not str(cell).strip() for cell in cells):
            continue
        if columns is None:
            columns = Columns(cells, where)
            continue
        yield RawRow(line, *columns.of(cells))


def _rows(file: BinaryIO, where: str) -> Iterator[tuple[Any, ...]]:
    library = openpyxl()
    # It warns of styles and validations that it does not read.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            workbook = library.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                sheet = workbook.worksheets[0]
                # What the file says of its size may be wrong.
                sheet.reset_dimensions()
                yield from sheet.iter_rows(values_only=True)
            finally:
                workbook.close()
        except Exception as error:
            kind = type(error).__name__
            raise ArgumentError(
                text(
                    f"{where} cannot be read as an Excel workbook ({kind})",
                    f"{where} 无法按 Excel 工作簿读取（{kind}）",
                )
            ) from None
