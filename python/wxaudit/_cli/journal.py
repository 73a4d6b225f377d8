"""Keep the outcomes of a batch as they come, so that a run that was killed can go on."""

from __future__ import annotations

import json
import os
import time
from array import array
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError
from .._escape import truncate
from .language import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .input.rows import Row

# After so many outcomes, or so many seconds, the outcomes are written to the disk itself. What is not is lost
# only if the machine stops: a process that is killed loses nothing that it has appended.
_SYNC_OUTCOMES = 500
_SYNC_SECONDS = 1.0

# The header holds the version of the format, then the name of the input for people who find the file.
_START = b'{"wxaudit_batch": 1, "input": '
_ASK_AGAIN = "ask_again"


class Journal:
    """A file with a header and a line of JSON for each outcome, in the order of their arrival.

    Of several outcomes of a row the last counts. Memory: 8 bytes for each row.
    """

    def __init__(self, path: str, source: str, *, empty: bool = False) -> None:
        """Opens the file, and reads the outcomes that it has, or drops them if it is to be `empty`.

        `source` names the input in the header.

        `ArgumentError` if it is not a journal, or if another run writes it. `OSError` if it cannot
        be written.
        """
        self.path = path
        self._file = _open_locked(path)
        self._reader = open(path, "rb")  # noqa: SIM115  # closed by `close`
        self._offsets = array("q")
        self._end = 0
        self._unsynced = 0
        self._synced_at = time.monotonic()
        try:
            if empty:
                os.ftruncate(self._file, 0)
            self._load(source)
        except BaseException:
            self.close()
            raise

    def _load(self, source: str) -> None:
        with open(self.path, "rb") as file:
            header = file.readline()
            is_whole = header.endswith(b"\n")
            if not (header.startswith(_START) or (not is_whole and _START.startswith(header))):
                raise ArgumentError(
                    text(
                        f"{self.path} is not a journal of this version of wxaudit batch; move it away",
                        f"{self.path} 不是本版本 wxaudit batch 的进度文件，请将其移走",
                    )
                )
            if not is_whole:
                # New, or ended while it was made.
                os.ftruncate(self._file, 0)
                self._write(_START + f"{json.dumps(source)}}}\n".encode())
                return
            self._end = len(header)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                values = _parsed(line)
                # A line that the disk has lost is a row that was not asked about.
                if isinstance(values.get("row"), int) and values["row"] > 0:
                    self._note(values["row"], -1 if values.get(_ASK_AGAIN) else self._end)
                self._end += len(line)
            # What follows is the start of a line.
            os.ftruncate(self._file, self._end)

    def __contains__(self, number: int) -> bool:
        """Whether a row has an outcome that counts."""
        return number <= len(self._offsets) and self._offsets[number - 1] >= 0

    @property
    def count(self) -> int:
        """How many rows have an outcome that counts."""
        return sum(offset >= 0 for offset in self._offsets)

    def check(self, rows: Iterable[Row]) -> int:
        """Compares the outcomes with the rows of the input, and returns how many there are.

        `ArgumentError` names a row that differs.
        """
        found = last = 0
        for row in rows:
            last = row.number
            if row.number in self:
                found += 1
                values = self.read(row.number)
                if (values["auditid"], values["appid"]) != (row.auditid, row.appid):
                    self._refuse(row.number, values["auditid"], values["appid"], row)
        if len(self._offsets) > last:
            self._refuse(last + 1, None, None, None)
        return found

    def _refuse(self, number: int, auditid: object, appid: object, row: Row | None) -> None:
        was = truncate(f"{auditid} {appid or ''}".strip(), 80)
        now = truncate(f"{row.auditid} {row.appid or ''}".strip(), 80) if row else text("missing", "不存在")
        if row is None:
            was = text("answered", "已有结果")
        raise ArgumentError(
            text(
                f"the input has changed since {self.path} was begun: row {number} was {was} and is {now} "
                "now; restore the input, or start again with --overwrite",
                f"输入在 {self.path} 创建后有变化：第 {number} 条原为 {was}，现为 {now}；请恢复原来的输入，"
                "或用 --overwrite 重新开始",
            )
        )

    def append(self, values: dict[str, Any], *, ask_again: bool) -> None:
        """Keeps the outcome of a row. `OSError` if it cannot be written."""
        offset = self._end
        self._write(_line({**values, _ASK_AGAIN: True} if ask_again else values))
        self._note(values["row"], offset)
        self._unsynced += 1
        if self._unsynced >= _SYNC_OUTCOMES or time.monotonic() - self._synced_at >= _SYNC_SECONDS:
            self.sync()

    def read(self, number: int) -> dict[str, Any]:
        """The outcome of a row that is in the journal."""
        # Most rows come nearly in the order of the input, so that they are still in the buffer.
        self._reader.seek(self._offsets[number - 1])
        values = _parsed(self._reader.readline())
        values.pop(_ASK_AGAIN, None)
        return values

    def _note(self, number: int, offset: int) -> None:
        missing = number - len(self._offsets)
        if missing > 0:
            self._offsets.extend([-1] * missing)
        self._offsets[number - 1] = offset

    def _write(self, line: bytes) -> None:
        rest = line
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from None
        self._end += len(line)

    def sync(self) -> None:
        """Writes what was appended to the disk itself."""
        os.fsync(self._file)
        self._unsynced = 0
        self._synced_at = time.monotonic()

    def remove(self) -> None:
        """Deletes the file. Nothing can be appended any more."""
        if os.name == "nt":
            # It deletes no open file.
            self.close()
        os.unlink(self.path)

    def close(self) -> None:
        """Ends the lock too."""
        self._reader.close()
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _line(values: dict[str, Any]) -> bytes:
    from .output.json_lines import line

    return line(values).encode("utf-8", "backslashreplace") + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _open_locked(path: str) -> int:
    """The descriptor of the file, made if it is missing, that this process alone may write."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        try:
            _lock(descriptor, path)
            # Another run may have ended, and removed the file, between the two lines.
            if os.path.exists(path) and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: str) -> None:
    try:
        if os.name == "nt":
            import msvcrt

            # A byte that no outcome reaches: other bytes could not be read.
            os.lseek(descriptor, 1 << 40, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ArgumentError(
            text(
                f"another wxaudit batch is writing {path}; wait until it has ended",
                f"另一个 wxaudit batch 正在写入 {path}，请等它结束",
            )
        ) from None
