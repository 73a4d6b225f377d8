"""Measure `wxaudit batch` on 20 000 and 100 000 rows: memory, and time beside the same in Python.

`make cli-batch` runs it. Against nginx on loopback, which shares the cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.command_line.measured_batch import ANSWERS, measure, measure_python
from support.servers.nginx_server import Nginx

_FEW, _MANY = 20_000, 100_000

# MB by which the longer table may take more. All of its outcomes would take about 300.
_LIMIT = 40


def main() -> int:
    """Print the figures; 1 if memory grows with the table."""
    grown = False
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "nginx").mkdir()
        with Nginx(directory / "nginx", ANSWERS) as nginx:
            print(f"rows {'':14}{_FEW:>12}{_MANY:>12}")
            measured = {}
            for ending in ("csv", "jsonl", "parquet", "xlsx"):
                few, many = (measure(directory, nginx.base_url, rows, ending) for rows in (_FEW, _MANY))
                print(f"to .{ending:<8} MB     {few.peak:12.1f}{many.peak:12.1f}")
                print(f"{'':13}seconds{few.seconds:11.1f}{many.seconds:12.1f}", flush=True)
                grown = grown or many.peak - few.peak > _LIMIT
                measured[ending] = many
            peer, program = measure_python(directory, nginx.base_url, _MANY), measured["csv"]
            print(f"in Python, CSV to CSV: {peer.seconds:.1f} s, {peer.cpu:.1f} s of CPU, {peer.peak:.0f} MB")
            print(
                f"wxaudit batch over Python: {program.seconds / peer.seconds:.2f} times the time, "
                f"{program.cpu / peer.cpu:.2f} times the CPU"
            )
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
