"""A MariaDB server of its own for tests, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from support.servers.database_server import DatabaseServer

if TYPE_CHECKING:
    from pathlib import Path


class MariadbServer(DatabaseServer):
    """Runs MariaDB in a folder, as the user of the tests, with options such as `max_connections="10"`."""

    name = "mariadb"

    def __init__(self, folder: str | Path, **options: str) -> None:
        super().__init__(folder)
        self._socket = self.folder / "mariadb.sock"
        # A time zone that is not UTC, as many servers in China have.
        given = {"default-time-zone": "+08:00", "character-set-server": "utf8mb4", **options}
        # The server crashes in the tests, but the machine goes on.
        given.setdefault("innodb-flush-log-at-trx-commit", "2")
        self._options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        self._as_root = ["--user=root"] if os.getuid() == 0 else []

    def create(self) -> None:
        options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(
            [_program("mariadb-install-db"), *options, *self._as_root, f"--datadir={self._data}"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def command(self) -> list[str]:
        places = [f"--datadir={self._data}", f"--socket={self._socket}", "--skip-networking"]
        places += [f"--pid-file={self.folder / 'mariadb.pid'}"]
        return [_program("mariadbd"), "--no-defaults", *places, *self._options, *self._as_root]

    def answers(self) -> bool:
        ping = [_program("mariadb-admin"), "--no-defaults", "--user=root", f"--socket={self._socket}", "ping"]
        return subprocess.run(ping, check=False, capture_output=True).returncode == 0


def _program(name: str) -> str:
    # Debian puts servers where an ordinary user's PATH does not lead.
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, "the tests need MariaDB: bash tests/install_servers.sh"
    return path
