"""Read the settings of clients from the variables `WXAUDIT_…`."""

from __future__ import annotations

from ._errors.tree import ArgumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

VARIABLES = {
    "base_url": ("WXAUDIT_BASE_URL", str),
    "timeout": ("WXAUDIT_TIMEOUT", float),
    "max_retries": ("WXAUDIT_MAX_RETRIES", int),
    "ca_file": ("WXAUDIT_CA_FILE", str),
}
"""The variable of each setting, and the type of its value."""


def setting(name: str) -> Any:
    """What the environment gives for a setting; `None` if the variable is missing or empty."""
    import os

    variable, read = VARIABLES[name]
    text = os.environ.get(variable)
    try:
        return read(text) if text else None
    except ValueError:
        # Without the value: it may be a token in the wrong variable.
        raise ArgumentError(f"{variable} must be a number") from None


def naming_variable(error: ArgumentError, names: Container[str]) -> ArgumentError:
    """The error of an invalid setting, with the variable that gave it, if it is one of these settings."""
    name = error.message.partition(" ")[0].rstrip(":")
    if name in names:
        error.message = f"{VARIABLES[name][0]}: {error.message}"
    return error
