"""Run the fake WeChat and platform, stand_in.py, in a separate process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


class StandIn:
    """The separate process."""

    def __init__(self, queries: int, merchants: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # a file in this folder, and two numbers
            [sys.executable, str(Path(__file__).with_name("stand_in.py")), str(queries), str(merchants)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self) -> dict[str, str]:
        """Return the URL of the fake WeChat, and the paths of audits and tokens."""
        assert self._process.stdout is not None  # noqa: S101  # for mypy
        places: dict[str, str] = json.loads(self._process.stdout.readline())
        return places

    def end(self) -> dict[str, int]:
        """Stop the fake WeChat, and return what it received."""
        received: dict[str, int] = json.loads(self._process.communicate()[0])
        return received

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.communicate()
