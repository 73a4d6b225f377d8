"""Import libraries that only some formats need, and say how to install a missing one."""

from __future__ import annotations

from typing import Any

from .._errors.tree import ArgumentError
from .._optional import import_optional
from .language import text


def import_for(module: str, english: str, chinese: str) -> Any:
    """The module. `ArgumentError` says what needs it and how to install it."""
    try:
        return import_optional(module, text(english, chinese))
    except ModuleNotFoundError as error:
        in_english, _, in_chinese = str(error).partition("\n")
        raise ArgumentError(text(in_english, in_chinese)) from None
