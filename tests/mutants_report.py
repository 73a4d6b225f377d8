"""Run cargo-mutants as `.cargo/mutants.toml` says, and print how many changes the tests of the core notice.

Arguments: the target folder, and any for cargo-mutants, as `--re retry_after`. Below 95 % the exit
code is 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

ENOUGH = 0.95

# Built as quickly as possible: most of the time goes into compiling.
PROFILE = {"CARGO_PROFILE_DEV_OPT_LEVEL": "0", "CARGO_PROFILE_DEV_DEBUG": "none"}


def main() -> int:
    target, *arguments = sys.argv[1:]
    output = Path(target).absolute()
    command = ["cargo", "mutants", "--jobs", "1", "--no-shuffle", "--colors", "never"]
    subprocess.run(
        [*command, "--output", str(output), *arguments], env={**os.environ, **PROFILE}, check=False
    )
    report = output / "mutants.out" / "outcomes.json"
    if not report.exists():
        print("cargo-mutants did not get as far as a report; see above", file=sys.stderr)
        return 1
    outcomes = json.loads(report.read_text())["outcomes"]
    mutants = [outcome for outcome in outcomes if outcome["scenario"] != "Baseline"]
    if not mutants:
        print("cargo-mutants made no mutant", file=sys.stderr)
        return 1
    for name in ("missed", "timeout"):
        print((output / "mutants.out" / f"{name}.txt").read_text(), end="")
    by_file: dict[str, Counter[str]] = {}
    for mutant in mutants:
        file = mutant["scenario"]["Mutant"]["file"]
        by_file.setdefault(file, Counter())[mutant["summary"]] += 1
    total: Counter[str] = Counter()
    for file, counts in sorted(by_file.items()):
        print(f"{file}: {_told(counts)}")
        total += counts
    print(f"in all: {_told(total)}")
    return int(_rate(total) < ENOUGH)


def _rate(counts: Counter[str]) -> float:
    """A mutant that makes the tests hang is noticed too; one that does not compile says nothing."""
    caught = counts["CaughtMutant"] + counts["Timeout"]
    return caught / max(1, caught + counts["MissedMutant"])


def _told(counts: Counter[str]) -> str:
    return (
        f"{counts['CaughtMutant']} caught, {counts['MissedMutant']} missed, {counts['Timeout']} timeouts, "
        f"{counts['Unviable']} do not compile: {_rate(counts):.1%}"
    )


if __name__ == "__main__":
    sys.exit(main())
