"""A terminal as people have one: tmux runs a program, types keys, and tells what stands on the screen."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

_SECONDS = 60

# It waits for the word to begin, so that nothing is missed of what the program writes. The exit code becomes
# the title of the terminal: it comes after all that the program wrote, by the same way.
_SHELL = r'''read -r _ <"$0"; trap : INT TERM; "$@"; printf '\033]2;ended %s\007' "$?"; read -r _ <"$0"'''


class Terminal:
    """A program on a terminal of its own, in a tmux of its own.

    `with Terminal(command("status", "1"), environment, columns=80) as terminal:` starts it.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, columns: int = 80, rows: int = 24
    ) -> None:
        self._command, self._environment = list(command), dict(environment)
        self.columns, self._rows = columns, rows

    def __enter__(self) -> Self:
        assert shutil.which("tmux"), "the tests need tmux: bash tests/install_servers.sh"
        # A path of a socket has 107 characters at most.
        self._folder = Path(tempfile.mkdtemp(prefix="terminal-", dir="/tmp"))
        begin, output = self._folder / "begin", self._folder / "output"
        os.mkfifo(begin)
        os.mkfifo(output)
        self._output = os.open(output, os.O_RDWR | os.O_NONBLOCK)
        settings = self._folder / "tmux.conf"
        settings.write_text(
            "set -g default-terminal xterm-256color\nset -g status off\nset -g history-limit 10000\n"
        )
        # tmux sets its own TERM.
        program = ["env", f"TERM={self._environment.get('TERM', 'xterm-256color')}", *self._command]
        shell = ["sh", "-c", _SHELL, str(begin), *program]
        self._tmux(
            *(
                "-f",
                str(settings),
                "new-session",
                "-d",
                "-s",
                "main",
                "-x",
                str(self.columns),
                "-y",
                str(self._rows),
            ),
            shlex.join(shell),
            environment=self._environment,
        )
        self._tmux("pipe-pane", "-t", "main", f"exec cat >{shlex.quote(str(output))}")
        begin.write_text("begin\n")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(self._line("kill-server"), capture_output=True, timeout=_SECONDS, check=False)
        os.close(self._output)
        shutil.rmtree(self._folder, ignore_errors=True)

    def screen(self, *, colours: bool = False) -> str:
        """What a person sees, without blanks at the ends of lines and empty lines at the end."""
        return self._captured(["-e"] if colours else [])

    def history(self, *, colours: bool = False) -> str:
        """The screen and what has left it at the top; lines that the terminal broke are joined."""
        return self._captured(["-S", "-", "-J", *(["-e"] if colours else [])])

    def wait_for(self, expected: str | Callable[[str], bool]) -> str:
        """The screen once it shows a text, or once what is expected of it is true."""

        def is_there(shown: str) -> bool:
            return expected in shown if isinstance(expected, str) else expected(shown)

        shown = ""

        def shows() -> bool:
            nonlocal shown
            shown = self.screen()
            return is_there(shown)

        self._wait(shows, lambda: f"{expected!r} is not there:\n{shown}")
        return shown

    def press(self, *keys: str) -> None:
        """Keys by tmux's names, such as `C-c`."""
        self._tmux("send-keys", "-t", "main", *keys)

    def terminate(self) -> None:
        """SIGTERM to the program."""
        shell = self._told("#{pane_pid}")
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text()
        os.kill(int(children.split()[0]), signal.SIGTERM)

    def resize(self, columns: int, rows: int) -> None:
        self.columns = columns
        self._tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))

    def end(self) -> int:
        """The exit code of the program, once it has ended and all that it wrote is on the screen."""
        self._wait(
            lambda: self._told("#{pane_title}").startswith("ended "),
            lambda: f"the program has not ended:\n{self.screen()}",
        )
        return int(self._told("#{pane_title}").removeprefix("ended "))

    def _wait(self, is_over: Callable[[], bool], complaint: Callable[[], str]) -> None:
        ends = time.monotonic() + _SECONDS
        while not is_over():
            left = ends - time.monotonic()
            assert left > 0, f"after {_SECONDS} s: {complaint()}"
            # Whatever the program writes wakes this up.
            if select.select([self._output], [], [], left)[0]:
                os.read(self._output, 1 << 20)

    def _told(self, format_: str) -> str:
        return self._tmux("display-message", "-p", "-t", "main", format_).strip()

    def _captured(self, options: Sequence[str]) -> str:
        shown = self._tmux("capture-pane", "-p", "-t", "main", *options)
        return "\n".join(line.rstrip() for line in shown.rstrip().split("\n"))

    def _line(self, *arguments: str) -> list[str]:
        return ["tmux", "-u", "-S", str(self._folder / "socket"), *arguments]

    def _tmux(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        # The program gets the environment of the server, which the first command starts.
        done = subprocess.run(
            self._line(*arguments),
            env={**(os.environ if environment is None else environment), "TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"tmux {arguments[0]}: {done.stderr.decode()}"
        return done.stdout.decode()
