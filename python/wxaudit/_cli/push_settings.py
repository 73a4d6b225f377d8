"""Read what a third-party platform needs for pushes, which is secret: from the environment or files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from .._errors.tree import ArgumentError, TokenError
from .language import text
from .tokens import TokenFile

TOKEN = "WXAUDIT_PUSH_TOKEN"  # noqa: S105  # the name of a variable
AES_KEY = "WXAUDIT_ENCODING_AES_KEY"
PREVIOUS_AES_KEY = "WXAUDIT_PREVIOUS_ENCODING_AES_KEY"
APPID = "WXAUDIT_COMPONENT_APPID"

_PANEL = text("Settings of the third-party platform", "第三方平台的设置")


@dataclass(frozen=True)
class PushOptions:
    """The settings of a platform that are not in the environment."""

    push_token_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=text(
                f"File with the Token of the platform (default: the variable {TOKEN}).",
                f"存放消息校验 Token 的文件（默认取环境变量 {TOKEN}）。",
            ),
            rich_help_panel=_PANEL,
        ),
    ] = None
    aes_key_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=text(
                f"File with the EncodingAESKey of the platform (default: the variable {AES_KEY}).",
                f"存放消息加解密 Key 的文件（默认取环境变量 {AES_KEY}）。",
            ),
            rich_help_panel=_PANEL,
        ),
    ] = None
    allow_readable_token_file: Annotated[
        bool,
        typer.Option(
            "--allow-readable-token-file",
            help=text(
                "Accept files that other users of this machine can read.",
                "允许使用本机其他用户也能读取的文件。",
            ),
            rich_help_panel=_PANEL,
        ),
    ] = False
    component_appid: Annotated[
        str | None,
        typer.Option(
            metavar="APPID",
            help=text(
                f"Appid of the platform itself (default: the variable {APPID}).",
                f"第三方平台自身的 appid（默认取环境变量 {APPID}）。",
            ),
            rich_help_panel=_PANEL,
        ),
    ] = None


def read(options: PushOptions) -> dict[str, Any]:
    """The settings, named as `EventReceiver` names them. `ArgumentError` names what is missing."""
    allow_readable = options.allow_readable_token_file
    settings = {
        "token": _secret(options.push_token_file, TOKEN, allow_readable),
        "encoding_aes_key": _secret(options.aes_key_file, AES_KEY, allow_readable),
        "component_appid": options.component_appid or os.environ.get(APPID, ""),
    }
    variables = dict(zip(settings, (TOKEN, AES_KEY, APPID), strict=True))
    missing = [variables[name] for name, value in settings.items() if not value]
    if missing:
        raise ArgumentError(
            text(
                f"set {', '.join(missing)} to the settings of the third-party platform, which WeChat's "
                "console shows under 开发配置, 开发资料",
                f"请设置环境变量 {'、'.join(missing)}，其值可在微信开放平台的“开发配置 → 开发资料”中查看",
            )
        )
    return settings


def previous_key() -> str | None:
    """The EncodingAESKey before its last change, if it is set."""
    return os.environ.get(PREVIOUS_AES_KEY) or None


def _secret(path: str | None, variable: str, allow_readable: bool) -> str:
    if path is None:
        return os.environ.get(variable, "")
    try:
        return TokenFile(path, allow_readable).get_token().reveal()
    except TokenError as error:
        raise ArgumentError(error.message) from None
