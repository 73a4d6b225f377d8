"""`wxaudit config show`: the settings of a run, and where each comes from."""

from __future__ import annotations

import re

import typer

from ..._native import Token
from ..connection import Connection
from ..exit_codes import ExitCode
from ..language import text
from ..options import ConnectionOptions, OutputOptions, expand
from ..output import json_lines
from ..output.rows import show_rows
from ..settings import SETTINGS

HELP = text("Look at the configuration.", "查看配置。")

SHOW_HELP = text(
    """\
Show every setting, its value, and where it comes from.

An option counts before the environment, which counts before the profile, which counts before the rest of the
configuration file. Tokens and the passwords of proxies are not shown.
""",
    """\
显示每一项设置的值及其来源。

优先级从高到低：命令行选项、环境变量、profile、配置文件的其余部分。不显示令牌和代理密码。
""",
)


def application() -> typer.Typer:
    app = typer.Typer(help=HELP, rich_markup_mode=None)
    app.command("show", help=SHOW_HELP)(expand(show))
    return app


# As long as a token, and longer than what people write.
_LONG = re.compile(r"[^\s]{65,}")


def show(connection: ConnectionOptions, output: OutputOptions) -> ExitCode:
    # A client, since it checks the values.
    with Connection(connection) as wechat:
        settings = wechat.settings
    rows = [
        ("config_file", str(settings.config_file or ""), ""),
        ("profile", settings.profile or "", ""),
    ]
    for setting in SETTINGS:
        value, origin = settings.values.get(setting.name) or ("", "")
        rows.append((setting.name, _shown(value), origin))
    if output.json:
        for name, value, origin in rows:
            json_lines.write({"setting": name, "value": value or None, "from": origin or None})
    else:
        headings = (text("SETTING", "设置"), text("VALUE", "值"), text("FROM", "来源"))
        show_rows(headings, rows)
    return ExitCode.OK


def _shown(value: object) -> str:
    if isinstance(value, Token):
        return "***"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g} s"
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value))
    without_login = re.sub(r"^(\w+://)?[^\s]*@", r"\1***@", str(value))
    return _LONG.sub(lambda match: f"{match[0][:12]}…", without_login)
