"""A name lookup for a child process, answered by the test: names and their addresses, in order."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


class NameLookup:
    """Gives each name that `answer` was told its addresses; every other name is not found. It may change at any time."""

    def __init__(self, directory: Path) -> None:
        self._library = directory / "name_lookup.so"
        self._names = directory / "names"
        self._names.write_text("")
        options = ["-shared", "-fPIC", "-Wall", "-Werror"]
        subprocess.run(["cc", *options, "-o", str(self._library), str(_SOURCE), "-ldl"], check=True)

    def answer(self, name: str, *addresses: str) -> None:
        """From now on `name` has these addresses; `+2` among them lets each lookup take two seconds."""
        self._names.write_text(" ".join((name, *addresses)) + "\n")

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to look names up here."""
        return {"LD_PRELOAD": str(self._library), "NAME_LOOKUP": str(self._names)}
