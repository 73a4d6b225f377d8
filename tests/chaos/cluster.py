"""Run Celery workers and beat, PostgreSQL, Redis and the fake WeChat, and kill some of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from support.fake_process import FakeProcess
from support.programs import environment
from support.servers.postgresql_server import PostgresqlServer
from support.servers.redis_server import RedisServer

if TYPE_CHECKING:
    import random

    from typing_extensions import Self

PROJECT = Path(__file__).parent / "project"


class Cluster:
    """Everything that runs, in a folder for its logs."""

    def __init__(self, folder: Path, workers: int, settings: dict[str, Any]) -> None:
        self._folder = folder
        self._workers = workers
        self._settings = settings
        self.postgresql = PostgresqlServer(folder / "database")
        self.redis = RedisServer()
        self.fake = FakeProcess()

    def __enter__(self) -> Self:
        self.postgresql.__enter__()
        self.redis.__enter__()
        self.fake.__enter__()
        with psycopg.connect(self.database("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE chaos")
        self._processes: list[subprocess.Popen[bytes]] = []
        return self

    def configure(self, tokens: dict[str, str]) -> None:
        """The settings that all processes of the project read."""
        settings = {
            **self._settings,
            "tokens": tokens,
            "wechat": self.fake.base_url,
            "postgresql": str(self.postgresql.folder),
            "broker": f"redis+socket://{self.redis.path}",
        }
        self._environment = environment(CHAOS=json.dumps(settings), DJANGO_SETTINGS_MODULE="chaos_settings")
        self._environment["PYTHONPATH"] += f":{PROJECT}"

    def manage(self, *arguments: str) -> None:
        self._run("-m", "django", *arguments)

    def run_program(self, name: str, given: str) -> None:
        self._run(str(PROJECT / f"{name}.py"), given=given)

    def _run(self, *arguments: str, given: str = "") -> None:
        subprocess.run(
            [sys.executable, *arguments],
            env=self._environment, cwd=PROJECT, input=given, text=True, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def database(self, name: str = "chaos") -> str:
        return f"host={self.postgresql.folder} user=postgres dbname={name}"

    def start(self) -> None:
        self._celery("beat", f"--schedule={self._folder / 'beat'}", "--pidfile=", name="beat")
        self._processes = [self._worker(number) for number in range(self._workers)]

    def kill_a_worker(self, choose: random.Random) -> None:
        """SIGKILL to one worker, or to one of its children, and a new worker in the place of a dead one."""
        number = choose.randrange(self._workers)
        worker = self._processes[number]
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        if children and choose.random() < 0.5:
            # It may have ended meanwhile.
            with suppress(ProcessLookupError):
                os.kill(int(choose.choice(children)), signal.SIGKILL)
            return
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self._processes[number] = self._worker(number)

    def restart(self, server: str, choose: random.Random) -> None:
        if server == "redis":
            self.redis.stop()
            self.redis.start()
        else:
            self.postgresql.stop(crash=choose.random() < 0.5)
            self.postgresql.start()

    def _worker(self, number: int) -> subprocess.Popen[bytes]:
        return self._celery(
            "worker", "--pool=prefork", "--concurrency=1", "--without-gossip", "--without-mingle",
            f"--hostname=worker{number}@localhost", name=f"worker{number}",
        )  # fmt: skip

    def _celery(self, *arguments: str, name: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            # In a group of its own: a worker dies with its children.
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "chaos_celery", *arguments, "--loglevel=warning"],
                env=self._environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        if name == "beat":
            self._beat = process
        return process

    def __exit__(self, *_: object) -> None:
        for process in [*self._processes, self._beat]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.fake.__exit__()
        self.redis.__exit__()
        self.postgresql.__exit__()


class Ticker(threading.Thread):
    """Lets the fake's clock run with the real time."""

    def __init__(self, fake: FakeProcess) -> None:
        super().__init__(daemon=True)
        self._fake = fake
        self._ended = threading.Event()

    def run(self) -> None:
        shown = time.monotonic()
        while not self._ended.wait(0.2):
            now = time.monotonic()
            self._fake.call("POST", "/clock", {"advance": now - shown})
            shown = now

    def stop(self) -> None:
        self._ended.set()
        self.join()
