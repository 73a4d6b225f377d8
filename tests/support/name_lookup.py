"""A name lookup for a child process, answered by the test: names and their addresses, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import preload

if TYPE_CHECKING:
    from pathlib import Path


class NameLookup:
    """Gives the name that `answer` was told its addresses, at any time; every other name is not found."""

    def __init__(self, directory: Path) -> None:
        self._library = preload.build("name_lookup.c", directory)
        self._names = directory / "names"
        self._names.write_text("")

    def answer(self, name: str, *addresses: str) -> None:
        """From now on `name` has these addresses; `+2` among them lets each lookup take two seconds."""
        self._names.write_text(" ".join((name, *addresses)) + "\n")

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to look names up here."""
        return {"LD_PRELOAD": self._library, "NAME_LOOKUP": str(self._names)}
