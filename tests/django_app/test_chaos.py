"""A small `make chaos`: workers are killed and servers restart, and still each decision is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.programs import environment

TESTS = Path(__file__).parents[1]


def test_nothing_is_lost_while_workers_are_killed_and_servers_restart() -> None:
    variables = environment()
    variables["PYTHONPATH"] += f":{TESTS}"
    # A state lasts longer than a lease, an interval and a restart, so that each is seen.
    times = "--interval 5 --lease 6 --shortest 22 --longest 30 --kill-every 5"
    options = f"--watches 200 --appids 10 --restarts 1 {times}"
    done = subprocess.run(
        [sys.executable, "-m", "chaos", *options.split()],
        env=variables, cwd=TESTS, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 of 200" in done.stdout
