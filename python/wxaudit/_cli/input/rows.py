"""Check the rows of a table, and keep them in a temporary file until they are asked about."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from ..._errors.tree import ArgumentError
from ..language import text
from ..output import streams
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

        `check` raises `ArgumentError` for a row whose token cannot be found. Raises `ArgumentError` if there
        are no rows, if there is no token for rows that name none, and for invalid rows unless they are to be
        skipped.
        """
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed by `close`
        self.count = 0
        try:
            self._read(source, check, appid, skip_invalid)
        except BaseException:
            self.close()
            raise

    def _read(
        self, source: Source, check: Callable[[Row], None], appid: str | None, skip_invalid: bool
    ) -> None:
        named: list[str] = []
        invalid = 0
        for raw in source.rows():
            self.count += 1
            row = _checked(self.count, raw, appid, check)
            if row.problem:
                invalid += 1
                if len(named) < _NAMED:
                    named.append(f"{_place(row.number, raw.line)}{row.problem}")
            self._file.write(json.dumps(row) + "\n")
        if not self.count:
            raise ArgumentError(
                text(f"{source.name} has a header and no rows", f"{source.name} 只有表头，没有数据行")
            )
        if invalid and not skip_invalid:
            raise _refused(source.name, invalid, named)

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
        if row.reference is not None:
            check(row)
    except ArgumentError as error:
        return Row(number, auditid, appid, problem=error.message)
    if row.reference is None:
        # If there is no token, that is not for this row alone.
        check(row)
    return row


def _place(number: int, line: int) -> str:
    if not line:
        return text(f"row {number}: ", f"第 {number} 条：")
    return text(f"row {number} (line {line}): ", f"第 {number} 条（第 {line} 行）：")


def _refused(name: str, count: int, named: list[str]) -> ArgumentError:
    """Says the first rows, one a line, and returns the error."""
    for row in named:
        streams.say(row)
    more = count - len(named)
    if more:
        streams.say(text(f"and {more} more", f"另有 {more} 条"))
    rows = text("1 row is" if count == 1 else f"{count} rows are", f"{count} 条")
    return ArgumentError(
        text(
            f"{name}: {rows} not valid; correct them, or record them as errors and ask about the others with "
            "--skip-invalid",
            f"{name} 中有 {rows}数据无法查询；请更正，或用 --skip-invalid 将其记为错误，只查询其余各条",
        )
    )
