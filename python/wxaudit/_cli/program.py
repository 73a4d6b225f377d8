"""Parse the arguments, run a command, and turn its end into an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

import typer

from .._errors.tree import WxAuditError
from . import language, token_processes
from .errors import advice, facts, of_system, shown_path
from .exit_codes import ExitCode, of_error
from .language import text
from .output import streams

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

# What shells set to let a program complete its arguments.
_COMPLETE = "_WXAUDIT_COMPLETE"


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived. Commands end as after Ctrl-C, with another exit code."""


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code. A second Ctrl-C ends it at once."""
    streams.prepare()
    language.use(language.choose(arguments, os.environ))
    try:
        try:
            _terminate_on_signals()
            return _ended(list(arguments))
        finally:
            token_processes.end_all()
    except KeyboardInterrupt:
        token_processes.end_all()
        os._exit(ExitCode.INTERRUPTED)


def _ended(arguments: list[str]) -> int:
    try:
        code = _call(arguments)
        sys.stdout.flush()
        return code
    except Terminated as signaled:
        return 128 + int(signaled.args[0])
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except WxAuditError as error:
        streams.say(f"wxaudit: {facts(error)}")
        todo = advice(error)
        if todo:
            streams.say(f"  {todo}")
        return of_error(error)
    except typer.TyperException as error:
        from . import usage_errors

        usage_errors.say(error, arguments)
        return ExitCode.USAGE
    except OSError as error:
        return _of_os_error(error)


def _call(arguments: list[str]) -> int:
    from .commands.register import COMMANDS, application

    language.check(os.environ)
    completes = bool(os.environ.get(_COMPLETE))
    command = typer.main.get_command(application(COMMANDS if completes else arguments))
    if completes:
        command.main(arguments, prog_name="wxaudit", complete_var=_COMPLETE)
    if not arguments:
        arguments = ["--help"]
    try:
        # Not `main`: it prints arguments, where a token may stand, and takes interrupts for its own.
        with command.make_context("wxaudit", arguments) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as ended:
        return ended.exit_code
    except SystemExit as ended:
        # The installation of the completion.
        return ended.code if isinstance(ended.code, int) else 0


def _terminate_on_signals() -> None:
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # One that is ignored, as under nohup, stays so.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


def _of_os_error(error: OSError) -> ExitCode:
    if error.errno == errno.EPIPE:
        streams.silence()
        return ExitCode.CLOSED_PIPE
    where = shown_path(error.filename) if error.filename else text("standard output", "标准输出")
    streams.say(f"wxaudit: {where}: {of_system(error)}")
    # What is left in the buffer cannot be written either.
    streams.silence()
    return ExitCode.UNAVAILABLE
