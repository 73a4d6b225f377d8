"""Open the input of a batch: a file or standard input, and tell its format."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from ..._errors.tree import ArgumentError
from ..._escape import truncate
from ..errors import of_system
from ..language import text
from . import delimited, excel, json_lines, parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cells import RawRow

_READERS = {"csv": delimited.read, "jsonl": json_lines.read, "parquet": parquet.read, "xlsx": excel.read}
FORMATS = tuple(_READERS)


class Source:
    """A table: its name in messages, its format and its bytes."""

    def __init__(self, path: str, given_format: str | None) -> None:
        """Opens it. `ArgumentError` if there is nothing to read. `-` is standard input."""
        if given_format is not None and given_format not in _READERS:
            raise ArgumentError(f"--input-format must be one of {', '.join(_READERS)}")
        is_standard_input = path == "-"
        self.path = path
        self.name = text("standard input", "标准输入") if is_standard_input else truncate(path, 200)
        self._file = _standard_input() if is_standard_input else _open(path, self.name)
        try:
            self.format = given_format or _format_of(self._file, self.name)
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[RawRow]:
        self._file.seek(0)
        return _READERS[self.format](self._file, self.name)

    def is_same_file(self, path: str) -> bool:
        return self.path != "-" and os.path.exists(path) and os.path.samefile(self.path, path)

    def close(self) -> None:
        self._file.close()


def _open(path: str, name: str) -> BinaryIO:
    try:
        file = open(path, "rb")  # noqa: SIM115  # closed by `Source.close`
    except IsADirectoryError:
        raise ArgumentError(
            text(f"{name} is a directory; name the file of the table", f"{name} 是目录，请指定表格文件")
        ) from None
    except OSError as error:
        raise ArgumentError(
            text(f"{name} cannot be read: {of_system(error)}", f"无法读取 {name}：{of_system(error)}")
        ) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    with file:
        return _copied(file)


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise ArgumentError(
            text(
                "- reads the table from standard input, which is a terminal; pipe it in, or name a file",
                "- 表示从标准输入读取表格，但标准输入是终端；请用管道传入，或指定文件",
            )
        )
    return _copied(sys.stdin.buffer)


def _copied(pipe: BinaryIO) -> BinaryIO:
    """A pipe as a file without a name: its encoding is known once all of it has been read."""
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # closed by `Source.close`
    shutil.copyfileobj(pipe, file)
    return file


def _format_of(file: BinaryIO, name: str) -> str:
    """By the first bytes: names may lie, and standard input has none."""
    file.seek(0)
    start = file.read(64)
    if not start:
        raise ArgumentError(text(f"{name} is empty", f"{name} 是空文件"))
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise ArgumentError(
            text(
                f"{name} is an old Excel file (.xls), or has a password; save it as .xlsx without one",
                f"{name} 是旧版 Excel 文件（.xls）或设有密码，请另存为不带密码的 .xlsx",
            )
        )
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith(b"PAR1"):
        return "parquet"
    # As UTF-8 or UTF-16, with or without a mark.
    plain = start.translate(None, b"\0\xef\xbb\xbf\xff\xfe \t\r\n")
    return "jsonl" if plain[:1] in (b"{", b"[") else "csv"
