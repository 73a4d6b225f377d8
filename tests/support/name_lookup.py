"""A name lookup for a child process, answered by the test: names and their addresses, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import preload

if TYPE_CHECKING:
    from pathlib import Path


class NameLookup:
    """Gives the names that `answer` was told their addresses, at any time; every other name is not found."""

    def __init__(self, directory: Path) -> None:
        self._library = preload.build("name_lookup.c", directory)
        self._names = directory / "names"
        self._log = directory / "names.log"
        self._answers: dict[str, tuple[str, ...]] = {}
        self.reset()

    def reset(self) -> None:
        """Forgets all names, and which were looked up."""
        self._answers = {}
        self._names.write_text("")
        self._log.write_text("")

    def answer(self, name: str, *addresses: str) -> None:
        """From now on `name` has these addresses; `+2` among them lets each lookup take two seconds."""
        self._answers[name] = addresses
        lines = (" ".join((name, *addresses)) + "\n" for name, addresses in self._answers.items())
        self._names.write_text("".join(lines))

    @property
    def lookups(self) -> list[tuple[str, int]]:
        """The names that were looked up, and the processes that did so."""
        words = (line.split() for line in self._log.read_text().splitlines())
        return [(name, int(process)) for name, process in words]

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to look names up here."""
        files = {"NAME_LOOKUP": str(self._names), "NAME_LOOKUP_LOG": str(self._log)}
        return {"LD_PRELOAD": self._library, **files}
