"""A Redis server of its own for a test, on a socket in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from typing_extensions import Self


class RedisServer:
    """Runs Redis, which stores nothing on disk."""

    def __enter__(self) -> Self:
        program = shutil.which("redis-server")
        assert program, "the tests need redis-server: bash tests/install_servers.sh"
        # Not in the folder of the test: the path of a socket may have 107 characters.
        self._folder = tempfile.TemporaryDirectory(prefix="redis-")
        self.path = f"{self._folder.name}/socket"
        options = ["--port", "0", "--unixsocket", self.path, "--save", "", "--dir", self._folder.name]
        self._process = subprocess.Popen(
            [program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "Ready to accept connections" in line or "ready to accept connections" in line:
                return self
        raise AssertionError("".join(said))

    def client(self) -> redis.Redis:
        """A client; `with` closes its connections."""
        return redis.Redis(unix_socket_path=self.path)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)
        self._folder.cleanup()
