"""Measures `wxaudit batch` on tables of a given length, beside the same in Python, against nginx."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from support import programs
from support.command_line.journaled_batch import numbered_table
from support.command_line.run import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token-that-nginx-does-not-look-at"

# Rejected, with two reasons and a screenshot.
ANSWERS = """
    default_type text/plain;
    server {
        listen 127.0.0.1:{port};
        access_log off;
        keepalive_requests 1000000000;
        location = /wxa/get_auditstatus { return 200 $answer; }
        set $reason '1:标题:<br>(1):甲<br>(2):乙<br>2:丙';
        set $answer '{"errcode":0,"errmsg":"ok","status":1,"reason":"$reason","screenshot":"a"}';
    }
"""


class Measured(NamedTuple):
    seconds: float
    cpu: float
    """Seconds of all threads of the process, its start included."""
    peak: float
    """MB that the process had at most (VmHWM)."""


def measure(directory: Path, base_url: str, rows: int, ending: str) -> Measured:
    """`wxaudit batch` from a table of CSV to a file."""
    table, output = _table(directory, rows), directory / f"out.{ending}"
    return _measure(directory, base_url, "program", table, "--output", output, "--overwrite")


def measure_python(directory: Path, base_url: str, rows: int) -> Measured:
    """The same with the library, from CSV to CSV."""
    return _measure(
        directory, base_url, "python", _table(directory, rows), directory / "p.csv", base_url, TOKEN
    )


def _table(directory: Path, rows: int) -> Path:
    return numbered_table(directory / "x.csv", range(441_000_001, 441_000_001 + rows))


def _measure(directory: Path, base_url: str, kind: str, *arguments: object) -> Measured:
    report = directory / "figures.json"
    # Without the checks of `-X dev`: they pad each piece of memory.
    command = programs.command("cli_batch", kind, report, *arguments, python=sys.executable, flags=())
    environment = clean_environment(WXAUDIT_BASE_URL=base_url, WXAUDIT_TOKEN=TOKEN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert report.exists(), done.stderr
    figures = json.loads(report.read_text())
    report.unlink()
    assert figures.pop("code") == 1, done.stderr
    return Measured(**figures)
