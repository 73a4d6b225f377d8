"""Real servers of Django projects, with the application of `programs/django_site.py`."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from support.programs import PROGRAMS, environment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from typing_extensions import Self

WORKERS = 2


class WebServer:
    """A server with two worker processes. The socket listens before: a request waits for the first worker."""

    def __init__(self, command: list[str], site: dict[str, Any], folder: Path) -> None:
        self._command = command
        self._log = folder / "server.log"
        self._environment = environment(DJANGO_SITE=json.dumps(site))

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        descriptor = str(self._listener.fileno())
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [part.replace("DESCRIPTOR", descriptor) for part in self._command],
                pass_fds=[self._listener.fileno()],
                cwd=PROGRAMS,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(self._end)
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait()
            self._listener.close()

    @property
    def _end(self) -> signal.Signals:
        # SIGTERM makes uWSGI reload.
        return signal.SIGINT if "pyuwsgi" in self._command[0] else signal.SIGTERM

    @property
    def log(self) -> str:
        return self._log.read_text()

    def ask(self, paths: Iterable[str], threads: int = 8) -> list[tuple[str, int, str]]:
        """The path, status and body of each answer, asked for by several threads at the same time."""
        waiting: SimpleQueue[str] = SimpleQueue()
        for path in paths:
            waiting.put(path)
        answers: list[tuple[str, int, str]] = []

        def work() -> None:
            while True:
                try:
                    path = waiting.get_nowait()
                except Empty:
                    return
                answers.append((path, *self._ask(path)))

        working = [threading.Thread(target=work) for _ in range(threads)]
        for thread in working:
            thread.start()
        for thread in working:
            thread.join()
        return answers

    def _ask(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as error:
            return 0, repr(error)
        finally:
            connection.close()


def gunicorn(worker: str, application: str, *options: str) -> list[str]:
    threads = ["--threads", "4"] if worker == "gthread" else []
    return [
        *(sys.executable, "-m", "gunicorn", f"django_site:{application}", "--worker-class", worker, *threads),
        *("--workers", str(WORKERS), "--bind", "fd://DESCRIPTOR", "--log-level", "warning", *options),
    ]


def uwsgi(*options: str) -> list[str]:
    """Its command embeds an interpreter, and so has to be told where the packages are."""
    return [
        *(f"{sys.prefix}/bin/pyuwsgi", "--virtualenv", sys.prefix, "--need-app", "--master", "--die-on-term"),
        *(
            "--module",
            "django_site:application",
            "--socket-timeout",
            "60",
            "--http-socket",
            "fd://DESCRIPTOR",
        ),
        *("--processes", str(WORKERS), "--threads", "4", "--enable-threads", "--disable-logging", *options),
    ]
