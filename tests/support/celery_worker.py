"""A real worker of Celery as a process of its own. Its tasks are those of `programs/audits_on_celery.py`."""

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
    """A worker, and the sender of its tasks. Redis carries tasks and results."""

    def __init__(
        self, fake: FakeProcess, redis: RedisServer, folder: Path, pool: str, concurrency: int
    ) -> None:
        address = f"redis+socket://{redis.path}"
        configuration = {
            "broker_url": address,
            "result_backend": address,
            "task_default_queue": pool,
            "broker_connection_retry_on_startup": True,
        }
        expired = fake.token()
        fake.expire(expired)
        settings = {
            "celery": configuration,
            "base_url": fake.base_url,
            "token": fake.token(),
            "expired": expired,
            "held": HELD_AUDITID,
            "pending": PENDING_AUDITID,
        }
        self._sender = celery.Celery("sender", set_as_current=False)
        self._sender.conf.update(configuration)
        self._log = folder / "log"
        options = ["-P", pool, "-c", str(concurrency), "--without-gossip", "--without-mingle"]
        self._command = [sys.executable, "-m", "celery", "-A", "audits_on_celery", "worker", *options]
        self._environment = environment(AUDITS_ON_CELERY=json.dumps(settings))

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
        finally:
            self._process.kill()
            self._process.wait()
            self._sender.close()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def results(self, task: str, arguments: list[Any], **options: Any) -> list[Any]:
        """What the tasks come to, one for each argument, in this order. They run at the same time."""
        sent = [self._sender.send_task(task, [argument], **options) for argument in arguments]
        return list(ResultSet(sent, app=self._sender).join_native(timeout=900))

    def result(self, task: str, *arguments: Any, **options: Any) -> Any:
        return self._sender.send_task(task, arguments, **options).get(timeout=900)
