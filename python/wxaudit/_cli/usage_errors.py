"""Say what is wrong with the arguments, in both languages and without what may be a token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .language import text
from .output import streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

# Typer's messages, in our words. They are English only, and have no codes.
_MESSAGES = (
    (
        r"Missing (?:argument|option|parameter) (.+?)\.?",
        lambda name: text(f"{_plain(name)} is missing", f"缺少 {_plain(name)}"),
    ),
    (
        r"No such option: (\S+)(?: \(Possible options: (.+)\))?",
        lambda name, near: text(
            f"there is no option {name}" + (f"; did you mean {near}?" if near else ""),
            f"没有选项 {name}" + (f"；是否指 {near}？" if near else ""),
        ),
    ),
    (
        r"No such command '(.*?)'\.?(?: Did you mean (.+)\?)?",
        lambda name, near: text(
            f"there is no command {name}" + (f"; did you mean {_plain(near)}?" if near else ""),
            f"没有命令 {name}" + (f"；是否指 {_plain(near)}？" if near else ""),
        ),
    ),
    (r"Missing command\.", lambda: text("a command is missing", "缺少命令")),
    (
        r"Option '(.+)' requires (?:an argument|\d+ arguments)\.",
        lambda name: text(f"{name} needs a value", f"{name} 需要一个值"),
    ),
    (
        r"Option '(.+)' does not take a value\.",
        lambda name: text(f"{name} takes no value", f"{name} 不接受值"),
    ),
    (
        r"Got unexpected extra argument\(s\) \((.*)\)",
        lambda names: text(f"too many arguments: {names}", f"多余的参数：{names}"),
    ),
    (
        r"Invalid value for (.+?): Input should be a valid (?:integer|number).*",
        lambda name: text(f"{_plain(name)} must be a number", f"{_plain(name)} 必须是数字"),
    ),
    (
        r"Invalid value for (.+?): (.*)",
        lambda name, reason: text(f"{_plain(name)}: {reason}", f"{_plain(name)}：{reason}"),
    ),
)

_IN_PLACE_OF_TOKEN = text(
    "tokens are not accepted as arguments, which every user of this machine can see: set WXAUDIT_TOKEN, or "
    "use --token-file or --token-command",
    "不接受以参数传入令牌，因为本机所有用户都能看到命令行参数：请设置 WXAUDIT_TOKEN，"
    "或使用 --token-file、--token-command",
)


def say(error: typer.TyperException, arguments: Sequence[str]) -> None:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "wxaudit"
    streams.say(f"{command}: {_message(error, arguments)}")
    streams.say(text(f"Run {command} --help for its usage.", f"用法见 {command} --help。"))


def _message(error: typer.TyperException, arguments: Sequence[str]) -> str:
    if any(argument.partition("=")[0] == "--token" for argument in arguments):
        return _IN_PLACE_OF_TOKEN
    message = _masked(error.format_message(), arguments)
    first = re.search(r"No such command '([0-9]{1,20})'", message)
    if first is not None:
        return text(
            f"there is no command {first[1]}; did you mean wxaudit status {first[1]}?",
            f"没有命令 {first[1]}；是否指 wxaudit status {first[1]}？",
        )
    for pattern, told in _MESSAGES:
        match = re.fullmatch(pattern, message)
        if match is not None:
            return str(told(*match.groups()))
    return message


def _plain(names: str) -> str:
    return names.replace("'", "").replace(" / ", "/")


def _masked(message: str, arguments: Sequence[str]) -> str:
    """The message without arguments that may be tokens."""
    for argument in arguments:
        # The whole first: a token may hold this sign too.
        for part in (argument, argument.partition("=")[2]):
            if len(part) >= 16 and not part.startswith("--"):
                message = message.replace(part, "***").replace(repr(part)[1:-1], "***")
    return re.sub(r"\s+", " ", message)
