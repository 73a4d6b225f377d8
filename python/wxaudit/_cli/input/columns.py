"""Find the columns of a table by the names in its header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._errors.tree import ArgumentError
from ..._escape import truncate
from ..._frames.names import meant_by
from ..language import text

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOWN = ("auditid", "appid", "token_reference")


class Columns:
    """Where auditid, appid and token_reference stand. Other columns are not read.

    `ArgumentError` if there is no auditid, if a column is there twice, if a name is nearly that of a column
    that would be read, and for a column of tokens.
    """

    def __init__(self, header: Sequence[Any], where: str) -> None:
        names = ["" if name is None else str(name).strip() for name in header]
        # Without a header row the names are cells, which may be tokens.
        shown = truncate(", ".join(truncate(name, 12) for name in names if name), 200) or text("none", "无")
        for known in KNOWN:
            if names.count(known) > 1:
                raise ArgumentError(
                    text(f"{where} has more than one column {known}", f"{where} 中有多个 {known} 列")
                )
        for name in names:
            _check(name, names, where)
        if "auditid" not in names:
            raise ArgumentError(
                text(
                    f"{where} has no column auditid; its columns: {shown}. The first row must hold the names "
                    f"of the columns: {', '.join(KNOWN)}",
                    f"{where} 中没有 auditid 列，现有列：{shown}。第一行应为列名：{'、'.join(KNOWN)}",
                )
            )
        self._positions = [names.index(known) if known in names else -1 for known in KNOWN]
        self._width = len(names)

    def of(self, cells: Sequence[Any]) -> tuple[Any, Any, Any]:
        """The cells of the `KNOWN` columns, None for those that a row does not have."""
        auditid, appid, reference = (cells[at] if 0 <= at < len(cells) else None for at in self._positions)
        return auditid, appid, reference

    def are_exceeded_by(self, cells: Sequence[Any]) -> bool:
        """Whether a row has more cells than the header: a separator in a cell, which moves the others."""
        return any(cell not in (None, "") for cell in cells[self._width :])


def _check(name: str, names: Sequence[str], where: str) -> None:
    """Refuses tokens, and names that are nearly those of columns that would be read."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    if name in KNOWN or not plain:
        return
    if plain in ("token", "tokens", "accesstoken", "authorizeraccesstoken", "refreshtoken"):
        raise ArgumentError(
            text(
                f"{where} has a column {name}: tokens are not accepted in tables; name in a column "
                "token_reference where each is found (env:NAME or file:PATH), or use --token-command",
                f"{where} 中有 {name} 列：不接受在表格中填写令牌；请改用 token_reference 列写明令牌位置"
                "（env:变量名 或 file:路径），或使用 --token-command",
            )
        )
    # A name in Chinese may be one beside its column.
    possible = KNOWN if name.isascii() else [known for known in KNOWN if known not in names]
    meant = "token_reference" if plain == "tokenref" else meant_by(name, possible)
    if meant is not None:
        raise ArgumentError(
            text(
                f"{where} has a column {truncate(name, 20)}; did you mean {meant}? Rename it, since only "
                f"{', '.join(KNOWN)} are read",
                f"{where} 中有 {truncate(name, 20)} 列，是否应为 {meant}？请改名，本命令只读取 "
                f"{'、'.join(KNOWN)} 列",
            )
        )
