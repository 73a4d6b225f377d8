"""List the commands in the order of the help."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from ..._native import __version__
from ..help_page import use_for
from ..language import text
from ..options import LANGUAGE_HELP, check_language, expand

if TYPE_CHECKING:
    from collections.abc import Container

# Each with the first sentence of its help, so that the list of all needs no import. A command is a module
# with a function of its name, `HELP`, and perhaps `CONTEXT_SETTINGS`; a group of commands has `application`.
COMMANDS = {
    "status": text("Show the review status of audits.", "查询审核单的审核状态。"),
    "latest": text("Show the review status of the latest submission.", "查询最近一次提交的审核状态。"),
    "wait": text(
        "Wait until audits are decided: approved, rejected or withdrawn.",
        "等待审核结果：审核成功、审核被拒绝或已撤回。",
    ),
    "batch": text("Show the review status of each row of a table.", "逐行查询表格中审核单的审核状态。"),
    "screenshots": text("Save the screenshots of a rejection.", "下载审核单的截图。"),
    "explain": text(
        "Show what WeChat recorded of a request that failed, for 7 days.",
        "查看微信对某次失败请求的记录（保留 7 天）。",
    ),
    "quota": text("Show how many queries of audits are left today.", "查看今天剩余的审核状态查询次数。"),
    "codes": text("Explain errcodes, offline.", "离线解释错误码（errcode）。"),
    "decrypt": text(
        "Decrypt a push event: its XML body on standard input.", "解密推送事件：从标准输入读取 XML 内容。"
    ),
    "doctor": text(
        "Check network, proxy, clock, token and permission, and say what to do.",
        "检查网络、代理、时钟、令牌和权限，并给出处理办法。",
    ),
    "fake": text("Serve a fake WeChat for tests, and drive it.", "运行用于测试的模拟微信，并操作它。"),
    "config": text("Look at the configuration.", "查看配置。"),
}

_HELP = text(
    "Ask WeChat for the review status of mini programs.",
    "查询微信小程序的代码审核状态。",
)

_EPILOG = text(
    """\
Exit codes: 0 approved, or simply answered; 1 rejected; 2 usage; 3 withdrawn; 4 refused (token, permission);
8 still pending; 9 unknown state; 75 no answer now (network, quota, WeChat busy), try again; 124 timed out;
130 interrupted. For several audits the worst counts, in the order 2, 4, 75, 9, 1, 3, 124, 8, 0.
""",
    """\
退出码：0 审核成功或已正常返回；1 审核被拒绝；2 用法错误；3 已撤回；4 被微信拒绝（令牌、权限）；
8 尚未出结果；9 未知状态；75 暂时没有结果（网络、额度、系统繁忙），请稍后重试；124 等待超时；
130 被中断。查询多个审核单时取最严重者，次序为 2、4、75、9、1、3、124、8、0。
""",
)


def application(wanted: Container[str] = COMMANDS) -> typer.Typer:
    """The program. Commands that are not wanted are in it by name only, since each takes time to load."""
    # Without Rich in the help texts and in errors, which costs twice the time to start.
    app = typer.Typer(
        help=_HELP,
        epilog=_EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    for name, summary in COMMANDS.items():
        if name not in wanted:
            app.command(name, help=summary)(_not_loaded)
            continue
        module = import_module(f".{name}", __package__)
        if hasattr(module, "application"):
            app.add_typer(module.application(), name=name)
            continue
        settings = getattr(module, "CONTEXT_SETTINGS", None)
        app.command(name, help=module.HELP, context_settings=settings)(expand(getattr(module, name)))
    return use_for(app)


def _not_loaded() -> None:
    """Stands for a command that was not asked for."""


def _print_version(given: bool) -> None:
    if given:
        print(f"wxaudit {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help=text("Print the version.", "显示版本号。"),
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
    lang: Annotated[
        str | None, typer.Option(metavar="en|zh", help=LANGUAGE_HELP, callback=check_language)
    ] = None,
) -> None:
    del version, lang
