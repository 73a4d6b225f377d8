"""Runs `wxaudit batch` with an output file, and stops it when its journal has so many rows."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from support.command_line.run import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class JournaledBatch:
    """One table, one output and the journal between them."""

    def __init__(self, table: Path, output: Path, base_url: str, token: str, *options: str) -> None:
        self.output = output
        self.journal = output.with_name(output.name + ".partial.jsonl")
        self.environment = clean_environment(WXAUDIT_BASE_URL=base_url, WXAUDIT_TOKEN=token)
        self._command = command("batch", table, "--output", output, *options)

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """A run to its end."""
        return subprocess.run(
            [*self._command, *options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @contextmanager
    def started(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """A run that goes on until the test stops it."""
        process = subprocess.Popen(
            [*self._command, *options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def stop_at(self, rows: int, number: int, *options: str) -> tuple[int, str]:
        """Sends a signal once the journal has so many outcomes: the exit code, and what was said."""
        with self.started(*options) as process:
            self.wait_for(rows, process)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            return process.returncode, said

    def wait_for(self, rows: int, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 120
        while self._lines() <= rows and process.poll() is None:
            assert time.monotonic() < deadline, f"{self._lines()} lines"
            time.sleep(0.002)

    def _lines(self) -> int:
        return self.journal.read_bytes().count(b"\n") if self.journal.exists() else 0

    def entries(self) -> list[dict[str, Any]]:
        """The outcomes in the journal, whose lines must all be whole."""
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()[1:]]


def numbered_table(path: Path, auditids: Sequence[int]) -> Path:
    """A table of CSV with an appid that tells the row."""
    rows = (f"{auditid},wx{number}\n" for number, auditid in enumerate(auditids, start=1))
    path.write_text("auditid,appid\n" + "".join(rows))
    return path
