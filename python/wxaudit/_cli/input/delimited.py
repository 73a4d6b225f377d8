"""Read CSV: commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from ..._errors.tree import ArgumentError
from ..language import text
from .cells import RawRow
from .columns import Columns
from .encoding import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATORS = ",;\t|"


def read(file: BinaryIO, where: str) -> Iterator[RawRow]:
    """The rows but blank ones. `ArgumentError` for what is not CSV, and as `Columns` does."""
    lines = text_of(file, where)
    first, before = lines.readline(), 0
    separator = _separator_of(first)
    if first.lower().startswith("sep="):
        # For Excel.
        first, before = "", 1
    rows = csv.reader(chain([first] if first else [], lines), delimiter=separator, strict=True)
    columns = None
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = Columns(cells, where)
                continue
            problem = _too_many() if columns.are_exceeded_by(cells) else ""
            yield RawRow(rows.line_num + before, *columns.of(cells), problem=problem)
    except csv.Error as error:
        line = rows.line_num + before
        raise ArgumentError(
            text(
                f"{where}, line {line}: this is not CSV: {error}",
                f"{where} 第 {line} 行不是有效的 CSV：{error}",
            )
        ) from None
    finally:
        lines.detach()


def _separator_of(line: str) -> str:
    """The separator that occurs most often in the first line, outside quotes."""
    if line.lower().startswith("sep="):
        return line[4:5] if line[4:5] in tuple(_SEPARATORS) else ","
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=bare.count)


def _too_many() -> str:
    return text(
        "the row has more cells than the header; put a cell that holds the separator in quotes",
        "该行的单元格比表头多；含有分隔符的单元格应加引号",
    )
