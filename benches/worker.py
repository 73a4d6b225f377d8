"""One measurement in a fresh process of its peer's environment: a task as JSON in, one line of JSON out."""

from __future__ import annotations

import json
import sys

from benches.workloads import Task, measure


def main() -> int:
    """Reads the task from the first argument."""
    result = measure(Task(**json.loads(sys.argv[1])))
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
