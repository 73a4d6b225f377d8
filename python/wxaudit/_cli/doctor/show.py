"""Write the rows of the doctor: a table for people, lines for pipes, JSON Lines for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._escape import escape_controls
from ..language import text
from ..output import json_lines, streams
from ..output.rows import show_rows
from .check import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from .check import Check

# Below this width a table would break every word.
_NARROW = 60

_COLOURS = {
    Status.OK: "green",
    Status.WARNING: "yellow",
    Status.FAILED: "red",
    Status.SKIPPED: "bright_black",
}


def rows(checks: Sequence[Check], as_json: bool) -> None:
    if as_json:
        for check in checks:
            json_lines.write(check.values())
    elif streams.is_terminal():
        _table(checks)
    else:
        show_rows((), ((_mark(each), _name(each), each.host or "", each.found, each.todo) for each in checks))


def _table(checks: Sequence[Check]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = streams.console()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    host = None
    for check in checks:
        heading = Text(escape_controls(check.host or "") if check.host != host else "", style="bold")
        host = check.host
        mark, name, told = Text(_mark(check), style=_COLOURS[check.status]), _name(check), _told(check)
        if out.width < _NARROW:
            if heading:
                out.print(heading)
            out.print(Text.assemble(mark, " ", name))
            out.print(Padding(told, (0, 0, 0, 2)))
            continue
        if heading:
            table.add_row("", "", heading)
        table.add_row(mark, name, told)
    out.print(table, end="")


def _told(check: Check) -> Text:
    from rich.text import Text

    told = Text(escape_controls(check.found), overflow="fold")
    if check.todo:
        told.append(f"\n{text('What to do: ', '处理办法：')}{escape_controls(check.todo)}", "bold")
    return told


def _mark(check: Check) -> str:
    """Words and not signs: they need no colour and no Unicode."""
    marks = {
        Status.OK: text("ok", "正常"),
        Status.WARNING: text("warning", "警告"),
        Status.FAILED: text("failed", "失败"),
        Status.SKIPPED: text("skipped", "跳过"),
    }
    return marks[check.status]


def _name(check: Check) -> str:
    names = {
        "versions": text("versions", "版本"),
        "settings": text("settings", "配置"),
        "proxy": text("proxy", "代理"),
        "name": text("name", "域名解析"),
        "connection": text("connection", "连接"),
        "tls": "TLS",
        "clock": text("clock", "时钟"),
        "token": text("token", "令牌"),
        "ip_whitelist": text("IP whitelist", "IP 白名单"),
        "permission": text("permission", "权限"),
        "quota": text("quota", "额度"),
        "wechat": text("WeChat", "微信"),
    }
    return names[check.name]
