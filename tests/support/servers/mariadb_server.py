"""A MariaDB server of its own for tests, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class MariadbServer:
    """Runs MariaDB in a folder, as the user of the tests, with options such as `max_connections="10"`."""

    def __init__(self, folder: str | Path, **options: str) -> None:
        self.folder = Path(folder)
        self._socket = self.folder / "mariadb.sock"
        self._data = self.folder / "mariadb"
        # A time zone that is not UTC, as many servers in China have.
        given = {"default-time-zone": "+08:00", "character-set-server": "utf8mb4", **options}
        # The server crashes in the tests, but the machine goes on.
        given.setdefault("innodb-flush-log-at-trx-commit", "2")
        self._options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        if os.getuid() == 0:
            self._options.append("--user=root")

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        if os.getuid() == 0:
            options.append("--user=root")
        subprocess.run(
            [_program("mariadb-install-db"), *options, f"--datadir={self._data}"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._data)

    def start(self) -> None:
        places = [f"--datadir={self._data}", f"--socket={self._socket}", "--skip-networking"]
        places += [f"--pid-file={self.folder / 'mariadb.pid'}"]
        log_path = self.folder / "mariadb.log"
        with log_path.open("a") as log:
            self._process = subprocess.Popen(
                [_program("mariadbd"), "--no-defaults", *places, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        ping = [_program("mariadb-admin"), "--no-defaults", "--user=root", f"--socket={self._socket}", "ping"]
        deadline = time.monotonic() + 60
        while subprocess.run(ping, check=False, capture_output=True).returncode != 0:
            assert self._process.poll() is None, f"MariaDB did not start: {log_path.read_text()}"
            assert time.monotonic() < deadline, "MariaDB does not answer"
            time.sleep(0.02)  # it tells nobody when it listens

    def stop(self, *, crash: bool = False) -> None:
        """Cuts all connections and ends. After a crash the next start recovers."""
        self._process.send_signal(signal.SIGKILL if crash else signal.SIGTERM)
        self._process.wait(60)


def _program(name: str) -> str:
    # Debian puts servers where an ordinary user's PATH does not lead.
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, "the tests need MariaDB: bash tests/install_servers.sh"
    return path
