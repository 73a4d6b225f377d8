"""Runs a program on a terminal of its own, and returns what it shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self


class Typed:
    """A program on a terminal, for which a person types."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._primary, secondary = _terminal(80, 40)
        self._shown = ""
        self._process = subprocess.Popen(
            command, env=env, stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True
        )
        os.close(secondary)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._primary)

    def write(self, typed: str) -> None:
        self._shown = ""
        os.write(self._primary, typed.encode())

    def wait_for(self, text: str, timeout: float = 60) -> None:
        """Waits until a text is shown that was not shown before the last `write`."""
        limit = time.monotonic() + timeout
        while text not in self._shown:
            readable, _, _ = select.select([self._primary], [], [], max(0, limit - time.monotonic()))
            assert readable, f"{text!r} is not in {self._shown!r}"
            self._shown += os.read(self._primary, 65536).decode(errors="replace")


def _terminal(columns: int, rows: int) -> tuple[int, int]:
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return primary, secondary


def run_on_terminal(
    command: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 40
) -> tuple[int, str]:
    """The exit code, and standard output and error as a terminal gets them, with LF for CR LF."""
    primary, secondary = _terminal(columns, rows)
    # Rich asks these before the terminal.
    env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command, env=env, stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True
    )
    os.close(secondary)
    shown = b""
    # A terminal without a program is an error when it is read.
    with contextlib.suppress(OSError):
        while some := os.read(primary, 65536):
            shown += some
    os.close(primary)
    return process.wait(timeout=60), shown.decode().replace("\r\n", "\n")
