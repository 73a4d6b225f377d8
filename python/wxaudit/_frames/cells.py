"""Write the values of a result into the cells of a sheet."""

from __future__ import annotations

from .._escape import escape_controls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Excel keeps 15 digits of a number.
EXACT = 10**15


def cell(name: str, value: Any) -> Any:
    """The value of a column as a text of one line; a number or a time as it is."""
    if name == "reasons" and value is not None:
        return escape_controls("; ".join(_reason(number, reason) for number, reason in enumerate(value, 1)))
    if isinstance(value, list):
        return escape_controls("; ".join(value))
    return escape_controls(value) if isinstance(value, str) else value


def _reason(number: int, reason: dict[str, Any]) -> str:
    """`1. title: detail, detail`."""
    details = ", ".join(reason["details"])
    return f"{number}. {reason['title']}" + (f": {details}" if details else "")
