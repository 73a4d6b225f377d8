"""Runs `wxaudit doctor --json`, and finds its rows."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from support.command_line.run import run


class Report(NamedTuple):
    code: int
    rows: list[dict[str, Any]]
    output: str

    def row(self, check: str, host: int = 0) -> dict[str, Any]:
        """The row of a check; of the first host, or of another one."""
        return [row for row in self.rows if row["check"] == check][host]

    def statuses(self) -> dict[str, str]:
        return {row["check"]: row["status"] for row in self.rows}


def doctor(*arguments: object, **variables: str) -> Report:
    done = run("doctor", "--json", *arguments, **variables)
    assert "Traceback" not in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return Report(done.returncode, rows, done.stdout + done.stderr)
