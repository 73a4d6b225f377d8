"""A PostgreSQL server of its own for tests, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from support.servers.database_server import DatabaseServer


class PostgresqlServer(DatabaseServer):
    """Runs PostgreSQL in a folder, as user `postgres` of the database, with options such as `fsync="on"`."""

    name = "postgresql"
    shutdown = (signal.SIGINT, signal.SIGQUIT)

    def __init__(self, folder: str | Path, **options: str) -> None:
        super().__init__(folder)
        # The server crashes in the tests, but the machine goes on.
        self._options = {"fsync": "off", "listen_addresses": "", **options}
        self._process_options["cwd"] = self.folder
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            self._process_options["user"] = "postgres"

    def create(self) -> None:
        self.folder.chmod(0o777)
        self._data.mkdir()
        if "user" in self._process_options:
            shutil.chown(self._data, "postgres")
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [_program("initdb"), *options, "-D", self._data],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            **self._process_options,
        )

    def command(self) -> list[str | Path]:
        settings = [f"--{name}={value}" for name, value in self._options.items()]
        return [_program("postgres"), "-D", self._data, "-k", self.folder, *settings]

    def answers(self) -> bool:
        ping = [_program("pg_isready"), "-h", str(self.folder), "--quiet"]
        done = subprocess.run(ping, check=False, stdin=subprocess.DEVNULL, cwd=self.folder)
        return done.returncode == 0


def _program(name: str) -> str:
    # Debian puts servers where no PATH leads.
    places = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
    path = shutil.which(name, path=os.pathsep.join([*places[::-1], os.environ["PATH"]]))
    assert path, "the tests need PostgreSQL: bash tests/install_servers.sh"
    return path
