"""A name lookup for a child process, answered by the test: names and their addresses, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).parent


class NameLookup:
    """Gives each name that `answer` was told its addresses; every other name is not found. It may change at any time."""

    def __init__(self, directory: Path) -> None:
        self._library = directory / "name_lookup.so"
        self._names = directory / "names"
        self._names.write_text("")
        source = str(_TESTS / "name_lookup.c")
        compile_it = ["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(self._library), source, "-ldl"]
        subprocess.run(compile_it, check=True)

    def answer(self, name: str, *addresses: str) -> None:
        """From now on `name` has these addresses; `+2` among them lets each lookup take two seconds."""
        self._names.write_text(" ".join((name, *addresses)) + "\n")

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to look names up here."""
        return {"LD_PRELOAD": str(self._library), "NAME_LOOKUP": str(self._names)}


def run_child(script: str, *arguments: object, environment: dict[str, str] | None = None) -> str:
    """Runs a Python script that may import the tests' modules, with nothing of this process's proxies; its output."""
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    child = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**inherited, "PYTHONPATH": str(_TESTS), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert child.stderr == "", child.stderr
    return child.stdout
