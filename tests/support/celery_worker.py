"""A real worker of Celery as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import celery
from celery.result import ResultSet

from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import PROGRAMS, environment

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from support.servers.redis_server import RedisServer

PENDING_AUDITID = 1010


class CeleryWorker:
    """A worker, and the sender of its tasks. Redis carries tasks and results.

    `settings` are those of a program in `programs/`, which reads them from the variable of its own name; to
    them comes `celery`, the configuration of its application. `variables` are more of the environment.
    """

    def __init__(
        self,
        program: str,
        settings: dict[str, Any],
        redis: RedisServer,
        folder: Path,
        pool: str,
        concurrency: int,
        **variables: str,
    ) -> None:
        address = f"redis+socket://{redis.path}"
        configuration = {
            "broker_url": address,
            "result_backend": address,
            "task_default_queue": pool,
            "broker_connection_retry_on_startup": True,
        }
        self._sender = celery.Celery("sender", set_as_current=False)
        self._sender.conf.update(configuration)
        self._log = folder / "log"
        options = ["-P", pool, "-c", str(concurrency), "--without-gossip", "--without-mingle", "-l", "INFO"]
        # A worker with greenlets may never end: it then waits for the lock with which events are sent, which
        # without task events are only heartbeats.
        options.append("--without-heartbeat")
        self._command = [sys.executable, "-m", "celery", "-A", program, "worker", *options]
        variables[program.upper()] = json.dumps({**settings, "celery": configuration})
        self._environment = environment(PYTHONFAULTHANDLER="1", **variables)

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, cwd=PROGRAMS, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            # The worker writes where it hangs into its log.
            self._process.send_signal(signal.SIGABRT)
            self._process.wait(60)
            raise AssertionError(f"the worker has not ended after 60 s\n{self.log}") from None
        finally:
            self._process.kill()
            self._process.wait()
            self._sender.close()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, task: str, **options: Any) -> None:
        """Sends a task whose result nobody takes."""
        self._sender.send_task(task, **options)

    def results(self, task: str, arguments: list[Any], **options: Any) -> list[Any]:
        """What the tasks come to, one for each argument, in this order. They run at the same time."""
        sent = [self._sender.send_task(task, [argument], **options) for argument in arguments]
        return list(ResultSet(sent, app=self._sender).join_native(timeout=900))

    def result(self, task: str, *arguments: Any, **options: Any) -> Any:
        return self._sender.send_task(task, arguments, **options).get(timeout=900)


def audits_worker(
    fake: FakeProcess, redis: RedisServer, folder: Path, pool: str, concurrency: int
) -> CeleryWorker:
    """A worker of `programs/audits_on_celery.py`."""
    expired = fake.token()
    fake.expire(expired)
    settings = {
        "base_url": fake.base_url,
        "token": fake.token(),
        "expired": expired,
        "held": HELD_AUDITID,
        "pending": PENDING_AUDITID,
    }
    return CeleryWorker("audits_on_celery", settings, redis, folder, pool, concurrency)
