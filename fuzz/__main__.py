"""Run each fuzz target for a while and print what came of it: `make fuzz FUZZ_TARGETS=reason`."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from fuzz.seeds import ROOT, write_seeds

CORE_TARGETS = ("answer", "reason", "retry_after", "certificates", "no_proxy")
# Push events are read in Python, so Hypothesis makes them, as it makes sequences of calls.
TARGETS = (*CORE_TARGETS, "event", "calls")

# The core has no unsafe code: the address sanitizer would only halve the number of executions.
OPTIONS = ("--sanitizer", "none", "--fuzz-dir", "fuzz")
LIBFUZZER = ("-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1")


class Run(NamedTuple):
    """What came of one target."""

    target: str
    seconds: float
    executions: int
    seeds: int
    corpus: int
    failed: bool


def run_core_target(target: str, seconds: int, folder: Path) -> Run:
    """Runs a target of the core from its seeds and the corpus of earlier runs."""
    seeds, corpus, failures = (
        folder / "seeds" / target,
        folder / "corpus" / target,
        folder / "failures" / target,
    )
    count = write_seeds(target, seeds)
    corpus.mkdir(parents=True, exist_ok=True)
    failures.mkdir(parents=True, exist_ok=True)
    build = ["--target-dir", str(folder / "build"), target]
    subprocess.run(["cargo", "+nightly", "fuzz", "build", *OPTIONS, *build], cwd=ROOT, check=True)
    begun = time.monotonic()
    run = subprocess.run(
        ["cargo", "+nightly", "fuzz", "run", *OPTIONS, *build, str(corpus), str(seeds), "--",
         *LIBFUZZER, f"-max_total_time={seconds}", f"-artifact_prefix={failures}/"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace", check=False,
    )  # fmt: skip
    took = time.monotonic() - begun
    (folder / f"{target}.log").write_text(run.stderr)
    executions = re.search(r"stat::number_of_executed_units:\s*(\d+)", run.stderr)
    if run.returncode:
        print("\n".join(run.stderr.splitlines()[-40:]), file=sys.stderr)
    done = int(executions[1]) if executions else 0
    return Run(target, took, done, count, len(list(corpus.iterdir())), run.returncode != 0)


def run_event_target(seconds: int) -> Run:
    """Runs the properties of received pushes on ever new examples."""
    from support import push_properties

    begun = time.monotonic()
    executions, failed = push_properties.search(seconds)
    return Run("event", time.monotonic() - begun, executions, 0, 0, failed)


def run_calls_target(seconds: int, folder: Path) -> Run:
    """Runs the state machine on ever new sequences of calls, in a process whose wall clock it sets."""
    from support import preload

    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "LD_PRELOAD": preload.build("wall_clock.c", folder),
        "WALL_CLOCK": str(folder / "seconds"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    command = [sys.executable, "-m", "machine", "--seconds", str(seconds)]
    begun = time.monotonic()
    run = subprocess.run(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False
    )
    count = re.match(r"\d+", run.stdout)
    took = time.monotonic() - begun
    return Run("calls", took, int(count[0]) if count else 0, 0, 0, run.returncode != 0)


def run_target(target: str, seconds: int, folder: Path) -> Run:
    """Runs one target of any kind."""
    if target == "event":
        return run_event_target(seconds)
    if target == "calls":
        return run_calls_target(seconds, folder)
    return run_core_target(target, seconds, folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "target" / "fuzz", help="of corpus and failures"
    )
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="all without any")
    arguments = parser.parse_args()
    folder = Path(os.path.abspath(arguments.folder))
    runs = []
    for target in arguments.targets or TARGETS:
        run = run_target(target, arguments.seconds, folder)
        runs.append(run)
        print(
            f"{run.target}: {run.executions:,} executions in {run.seconds:.0f} s, "
            f"{run.seeds:,} seeds, {run.corpus:,} inputs in the corpus, "
            + (
                f"FAILED: see {folder / 'failures' / target} and {folder / target}.log"
                if run.failed
                else "no failure"
            ),
            flush=True,
        )
    return int(any(run.failed for run in runs))


if __name__ == "__main__":
    sys.exit(main())
