"""A PostgreSQL server of its own for tests, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class PostgresqlServer:
    """Runs PostgreSQL in a folder, as user `postgres` of the database, with options such as `fsync="on"`."""

    def __init__(self, folder: str | Path, **options: str) -> None:
        self.folder = Path(folder)
        # The server crashes in the tests, but the machine goes on.
        self._options = {"fsync": "off", "listen_addresses": "", **options}
        self._data = self.folder / "postgresql"
        # PostgreSQL refuses to run as root.
        self._as_user: dict[str, Any] = {"user": "postgres"} if os.getuid() == 0 else {}

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / "postgresql.log").read_text(errors="replace")

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o777)
        self._data.mkdir()
        if self._as_user:
            shutil.chown(self._data, "postgres")
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self._program("initdb"), *options, "-D", self._data],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self._as_user,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._data)

    def start(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._options.items()]
        with (self.folder / "postgresql.log").open("a") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", self._data, "-k", self.folder, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_user,
            )
        deadline = time.monotonic() + 60
        while self._run("pg_isready", "--quiet").returncode != 0:
            assert self._process.poll() is None, f"PostgreSQL did not start: {self.log}"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.02)  # it tells nobody when it listens

    def stop(self, *, crash: bool = False) -> None:
        """Cuts all connections and ends. After a crash the next start recovers."""
        self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        self._process.wait(60)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [self._program(program), "-h", str(self.folder), *arguments]
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, cwd=self.folder)

    @staticmethod
    def _program(name: str) -> str:
        # Debian puts servers where no PATH leads.
        places = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
        path = shutil.which(name, path=os.pathsep.join([*places[::-1], os.environ["PATH"]]))
        assert path, "the tests need PostgreSQL: bash tests/install_servers.sh"
        return path
