"""Read JSON Lines: an object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from ..._errors.tree import ArgumentError
from ..language import text
from .cells import RawRow
from .columns import Columns
from .encoding import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Objects may have different keys. Each set of them is checked once; no more sets than these are remembered.
_REMEMBERED = 64


def read(file: BinaryIO, where: str) -> Iterator[RawRow]:
    """The rows. `ArgumentError` for a line that is not an object, and as `Columns` does."""
    lines = text_of(file, where)
    known: dict[tuple[str, ...], Columns] = {}
    try:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            values = _object(line, f"{where}, line {number}", f"{where} 第 {number} 行")
            names = tuple(values)
            columns = known.get(names)
            if columns is None:
                columns = Columns(names, text(f"{where}, line {number},", f"{where} 第 {number} 行"))
                if len(known) < _REMEMBERED:
                    known[names] = columns
            yield RawRow(number, *columns.of(list(values.values())))
    finally:
        lines.detach()


def _object(line: str, english: str, chinese: str) -> dict[str, Any]:
    try:
        # Floats stay as they are written: 1.2e11 was rounded by what wrote it.
        values = json.loads(line, parse_float=str)
    except (ValueError, RecursionError):
        raise ArgumentError(text(f"{english} is not JSON", f"{chinese}不是有效的 JSON")) from None
    if isinstance(values, list):
        raise ArgumentError(
            text(
                f"{english} is a JSON array; write one object a line (jq -c '.[]' makes that of an array)",
                f"{chinese}是 JSON 数组；应为每行一个对象（可用 jq -c '.[]' 转换）",
            )
        )
    if not isinstance(values, dict):
        raise ArgumentError(text(f"{english} is not a JSON object", f"{chinese}不是 JSON 对象"))
    return values
