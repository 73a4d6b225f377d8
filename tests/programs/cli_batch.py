"""Runs `wxaudit batch`, or the same in ten lines of Python, and writes what it took into a file, as JSON."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from pathlib import Path

import wxaudit


def program(arguments: list[str]) -> int:
    from wxaudit._cli import main

    return main(["batch", *arguments])


def in_python(arguments: list[str]) -> int:
    """A table in, a table out."""
    table, output, base_url, token = arguments
    with wxaudit.Client(base_url=base_url) as client, open(table) as file:
        queries = [(token, row["auditid"], row["appid"]) for row in csv.DictReader(file)]
        batch = client.get_audit_statuses(queries)
    with open(output, "w") as file:
        records = batch.to_records()
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return 1


if __name__ == "__main__":
    _, kind, report, *given = sys.argv
    begun = time.perf_counter()
    code = {"program": program, "python": in_python}[kind](given)
    seconds = time.perf_counter() - begun
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    cpu = time.process_time()
    figures = {"code": code, "seconds": seconds, "cpu": cpu, "peak": int(peak[1]) / 1000}
    Path(report).write_text(json.dumps(figures))
