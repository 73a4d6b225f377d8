"""Runs a program on a terminal of its own, and returns what it shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run_on_terminal(
    command: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 40
) -> tuple[int, str]:
    """The exit code, and standard output and error as a terminal gets them, with LF for CR LF."""
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
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
