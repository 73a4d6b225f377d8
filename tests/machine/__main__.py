"""Run the state machine: a number of examples that are always the same, or ever new ones for some seconds."""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.calls import FAKE, Calls


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m machine", description=__doc__)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--steps", type=int, default=10, help="of each example")
    parser.add_argument("--seconds", type=float, help="go on with new examples for that long")
    arguments = parser.parse_args()
    is_search = arguments.seconds is not None
    options = settings(
        max_examples=arguments.examples,
        stateful_step_count=arguments.steps * (3 if is_search else 1),
        derandomize=not is_search,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    until, count = time.monotonic() + (arguments.seconds or 0), 0
    with FAKE:
        while not count or time.monotonic() < until:
            run_state_machine_as_test(Calls, settings=options)
            count += arguments.examples
    print(f"{count} sequences of calls")
    return 0


if __name__ == "__main__":
    sys.exit(main())
