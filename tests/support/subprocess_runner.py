"""Calls from a child process, where its environment, its limits or its libraries are what is tested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Mapping

# The modules of the tests, and the package as this process has it.
_TESTS = Path(__file__).parents[1]
_PATH = (str(_TESTS), str(_TESTS / "programs"), str(Path(wxaudit.__file__).parents[1]))


def run_child(script: str, *arguments: object, environment: Mapping[str, str] | None = None) -> str:
    """What a Python script printed that succeeded and was quiet on stderr.

    It may import the modules of the tests. It inherits the environment without proxies and WXAUDIT_….
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("WXAUDIT_")
    }
    child = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**inherited, "PYTHONPATH": os.pathsep.join(_PATH), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert not child.stderr, child.stderr
    return child.stdout
