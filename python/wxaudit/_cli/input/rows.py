"""Check the rows of a table, and keep them in a temporary file until they are asked about."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from ..._errors.tree import ArgumentError
from ..language import text
from .cells import appid_of, auditid_of, reference_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .cells import RawRow
    from .source import Source

# The invalid rows that a message names.
_NAMED = 5


class Row(NamedTuple):
    """A row that has been checked. `problem` says why it cannot be a query, and is empty if it can."""

    number: int
    """From 1; the header does not count."""
    auditid: int | None
    appid: str | None
    reference: str | None = None
    problem: str = ""


class Rows:
    """The rows of an input, each checked, in a file without a name, so that they take no memory."""

    def __init__(
        self, source: Source, check: Callable[[Row], None], *, appid: str | None, skip_invalid: bool
    ) -> None:
        """Reads all of the input. `appid` is that of rows without one.

        `check` raises `ArgumentError` for a row that is invalid for other reasons than its cells. Raises
        `ArgumentError` if there are no rows, and for invalid rows unless they are to be skipped.
        """
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed by `close`
        self.count = self.invalid = 0
        named: list[str] = []
        for raw in source.rows():
            self.count += 1
            row = _checked(self.count, raw, appid, check)
            if row.problem:
                self.invalid += 1
                if len(named) < _NAMED:
                    named.append(f"{_place(row.number, raw.line)}{row.problem}")
                row = row._replace(reference=None)
            self._file.write(json.dumps(row) + "\n")
        if not self.count:
            raise ArgumentError(
                text(f"{source.name} has a header and no rows", f"{source.name} 只有表头，没有数据行")
            )
        if named and not skip_invalid:
            raise ArgumentError(_refusal(source.name, self.invalid, named))

    def __iter__(self) -> Iterator[Row]:
        """From the first row. One iteration at a time."""
        self._file.seek(0)
        for line in self._file:
            yield Row(*json.loads(line))

    def close(self) -> None:
        self._file.close()


def _checked(number: int, raw: RawRow, appid: str | None, check: Callable[[Row], None]) -> Row:
    auditid = None
    try:
        if raw.problem:
            raise ArgumentError(raw.problem)
        appid = appid_of(raw.appid) or appid
        auditid = auditid_of(raw.auditid)
        row = Row(number, auditid, appid, reference_of(raw.reference))
        check(row)
        return row
    except ArgumentError as error:
        return Row(number, auditid, appid, problem=error.message)


def _place(number: int, line: int) -> str:
    if not line:
        return text(f"row {number}: ", f"第 {number} 条：")
    return text(f"row {number} (line {line}): ", f"第 {number} 条（第 {line} 行）：")


def _refusal(name: str, count: int, named: list[str]) -> str:
    rows = text("1 row" if count == 1 else f"{count} rows", f"{count} 条")
    more = count - len(named)
    listed = "; ".join(named) + (text(f"; and {more} more", f"；另有 {more} 条") if more else "")
    return text(
        f"{name}: {rows} cannot be asked about, and nothing was sent: {listed}. Correct them, or record them "
        "as errors and ask about the others with --skip-invalid",
        f"{name}：{rows}数据无法查询，请求尚未发出：{listed}。请更正，或用 --skip-invalid 将其记为错误，"
        "只查询其余各条",
    )
