"""Declare the options that several commands accept, each group once.

A command takes a group as one parameter, whose type is the group; `expand` tells Typer the options in it.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from .language import text

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTION = text("Connection and token", "连接与令牌")
OUTPUT = text("Output", "输出")

AuditIds = Annotated[
    list[str],
    typer.Argument(
        metavar="AUDITID...",
        help=text("Numbers that submit_audit returned.", "提交代码审核（submit_audit）时返回的审核单 id。"),
    ),
]
LANGUAGE_HELP = text(
    "Language of texts and tables (default: of the locale).", "文字与表格的语言（默认取自系统区域设置）。"
)


def check_language(given: str | None) -> str | None:
    """The value of `--lang`, which `language.choose` has read before."""
    if given not in (None, "en", "zh"):
        raise typer.BadParameter(text("write en or zh", "请写 en 或 zh"))
    return given


@dataclass(frozen=True)
class ConnectionOptions:
    """Which host is asked, and with which token. What is not given comes from `settings`."""

    token_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=text(
                "File that holds the token, or - for standard input. Read again after a refusal.",
                "存放令牌的文件，或用 - 表示标准输入。令牌失效后会重新读取该文件。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    token_command: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help=text(
                "Shell command that prints the token. It gets WXAUDIT_APPID, and WXAUDIT_REFRESH=1 after a "
                "refusal.",
                "输出令牌的 shell 命令，可读取 WXAUDIT_APPID；令牌失效后会带 WXAUDIT_REFRESH=1 再次执行。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    token_command_timeout: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help=text(
                "Longest time of the token command (default: 30s).", "令牌命令的最长执行时间（默认 30s）。"
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    allow_readable_token_file: Annotated[
        bool,
        typer.Option(
            "--allow-readable-token-file",
            help=text(
                "Accept a token file that other users of this machine can read.",
                "允许使用本机其他用户也能读取的令牌文件。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = False
    appid: Annotated[
        str | None,
        typer.Option(
            metavar="APPID",
            help=text(
                "Appid of the mini program: a label in the output, and WXAUDIT_APPID of the token command.",
                "小程序的 appid：显示在输出中，并作为 WXAUDIT_APPID 传给令牌命令。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=text(
                "Host to ask in place of https://api.weixin.qq.com.",
                "代替 https://api.weixin.qq.com 的地址。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    proxy: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=text("Proxy, in place of HTTPS_PROXY.", "代理地址，代替 HTTPS_PROXY。"),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    ca_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=text("Certificates to trust, as PEM.", "受信任的证书（PEM 格式）。"),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    request_timeout: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help=text(
                "Longest time of one request, such as 15 or 15s.", "单次请求的最长时间，例如 15 或 15s。"
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    max_retries: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=text(
                "How often a request is repeated after a transient failure.", "遇到临时故障时的重试次数。"
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=text(
                "Configuration file, in place of ~/.config/wxaudit/config.toml.",
                "配置文件，代替 ~/.config/wxaudit/config.toml。",
            ),
            rich_help_panel=CONNECTION,
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=text("Profile of the configuration file.", "配置文件中的 profile 名称。"),
            rich_help_panel=CONNECTION,
        ),
    ] = None


@dataclass(frozen=True)
class OutputOptions:
    """How results are written to standard output."""

    json: Annotated[
        bool,
        typer.Option(
            "--json", help=text("Write JSON Lines.", "以 JSON Lines 格式输出。"), rich_help_panel=OUTPUT
        ),
    ] = False
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="en|zh",
            help=LANGUAGE_HELP,
            callback=check_language,
            autocompletion=lambda: ["en", "zh"],
            rich_help_panel=OUTPUT,
        ),
    ] = None


def expand(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with each parameter that is a group replaced by the options of that group."""
    groups: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        group = hints[name]
        if not isinstance(group, type) or not is_dataclass(group):
            parameters.append(parameter.replace(annotation=group, kind=parameter.KEYWORD_ONLY))
            continue
        groups[name] = group
        options = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(
                field.name, parameter.KEYWORD_ONLY, default=field.default, annotation=options[field.name]
            )
            for field in fields(group)
        ]

    @wraps(command)
    def expanded(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        return command(**given)

    # Typer reads the signature.
    del expanded.__wrapped__
    vars(expanded)["__signature__"] = inspect.Signature(parameters)
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded
