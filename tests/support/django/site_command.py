"""`manage.py` of the project in `programs/django_site.py`, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from support.django.settings import DATABASES
from support.programs import command, environment

if TYPE_CHECKING:
    from typing_extensions import Self


class SiteCommand:
    """A management command. It is killed if it has not ended."""

    def __init__(self, database: str, site: dict[str, Any], *arguments: str) -> None:
        self._site = {"database": DATABASES[database], **site}
        self._arguments = arguments

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            command("django_site", *self._arguments, flags=("-X", "dev")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(DJANGO_SITE=json.dumps(self._site)),
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)

    def ended(self) -> tuple[int, str]:
        """Its exit code, and what it has printed since the last line that was read."""
        # Not by `communicate`, which does not see what `line` has buffered.
        assert self._process.stdout is not None
        out = self._process.stdout.read()
        return self._process.wait(60), out
