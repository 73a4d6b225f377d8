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
# Push events are read in Python, so Hypothesis makes them.
TARGETS = (*CORE_TARGETS, "event")

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
        is_core = target in CORE_TARGETS
        run = (
            run_core_target(target, arguments.seconds, folder)
            if is_core
            else run_event_target(arguments.seconds)
        )
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
