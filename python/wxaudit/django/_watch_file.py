"""Read the audits to watch from a CSV file, and say which rows cannot be read."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from .._errors.tree import ArgumentError
from .._escape import truncate
from ._watching import watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_NEEDED = ("appid", "auditid")
_KNOWN = (*_NEEDED, "deadline", "note")
_DELIMITERS = ",;\t"


class Row(NamedTuple):
    """The lines of a row in the file, counted from 1, and what is wrong with it: empty where it is
    watched."""

    lines: str
    problem: str


class WatchFile:
    """The rows of a file, given as its lines. `ArgumentError` if it has no columns appid and auditid."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        # Excel begins files in UTF-8 with a byte order mark.
        header = next(self._lines, "").lstrip("\ufeff")
        self._delimiter = max(_DELIMITERS, key=header.count)
        names = next(csv.reader([header], delimiter=self._delimiter), [])
        self._names = [name.strip().lower() for name in names]
        _check_header(self._names)

    @property
    def ignored(self) -> list[str]:
        """The names of columns that nothing reads."""
        return [name for name in self._names if name not in _KNOWN]

    def watch(self) -> Iterator[Row]:
        """Watches the audit of each row, one after the other, and yields every row that is not blank."""
        reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        while True:
            first = reader.line_num + 2
            try:
                values = next(reader, None)
                if values is None:
                    return
                problem = _watch(self._names, values) if any(map(str.strip, values)) else None
            except csv.Error as error:
                problem = f"it is not CSV ({error})"
            last = reader.line_num + 1
            if problem is not None:
                if problem and last > first:
                    problem += "; a quotation mark may be missing"
                yield Row(f"line {first}" if last == first else f"lines {first} to {last}", problem)


def _check_header(names: list[str]) -> None:
    wrong = [name for name in _NEEDED if names.count(name) != 1] or [
        name for name in _KNOWN if names.count(name) > 1
    ]
    if wrong:
        # Cut: without a header, these are values.
        found = truncate(", ".join(truncate(name, 12) for name in names), 200) or "nothing"
        raise ArgumentError(
            f"the first line must name the columns, among them appid and auditid once each; it has {found}; "
            "write "
            "appid,auditid,deadline,note (the last two may be missing)"
        )


def _watch(names: list[str], values: list[str]) -> str:
    """Watches an audit; returns what is wrong."""
    if len(values) != len(names):
        return f"it has {len(values)} columns, and the first line has {len(names)}"
    row = {name: value.strip() for name, value in zip(names, values, strict=True) if name in _KNOWN}
    try:
        deadline = _moment(row["deadline"]) if row.get("deadline") else None
        watch(row["appid"], row["auditid"], deadline=deadline, note=row.get("note", ""))
    except ArgumentError as error:
        return str(error)
    return ""


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text) if "T" in text or ":" in text else None
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentError(
            f"deadline must be a date and a time, got {truncate(repr(text), 40)}; write "
            "2026-12-31T18:00+08:00, or without "
            "+08:00 for the time zone of the settings"
        )
    if settings.USE_TZ and timezone.is_naive(moment):
        return timezone.make_aware(moment)
    return moment
