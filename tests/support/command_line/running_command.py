"""A `wxaudit` that runs beside the test, which reads its lines as they come."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from support.command_line.run import clean_environment, command

if TYPE_CHECKING:
    from typing_extensions import Self

    from wxaudit.testing import FakeWeChat

_SECONDS = 60


class RunningCommand:
    """`with RunningCommand(fake, token, "wait", 1, "--timeout", "1h") as running:` starts it."""

    def __init__(self, fake: FakeWeChat, token: str, *arguments: object, **variables: str) -> None:
        self._command = command(*arguments)
        self._environment = clean_environment(
            WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token, **variables
        )

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        # What hangs is killed, and the test sees its end.
        self._limit = threading.Timer(_SECONDS, self._process.kill)
        self._limit.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._limit.cancel()

    def line(self) -> str:
        """The next line of its standard output, without its end."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def interrupt(self) -> None:
        """What Ctrl-C sends."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self._process.terminate()

    def end(self) -> tuple[int, str, str]:
        """The exit code, and what it still wrote to standard output and standard error."""
        out, err = self._process.communicate()
        return self._process.returncode, out, err
