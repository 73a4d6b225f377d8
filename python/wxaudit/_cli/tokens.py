"""Get tokens: from a file, standard input, a command or the environment, and never from an argument.

Every user of a machine can see the arguments of its programs.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError, TokenError
from .._native import Token
from . import token_processes
from .errors import of_system, shown_path
from .language import text

if TYPE_CHECKING:
    from .settings import Settings

# WeChat's tokens have up to about 512 characters.
_MAX_SIZE = 4096


def token_for(settings: Settings, appid: str | None) -> Any:
    """The token or token source of a mini program. Equal sources share their lookups.

    `ArgumentError` if there is none, or if a file cannot be used.
    """
    token = settings.get("token")
    if token is not None:
        return token
    path = settings.get("token_file")
    if path == "-":
        return _from_standard_input()
    if path is not None:
        source = TokenFile(path, bool(settings.get("allow_readable_token_file")))
        try:
            # A file that cannot be used is an error before anything is asked.
            token, is_file = source.read()
        except TokenError as error:
            raise ArgumentError(error.message) from None
        # A pipe, as shells make for `<(…)`, can be read once.
        return source if is_file else token
    command = settings.get("token_command")
    if command is not None:
        return TokenCommand(command, appid, settings.get("token_command_timeout"))
    raise ArgumentError(
        text(
            "there is no token: set WXAUDIT_TOKEN to the authorizer_access_token of the mini program that "
            "owns the audit, or use --token-file or --token-command",
            "没有令牌：请把 WXAUDIT_TOKEN 设为该审核单所属小程序的 authorizer_access_token，"
            "或使用 --token-file、--token-command",
        )
    )


@dataclass(frozen=True)
class TokenFile:
    """The token in a file, which another program may replace."""

    path: str
    allow_readable: bool = False

    def get_token(self, *, refresh: bool = False) -> Token:
        """The token; with `refresh=True` the file is read again too, and usually holds a new one by then."""
        del refresh
        return self.read()[0]

    def read(self) -> tuple[Token, bool]:
        """The token, and whether it is in a regular file."""
        path = shown_path(self.path)
        name = text(f"the token file {path}", f"令牌文件 {path} ")
        try:
            with open(self.path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_MAX_SIZE + 1)
        except (OSError, ValueError) as error:
            # A ValueError: the path holds a null character.
            reason = of_system(error) if isinstance(error, OSError) else str(error)
            raise TokenError(
                text(f"{name} cannot be read: {reason}", f"无法读取{name.strip()}：{reason}")
            ) from None
        is_file = stat.S_ISREG(mode)
        if os.name == "posix" and is_file and mode & 0o077 and not self.allow_readable:
            raise TokenError(
                text(
                    f"{name} can be read by other users (mode {stat.S_IMODE(mode):04o}); run: chmod 600 "
                    f"{path}, or allow it with --allow-readable-token-file",
                    f"{name}可被其他用户读取（权限 {stat.S_IMODE(mode):04o}）；请运行 chmod 600 {path}，"
                    "或用 --allow-readable-token-file 允许",
                )
            )
        return _token(content, name), is_file


@dataclass(frozen=True)
class TokenCommand:
    """The token that a shell command prints for a mini program. It is kept until WeChat refuses it."""

    command: str
    appid: str | None
    timeout: float
    _kept: list[Token] = field(default_factory=list, compare=False, repr=False)

    def get_token(self, *, refresh: bool = False) -> Token:
        """What the command prints. Its error output goes to the terminal."""
        if refresh or not self._kept:
            self._kept[:] = [self._run(refresh=refresh)]
        return self._kept[0]

    def _run(self, *, refresh: bool) -> Token:
        variables = {name: value for name, value in os.environ.items() if name != "WXAUDIT_REFRESH"}
        variables["WXAUDIT_APPID"] = self.appid or ""
        if refresh:
            variables["WXAUDIT_REFRESH"] = "1"
        try:
            ended = token_processes.run(self.command, variables, self.timeout, _MAX_SIZE + 1)
        except (OSError, ValueError) as error:
            # A ValueError: the command holds a null character.
            reason = of_system(error) if isinstance(error, OSError) else str(error)
            raise TokenError(
                text(f"the token command cannot be started: {reason}", f"无法启动令牌命令：{reason}")
            ) from None
        if ended.timed_out:
            raise TokenError(
                text(
                    f"the token command has not ended after {self.timeout:g} s and was stopped",
                    f"令牌命令在 {self.timeout:g} 秒后仍未结束，已被终止",
                )
            )
        # One that prints too much was stopped.
        if ended.returncode != 0 and len(ended.output) <= _MAX_SIZE:
            raise TokenError(_failure(ended.returncode))
        return _token(ended.output, text("the output of the token command", "令牌命令的输出"))


def _failure(returncode: int) -> str:
    if returncode < 0:
        return text(
            f"the token command was ended by signal {-returncode}", f"令牌命令被信号 {-returncode} 终止"
        )
    reason = ""
    if returncode in (126, 127):
        reason = text(": the shell cannot run it", "：shell 无法执行该命令")
    return text(
        f"the token command failed with exit code {returncode}{reason}",
        f"令牌命令执行失败，退出码 {returncode}{reason}",
    )


def _from_standard_input() -> Token:
    if sys.stdin is None or sys.stdin.isatty():
        raise ArgumentError(
            text(
                "--token-file - reads the token from standard input, which is a terminal; pipe it in",
                "--token-file - 从标准输入读取令牌，而标准输入是终端；请通过管道传入",
            )
        )
    try:
        return _token(sys.stdin.buffer.read(_MAX_SIZE + 1), text("standard input", "标准输入"))
    except TokenError as error:
        raise ArgumentError(error.message) from None


def _token(content: bytes, name: str) -> Token:
    """The token in a text of one line. No message shows any of it."""
    words = content.removeprefix(b"\xef\xbb\xbf").split()
    if len(content) > _MAX_SIZE:
        problem = text(f"has more than {_MAX_SIZE} bytes", f"超过 {_MAX_SIZE} 字节")
    elif not words:
        problem = text("is empty", "为空")
    elif len(words) > 1:
        problem = text("has more than one word or line", "不止一个单词或一行")
    elif not words[0].isascii():
        problem = text("has characters other than ASCII", "含有非 ASCII 字符")
    else:
        try:
            return Token(words[0].decode("ascii"))
        except ArgumentError:
            problem = text("has control characters", "含有控制字符")
    raise TokenError(
        text(
            f"{name} {problem}; it must be the token and nothing else",
            f"{name}{problem}；它必须只有令牌本身，不含其他内容",
        )
    )
