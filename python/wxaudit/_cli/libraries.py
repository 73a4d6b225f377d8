"""Import libraries that only some formats need, and say how to install a missing one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from .._errors.tree import ArgumentError
from .._optional import import_optional
from .language import text


def import_for(module: str, english: str, chinese: str) -> Any:
    """The module. `ArgumentError` says what needs it and how to install it, alone: extras hold much more."""
    try:
        return import_optional(module, text(english, chinese), by_extra=False)
    except ModuleNotFoundError as error:
        in_english, _, in_chinese = str(error).partition("\n")
        raise ArgumentError(text(in_english, in_chinese)) from None


def parquet_library() -> str:
    """The library for Parquet: pyarrow, or else polars. `ArgumentError` says how to install one."""
    if find_spec("pyarrow") is None and find_spec("polars") is not None:
        return "polars"
    import_for("pyarrow", "Parquet", "读写 Parquet 文件")
    return "pyarrow"


def openpyxl() -> Any:
    """The library for Excel."""
    return import_for("openpyxl", "Excel", "读写 Excel 文件")
