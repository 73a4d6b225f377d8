"""Read the cells of a row. No message shows a text that may be a token."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..._errors.tree import ArgumentError
from ..errors import short
from ..language import text

# A float, and a number in Excel, has 15 digits that can be relied on; a wrong digit is another audit.
_EXACT = 10**15

_LARGEST = 2**63 - 1

# WeChat's appids have 18 characters.
_LONGEST_APPID = 64


class RawRow(NamedTuple):
    """The cells of a row as they stand in the input."""

    line: int
    """Where the row stands; 0 if the format has no lines."""
    auditid: Any
    appid: Any = None
    reference: Any = None
    problem: str = ""


def auditid_of(cell: object) -> int:
    """The number of an audit. `ArgumentError` says what is wrong with the cell."""
    if isinstance(cell, str):
        return _in_range(_of_text(cell))
    if isinstance(cell, bool):
        raise _refused(f"auditid is {cell}, not a number", f"审核单 id（auditid）是 {cell}，不是数字")
    if isinstance(cell, int):
        return _in_range(cell)
    if cell is None or cell != cell:  # NaN
        raise _refused("auditid is missing", "缺少审核单 id（auditid）")
    if isinstance(cell, float) or type(cell).__name__ == "Decimal":
        return _in_range(_of_float(cell))
    kind = type(cell).__name__
    raise _refused(
        f"auditid must be a number or its digits, got {kind}", f"审核单 id（auditid）应为数字，实际为 {kind}"
    )


def _of_text(cell: str) -> int:
    # Excel's users write an apostrophe to keep a number as it is; our own CSV files have it too.
    digits = cell.strip().removeprefix("'").strip()
    if not digits:
        raise _refused("auditid is missing", "缺少审核单 id（auditid）")
    if re.fullmatch(r"[0-9]{1,30}", digits):
        return int(digits)
    if re.fullmatch(r"[0-9]{1,30}\.0*", digits):
        return _of_float(int(digits.partition(".")[0]))
    if re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,30})?[eE][+-]?[0-9]{1,3}", digits):
        raise _refused(
            f"auditid is {short(digits)}: Excel has rounded this id; format the column as text, and "
            "enter the id again",
            f"auditid 为 {short(digits)}，已被 Excel 转成科学计数法，后几位已丢失；请将该列设为"
            "文本格式后重新填入",
        )
    shown = short(digits)
    raise _refused(f"auditid {shown} is not a number", f"审核单 id（auditid）{shown} 不是数字")


def _of_float(number: Any) -> int:
    if not -_EXACT < number < _EXACT:
        raise _refused(
            "auditid has more than 15 digits and is stored as a floating-point number, which rounds it (as "
            "Excel does); store the column as text",
            "auditid 超过 15 位且以浮点数保存，后几位可能已被舍入（Excel 即如此）；请将该列改为文本格式",
        )
    if number != int(number):
        raise _refused("auditid is not a whole number", "审核单 id（auditid）不是整数")
    return int(number)


def _in_range(number: int) -> int:
    if not 0 < number <= _LARGEST:
        raise _refused(
            "auditid is out of range: audit ids are positive 64-bit integers",
            "审核单 id（auditid）超出范围：应为 64 位正整数",
        )
    return number


def appid_of(cell: object) -> str | None:
    """The appid of a mini program, None for an empty cell."""
    if cell is None or cell != cell:
        return None
    if not isinstance(cell, str):
        kind = type(cell).__name__
        raise _refused(f"appid must be a text, got {kind}", f"appid 应为文本，实际为 {kind}")
    appid = cell.strip()
    if len(appid) > _LONGEST_APPID:
        raise _refused(
            f"appid has more than {_LONGEST_APPID} characters; check that it is not a token",
            f"appid 超过 {_LONGEST_APPID} 个字符，请确认误填的不是令牌",
        )
    return appid or None


def reference_of(cell: object) -> str | None:
    """Where the token of a row is found: `env:NAME` or `file:PATH`; None for an empty cell."""
    if cell is None or cell != cell or (isinstance(cell, str) and not cell.strip()):
        return None
    reference = cell.strip() if isinstance(cell, str) else ""
    if re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", reference):
        return reference
    raise _refused(
        "token_reference must be env:NAME or file:PATH; tokens themselves are not accepted in tables",
        "token_reference 应为 env:变量名 或 file:路径；不接受直接在表格中填写令牌",
    )


def _refused(english: str, chinese: str) -> ArgumentError:
    return ArgumentError(text(english, chinese))
