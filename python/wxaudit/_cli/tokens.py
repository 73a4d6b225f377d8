"""Get tokens: from a file, standard input, a command or the environment, and never from an argument.

Every user of a machine can see the arguments of its programs.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError
from .._native import Token

if TYPE_CHECKING:
    from .options import ConnectionOptions
    from .settings import Settings

# A token command that takes longer hangs.
COMMAND_LIMIT = 30.0

# WeChat's tokens have up to about 512 characters.
_MAX_SIZE = 4096

MISSING = (
    "there is no token: set WXAUDIT_TOKEN to the authorizer_access_token of the mini program that owns the "
    "audit, or use --token-file or --token-command"
)


def token_for(settings: Settings, options: ConnectionOptions, appid: str | None) -> Any:
    """The token or token source of a mini program. Equal sources share their lookups.

    An option counts before WXAUDIT_TOKEN, which counts before the configuration file. `ArgumentError` if two
    options are given, or nothing at all.
    """
    if options.token_file is not None and options.token_command is not None:
        raise ArgumentError("--token-file and --token-command exclude each other; give one of them")
    sources = {"token_file": TokenFile, "token_command": TokenCommand}
    explicit = [name for name in sources if getattr(options, name) is not None]
    if not explicit and os.environ.get("WXAUDIT_TOKEN"):
        return Token(os.environ["WXAUDIT_TOKEN"])
    for name in explicit or sources:
        given = settings.get(name)
        if name == "token_file" and given == "-":
            return _from_standard_input()
        if name == "token_file" and given is not None:
            source = TokenFile(given, options.allow_readable_token_file)
            source.get_token()  # a file that cannot be used is an error before anything is asked
            return source
        if given is not None:
            return TokenCommand(given, appid)
    raise ArgumentError(MISSING)


@dataclass(frozen=True)
class TokenFile:
    """The token in a file, which another program may replace."""

    path: str
    allow_readable: bool = False

    def get_token(self, *, refresh: bool = False) -> Token:
        """The token; with `refresh=True` the file is read again too, and usually holds a new one by then."""
        del refresh
        name = f"the token file {self.path}"
        try:
            with open(self.path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_MAX_SIZE + 1)
        except OSError as error:
            raise ArgumentError(f"{name} cannot be read: {error.strerror}") from None
        if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077 and not self.allow_readable:
            raise ArgumentError(
                f"{name} can be read by other users (mode {stat.S_IMODE(mode):04o}); run: chmod 600 "
                f"{self.path}, or allow it with --allow-readable-token-file"
            )
        return _token(content, name)


@dataclass(frozen=True)
class TokenCommand:
    """The token that a shell command prints for a mini program."""

    command: str
    appid: str | None = None

    def get_token(self, *, refresh: bool = False) -> Token:
        """What the command prints. Its error output goes to the terminal."""
        variables = {name: value for name, value in os.environ.items() if name != "WXAUDIT_REFRESH"}
        variables["WXAUDIT_APPID"] = self.appid or ""
        if refresh:
            variables["WXAUDIT_REFRESH"] = "1"
        # A session of its own: the command and what it started end together.
        # The user's own command line, as in git's credential helpers.
        with subprocess.Popen(  # noqa: S602
            self.command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=variables,
            start_new_session=os.name == "posix",
        ) as process:
            try:
                content, _ = process.communicate(timeout=COMMAND_LIMIT)
            except subprocess.TimeoutExpired:
                raise ArgumentError(f"the token command has not ended after {COMMAND_LIMIT:g} s") from None
            finally:
                _end(process)
        if process.returncode != 0:
            raise ArgumentError(f"the token command failed with exit code {process.returncode}")
        return _token(content, "the output of the token command")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a command that still runs, with its children."""
    if process.poll() is not None:
        return
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass


def _from_standard_input() -> Token:
    if sys.stdin is None or sys.stdin.isatty():
        raise ArgumentError(
            "--token-file - reads the token from standard input, which is a terminal; pipe it in"
        )
    return _token(sys.stdin.buffer.read(_MAX_SIZE + 1), "standard input")


def _token(content: bytes, name: str) -> Token:
    """The token in a text of one line. No message shows any of it."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split()
    if len(content) > _MAX_SIZE:
        raise ArgumentError(f"{name} has more than {_MAX_SIZE} bytes, so it is not a token")
    if len(lines) != 1:
        problem = "is empty" if not lines else f"has {len(lines)} words or lines"
        raise ArgumentError(f"{name} {problem}; it must be the token and nothing else")
    try:
        return Token(lines[0].decode("ascii"))
    except UnicodeDecodeError:
        raise ArgumentError(f"{name} is not a token: it has characters other than ASCII") from None
