"""A database server of its own for tests, on a socket in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self


class DatabaseServer:
    """A server that a subclass creates, starts and asks whether it answers."""

    name: str
    """Its log is `NAME.log` in the folder, its data is in `NAME`."""
    shutdown: tuple[signal.Signals, signal.Signals] = (signal.SIGTERM, signal.SIGKILL)
    """The signals that end it in order, and as a crash."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._data = self.folder / self.name
        self._process_options: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.create()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._data)

    def create(self) -> None:
        """Makes an empty database in the folder."""
        raise NotImplementedError

    def command(self) -> Sequence[str | Path]:
        """What starts the server."""
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("a") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._process_options
            )
        deadline = time.monotonic() + 60
        while not self.answers():
            assert self._process.poll() is None, f"{self.name} did not start: {self.log}"
            assert time.monotonic() < deadline, f"{self.name} does not answer"
            time.sleep(0.02)  # it tells nobody when it listens

    def stop(self, *, crash: bool = False) -> None:
        """Cuts all connections and ends. After a crash the next start recovers."""
        self._process.send_signal(self.shutdown[crash])
        self._process.wait(60)
