"""List the commands in the order of the help."""

from __future__ import annotations

from typing import Annotated

import typer

from ..._native import __version__
from ..help_page import use_for
from ..language import text
from ..options import LANGUAGE_HELP, check_language, expand
from . import codes, config, decrypt, doctor, fake, status

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


def application() -> typer.Typer:
    # Without Rich in the help texts and in errors, which costs twice the time to start.
    app = typer.Typer(
        help=_HELP,
        epilog=_EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    app.command("status", help=status.HELP)(expand(status.status))
    # A negative errcode is not an option.
    negative = {"ignore_unknown_options": True}
    app.command("codes", help=codes.HELP, context_settings=negative)(expand(codes.codes))
    app.command("decrypt", help=decrypt.HELP)(expand(decrypt.decrypt))
    app.command("doctor", help=doctor.HELP)(expand(doctor.doctor))
    app.add_typer(fake.application(), name="fake")
    settings = typer.Typer(help=config.HELP)
    settings.command("show", help=config.SHOW_HELP)(expand(config.show))
    app.add_typer(settings, name="config")
    return use_for(app)


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
