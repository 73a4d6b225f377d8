"""`manage.py wxaudit_watch FILE.csv`: watch the audits of a table, such as one that a project kept by
hand."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ...._errors.tree import ArgumentError
from ...._escape import truncate
from ..._watch_file import WatchFile

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Watches the audits of a CSV file. Its first line names the columns: appid, auditid, and if you like "
        "deadline "
        "(2026-12-31T18:00+08:00) and note. Rows that are wrong are named, and all others are watched; what "
        "is watched "
        "already stays as it is, so that the file can be read again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", help="the file, or - for the standard input")
        parser.add_argument(
            "--encoding", default="utf-8", help="of the file (utf-8); Excel in China writes gb18030 too"
        )

    def handle(self, *_: Any, file: str, encoding: str, **__: Any) -> None:
        after, watched, wrong = "line 1", 0, 0
        try:
            with _opened(file, encoding) as lines:
                table = WatchFile(lines)
                if table.ignored:
                    self.stderr.write(
                        "not read: the columns " + ", ".join(truncate(name, 12) for name in table.ignored)
                    )
                for after, problem in table.watch():
                    watched, wrong = watched + (not problem), wrong + bool(problem)
                    if problem:
                        self.stderr.write(f"{after}: {problem}")
        except UnicodeDecodeError:
            raise CommandError(
                f"{file}: not {encoding} after {after}; save it as CSV UTF-8, or write --encoding gb18030; "
                f"{watched} rows are "
                "watched"
            ) from None
        except (OSError, ArgumentError, LookupError) as error:
            raise CommandError(f"{file}: {error}") from None
        except DatabaseError as error:
            raise CommandError(f"{file}: stopped after {after}: {error}; run it again") from error
        self.stdout.write(f"{watched} rows are watched")
        if wrong:
            raise CommandError(
                f"{file}: {wrong} rows are wrong and not watched; correct them and run it again"
            )


def _opened(file: str, encoding: str) -> IO[str]:
    if file == "-":
        return io.TextIOWrapper(sys.stdin.buffer, encoding=encoding, newline="")
    return Path(file).open(encoding=encoding, newline="")
