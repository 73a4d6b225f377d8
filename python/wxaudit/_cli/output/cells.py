"""Name the columns of a table of outcomes, and write their values into the cells of a sheet."""

from __future__ import annotations

from typing import Any

from ..._escape import escape_controls
from ..._frames.columns import COLUMNS

# The number of the row in the input, then the columns of `AuditBatch.to_records`.
KINDS = {"row": "number", **COLUMNS}

# Excel keeps 15 digits of a number.
EXACT = 10**15


def cell(name: str, value: Any) -> str | int | None:
    """The value of a column as a number or a text of one line."""
    if name == "reasons" and value is not None:
        return escape_controls("; ".join(_reason(number, reason) for number, reason in enumerate(value, 1)))
    if isinstance(value, list):
        return escape_controls("; ".join(value))
    if isinstance(value, str):
        return escape_controls(value)
    number: int | None = value
    return number


def _reason(number: int, reason: dict[str, Any]) -> str:
    """`1. title: detail, detail`."""
    details = ", ".join(reason["details"])
    return f"{number}. {reason['title']}" + (f": {details}" if details else "")
