"""Parse the arguments, run a command, and turn its end into an exit code."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import typer

from .._errors.tree import WxAuditError
from . import language
from .exit_codes import ExitCode, of_error
from .language import text
from .output import streams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived. Commands end as after Ctrl-C, with another exit code."""


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code. A second Ctrl-C ends it at once."""
    streams.prepare()
    language.use(language.choose(arguments, os.environ))
    signal.signal(signal.SIGTERM, _terminate)
    try:
        try:
            code = _command()(list(arguments))
            sys.stdout.flush()
            return int(code or 0)
        except Terminated:
            return ExitCode.TERMINATED
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
        except WxAuditError as error:
            _say_error(error)
            return of_error(error)
        except typer.TyperException as error:
            _say_usage_error(error, arguments)
            return ExitCode.USAGE
        except OSError as error:
            return _of_os_error(error)
    except KeyboardInterrupt:
        os._exit(ExitCode.INTERRUPTED)


def _command() -> Callable[[list[str]], Any]:
    from .commands.register import application

    command = typer.main.get_command(application())

    def call(arguments: list[str]) -> Any:
        # Not standalone: Typer would print the arguments, which may hold a token, in its errors.
        return command.main(arguments, prog_name="wxaudit", standalone_mode=False)

    return call


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _say_error(error: WxAuditError) -> None:
    from .output.errors import lines

    first, *rest = lines(error)
    streams.say(f"wxaudit: {first}")
    for line in rest:
        streams.say(f"  {line}")


def _say_usage_error(error: typer.TyperException, arguments: Sequence[str]) -> None:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "wxaudit"
    if any(argument.partition("=")[0] == "--token" for argument in arguments):
        message = text(
            "tokens are not accepted as arguments, which every user of this machine can see: set "
            "WXAUDIT_TOKEN, or use --token-file or --token-command",
            "不接受以参数传入令牌，因为本机所有用户都能看到命令行参数：请设置 WXAUDIT_TOKEN，"
            "或使用 --token-file、--token-command",
        )
    else:
        message = _masked(error.format_message(), arguments)
    streams.say(f"{command}: {message}")
    streams.say(text(f"Run {command} --help for its usage.", f"用法见 {command} --help。"))


def _masked(message: str, arguments: Sequence[str]) -> str:
    """The message without arguments that may be tokens."""
    for argument in arguments:
        for part in {argument, argument.partition("=")[2]}:
            if len(part) >= 16 and not part.startswith("--"):
                message = message.replace(part, "***")
    return re.sub(r"\s+", " ", message)


def _of_os_error(error: OSError) -> ExitCode:
    if error.errno == errno.EPIPE:
        streams.silence()
        return ExitCode.CLOSED_PIPE
    where = f"{error.filename}: " if error.filename else ""
    streams.say(f"wxaudit: {where}{error.strerror or error}")
    # What is left in the buffer cannot be written either.
    streams.silence()
    return ExitCode.UNAVAILABLE
