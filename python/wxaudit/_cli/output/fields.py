"""Write one answer: names and values for people, JSON, or a line for each value where output is piped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._display.terminal import padded, width, wrapped
from ..._escape import escape_controls
from . import json_lines
from .results import Detail, broken
from .streams import console, is_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

_GAP = 2
# With less for the values, each stands below its name.
_NARROWEST = 30


class Field(NamedTuple):
    """A value as people see it."""

    name: str
    value: str | Sequence[Detail]
    style: str = ""

    def details(self) -> list[Detail]:
        given = [Detail("", self.value)] if isinstance(self.value, str) else self.value
        return [Detail(marker, escape_controls(told)) for marker, told in given]


def write(values: dict[str, Any], fields: Sequence[Field], *, as_json: bool) -> None:
    """Writes an answer to standard output. Without a terminal its values are told as JSON has them."""
    if as_json:
        json_lines.write(values)
    elif is_terminal():
        out = console()
        for line in lines(fields, out.width):
            out.print(line, soft_wrap=True)
    else:
        for name, value in json.loads(json_lines.line(values)).items():
            print(f"{name}\t{_plain(value)}", flush=True)


def _plain(value: object) -> str:
    if value is None:
        return ""
    return escape_controls(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def lines(fields: Sequence[Field], columns: int) -> list[Text]:
    """The lines of the fields that have a value, none longer than `columns`."""
    from rich.text import Text

    shown = [field for field in fields if field.value]
    names = max((width(field.name) for field in shown), default=0) + _GAP
    beside = columns - names >= _NARROWEST
    listed: list[Text] = []
    for field in shown:
        if not beside:
            listed += (Text(line, style="bold") for line in wrapped(field.name, columns))
        indent = names if beside else _GAP
        before = Text.assemble((padded(field.name, indent) if beside else " " * indent, "bold"))
        for line in broken(field.details(), columns - indent):
            listed.append(Text.assemble(before, (line, field.style)))
            before = Text(" " * indent)
    return listed
