"""The command line: `wxaudit` and `python -m wxaudit`. It needs the extra `cli`.

`program` parses the arguments, runs a command and turns its end into an exit code; `commands` has a file for
each command. They use `options` (what several commands accept), `settings` (options, environment and
configuration file), `tokens` (where tokens come from), `connection` (the client of a run) and `output`
(tables, JSON Lines, messages).
"""

from __future__ import annotations

import sys

from .._optional import import_optional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LIBRARIES = ("typer", "rich", "tomllib" if sys.version_info >= (3, 11) else "tomli")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    try:
        # Typer alone takes half of the time to start: the other libraries are imported where they are used.
        from importlib.util import find_spec

        for library in _LIBRARIES:
            if find_spec(library) is None:
                import_optional(library, "the command line")
        from .program import run
    except ModuleNotFoundError as error:
        # In English and Chinese, of which one is enough.
        print(f"wxaudit: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return run(sys.argv[1:] if arguments is None else arguments)
