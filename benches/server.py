"""Run the server: nginx with one worker and one fixed response, plain, over TLS, and 20 ms away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benches import certificates
from benches.audit import PATH
from benches.cores import on_core

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

ANSWER = '{"errcode":0,"errmsg":"ok","status":2}'

# The round-trip time.
ROUND_TRIP_SECONDS = 0.020

_START_SECONDS = 20

# Debian installs servers outside of an ordinary user's PATH.
_SERVER_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

# nginx reads and drops the bodies. No connection is closed by the server.
_CONFIGURATION = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {tls}
        location = {path} {{ return 200 '{answer}'; }}
    }}
}}
"""

_TLS = """\
listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
"""


class ServerMissingError(Exception):
    """nginx is missing, so nothing can be measured."""


@dataclass(frozen=True, slots=True)
class Place:
    """The server that a scenario calls."""

    base_url: str
    ca_file: str | None = None


def nginx() -> str | None:
    """Return the path of nginx, or `None`."""
    return shutil.which("nginx", path=_SERVER_PATH)


class Server:
    """nginx and the delay proxy in front of it, on one core, inside a `with` block."""

    def __init__(self, folder: Path, core: int) -> None:
        self._folder = folder
        self._core = core
        self._running = ExitStack()
        self.places: dict[str, Place] = {}
        self.missing: list[str] = []

    def __enter__(self) -> Self:
        command = nginx()
        if command is None:
            raise ServerMissingError("nginx is not installed: bash tests/install_servers.sh nginx")
        ports = _free_ports(2)
        tls = ""
        if certificates.available():
            authority = certificates.make(self._folder)
            tls = _TLS.format(port=ports[1], folder=self._folder)
            self.places["tls"] = Place(f"https://127.0.0.1:{ports[1]}", str(authority))
        else:
            self.missing.append("openssl, so nothing is measured over TLS")
        configuration = self._folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(folder=self._folder, port=ports[0], tls=tls, path=PATH, answer=ANSWER)
        )
        arguments = ["-p", str(self._folder), "-e", str(self._folder / "error.log"), "-c", str(configuration)]
        self._start([command, *arguments])
        _wait_for(ports[0], self._folder / "error.log")
        self.places["plain"] = Place(f"http://127.0.0.1:{ports[0]}")
        self._start_delay_proxy(ports[0])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running.close()

    def _start_delay_proxy(self, port: int) -> None:
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            self.missing.append("a C compiler, so nothing is measured 20 ms away")
            return
        program = self._folder / "delay_proxy"
        source = Path(__file__).with_name("delay_proxy.c")
        subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True, timeout=60)
        one_way = round(ROUND_TRIP_SECONDS / 2 * 1e6)
        proxy = self._start([str(program), str(port), str(one_way)])
        assert proxy.stdout is not None
        self.places["far"] = Place(f"http://127.0.0.1:{int(proxy.stdout.readline())}")

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with on_core(self._core):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._running.callback(_end, process)
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                said = log.read_text().strip() if log.exists() else ""
                raise ServerMissingError(f"nginx does not answer: {said}") from None
            time.sleep(0.01)
        else:
            return
