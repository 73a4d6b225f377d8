"""Run an example of `examples/` to its end, and see what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from support.programs import environment

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = Path(__file__).parents[2] / "examples"


class EndedExample:
    """An example, run to its end with its temporary files in `directory`."""

    def __init__(self, script: str, directory: Path, *arguments: str, **variables: str) -> None:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / script), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(TMPDIR=str(directory), **variables),
            start_new_session=True,
        )
        try:
            self.stdout, self.stderr = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        self.returncode = process.returncode
        self.seconds = time.monotonic() - begun
        self.processes_left = psutil.wait_procs(_with_folder(directory), timeout=10)[1]
        self.files_left = list(directory.iterdir())

    def numbers(self, pattern: str) -> list[int]:
        """Those in the only line that looks like this."""
        found = re.findall(f"^{pattern}$", self.stdout, re.MULTILINE)
        assert len(found) == 1, (pattern, self.stdout)
        return [int(number) for number in (found[0] if isinstance(found[0], tuple) else found)]


def _with_folder(directory: Path) -> Iterable[psutil.Process]:
    """The processes whose temporary files are in this folder, in whatever session."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR", "").startswith(str(directory)):
                yield process
