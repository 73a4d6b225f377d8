"""Bring the outcomes of a batch to standard output as they come, or by a journal into a file."""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError
from .journal import Journal
from .language import text
from .outcomes import Tally, may_be_asked_again
from .output import json_lines, results, streams, tables
from .output.columns import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._native import AuditResult
    from .input.rows import Row, Rows
    from .input.source import Source
    from .output.progress import Bar


# Lines of a burst are written together: the bar is erased before and drawn again behind them.
_BURST_SECONDS = 0.1


class StandardOutput:
    """Writes each outcome as it comes."""

    done = 0

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._burst: list[tuple[int, AuditResult]] = []
        self._written_at = 0.0
        self.tally = Tally()

    def begin(self, rows: Rows) -> None:
        self._count = rows.count

    def has(self, row: Row) -> bool:
        del row
        return False

    def write(self, values: dict[str, Any], result: AuditResult, bar: Bar) -> None:
        self.tally.add(values)
        if self._json:
            json_lines.write({name: values[name] for name in KINDS})
        elif not streams.is_terminal():
            results.show_one(result, values["row"])
        else:
            self._burst.append((values["row"], result))
            if monotonic() - self._written_at >= _BURST_SECONDS:
                self.flush(bar)

    def flush(self, bar: Bar) -> None:
        """Writes what has been held back."""
        if self._burst:
            with bar.hidden():
                for row, result in self._burst:
                    results.show_one(result, row)
            self._burst.clear()
            self._written_at = monotonic()

    def end(self) -> None:
        """Nothing is left to do."""

    def say_how_to_go_on(self) -> None:
        done = self.tally.total
        streams.say(
            text(
                f"stopped after {done} of {self._count} rows", f"已停止：共 {self._count} 条，完成 {done} 条"
            )
        )

    def close(self) -> None:
        """Nothing is open."""


class FileOutput:
    """Keeps each outcome in a journal beside the file, and writes the file at the end."""

    def __init__(self, path: str, source: Source, *, resume: bool, overwrite: bool) -> None:
        """`ArgumentError` for a name without a known ending, and for files that would be lost."""
        tables.format_of(path)
        self._path, self._journal_path = path, f"{path}.partial.jsonl"
        self._source = source.name
        self._overwrite = overwrite
        self._journal: Journal | None = None
        self._ask_again = 0
        self.done = 0
        """The rows that need not be asked about."""
        self.tally = Tally()
        if resume and overwrite:
            raise ArgumentError(
                text("--resume and --overwrite exclude each other", "--resume 与 --overwrite 不能同时使用")
            )
        _check_place(path)
        if source.is_same_file(path):
            raise ArgumentError(
                text(f"{path} is the input; name another file", f"{path} 是输入文件，请指定其他文件名")
            )
        if not overwrite:
            _check_nothing_is_lost(path, self._journal_path, resume=resume)

    def begin(self, rows: Rows) -> None:
        """Opens the journal. `ArgumentError` if it belongs to another input or to another run."""
        tables.check(self._path, rows.count)
        self._count = rows.count
        self._journal = Journal(self._journal_path, self._source, empty=self._overwrite)
        self.done = self._journal.check(rows)

    def has(self, row: Row) -> bool:
        return self._journal is not None and row.number in self._journal

    def write(self, values: dict[str, Any], result: AuditResult, bar: Bar) -> None:
        del bar
        ask_again = may_be_asked_again(result)
        if self._journal is not None:
            # An invalid row may be corrected before another run.
            is_open = ask_again or isinstance(result.error, ArgumentError)
            self._journal.append(values, ask_again=is_open)
        self._ask_again += ask_again
        self.tally.add(values)

    def flush(self, bar: Bar) -> None:
        """Nothing is held back."""

    def end(self) -> None:
        """Writes the file, and removes the journal unless some rows should be asked about again."""
        journal = self._journal
        if journal is None:
            return
        self.tally = Tally()
        tables.write(self._path, self._counted(journal))
        if not self._ask_again:
            journal.remove()
            return
        journal.sync()
        streams.say(
            text(
                f"{self._ask_again} of {self._count} rows may be answered by another run: the same command "
                "with --resume asks about these only",
                f"共 {self._count} 条，其中 {self._ask_again} 条可以重试：用同一命令加 --resume "
                "即可只查询这些",
            )
        )

    def _counted(self, journal: Journal) -> Iterator[dict[str, Any]]:
        """The outcomes in the order of the input."""
        for number in range(1, self._count + 1):
            values = journal.read(number)
            self.tally.add(values)
            yield values

    def say_how_to_go_on(self) -> None:
        if self._journal is None:
            return
        done = self._journal.count
        streams.say(
            text(
                f"stopped: {done} of {self._count} rows are kept in {self._journal_path}; the same command "
                "with --resume goes on",
                f"已停止：共 {self._count} 条，已有 {done} 条保存在 {self._journal_path}；"
                "用同一命令加 --resume 可以继续",
            )
        )

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()


def _check_place(path: str) -> None:
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise ArgumentError(text(f"the folder {folder} does not exist", f"目录 {folder} 不存在"))
    if os.path.exists(path) and not os.path.isfile(path):
        raise ArgumentError(text(f"{path} is not a file", f"{path} 不是普通文件"))


def _check_nothing_is_lost(path: str, journal: str, *, resume: bool) -> None:
    if os.path.exists(journal) and not resume:
        raise ArgumentError(
            text(
                f"{journal} is left of a run that has not ended; go on with --resume, or start again with "
                "--overwrite",
                f"存在未完成的进度文件 {journal}；用 --resume 继续，或用 --overwrite 重新开始",
            )
        )
    if os.path.exists(path) and not os.path.exists(journal):
        problem = text(f"{path} exists", f"{path} 已存在")
        if resume:
            problem = text(
                f"{path} is complete, so that there is nothing to resume", f"{path} 已完成，无需继续"
            )
        advice = text(
            "; replace it with --overwrite, or name another file", "；用 --overwrite 覆盖，或指定其他文件名"
        )
        raise ArgumentError(problem + advice)
