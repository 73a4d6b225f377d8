"""Debian's nginx on a port of its own, with a configuration of its own: a server that nobody here wrote."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

_CONFIGURATION = """\
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    log_format outcome '$status';
    access_log {directory}/access.log outcome;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{status_port};
        access_log off;
        location / {{ stub_status; }}
    }}
{http}
}}
"""


class Nginx:
    """Runs nginx with the given lines of its `http` block, in which `{port}` is where calls go."""

    def __init__(self, directory: Path, http: str) -> None:
        self.port, self._status_port = _free_ports()
        self._directory = directory
        self._configuration = directory / "nginx.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                directory=directory,
                status_port=self._status_port,
                http=http.replace("{port}", str(self.port)),
            )
        )
        # Debian puts servers where an ordinary user's PATH does not lead.
        path = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert path, "the tests need nginx: bash tests/install_servers.sh"
        self._command = [path, "-p", str(directory), "-e", str(directory / "error.log")]
        self._command += ["-c", str(self._configuration)]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, f"nginx did not start: {self.errors}"
            assert time.monotonic() < deadline, "nginx does not answer"
            time.sleep(0.01)  # nginx tells nobody when it listens
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(20) == 0

    def reload(self) -> None:
        """Lets new workers take over: the old ones close what is idle, unannounced, and end."""
        self._process.send_signal(signal.SIGHUP)

    @property
    def connections_accepted(self) -> int:
        """How many connections it has accepted by now, those of this question not counted."""
        text = self._status()
        found = re.search(r"server accepts handled requests\n (\d+) (\d+) (\d+)", text)
        assert found, text
        accepted = int(found[1]) - self._questions
        assert int(found[1]) == int(found[2]), "nginx dropped connections"
        return accepted

    @property
    def outcomes(self) -> list[int]:
        """The status of each request that it has logged; 444 is a connection closed without an answer."""
        return [int(line) for line in (self._directory / "access.log").read_text().split()]

    @property
    def errors(self) -> str:
        return (self._directory / "error.log").read_text()

    _questions = 0

    def _status(self) -> str:
        self._questions += 1
        connection = http.client.HTTPConnection("127.0.0.1", self._status_port, timeout=20)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            self._status()
        except ConnectionRefusedError:
            self._questions -= 1
            return False
        return True


def _free_ports() -> tuple[int, int]:
    """Two ports that were free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]
