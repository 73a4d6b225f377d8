"""Measure once, in a new process of the peer's environment: read a task as JSON, print one line of JSON."""

from __future__ import annotations

import json
import sys

from benches.workloads import Task, measure


def main() -> int:
    """Read the task from the first argument, and measure it."""
    result = measure(Task(**json.loads(sys.argv[1])))
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
