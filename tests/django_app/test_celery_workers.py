"""Celery's workers on a real Redis: tasks that use `get_client()`, and the tasks of the app itself.

WXAUDIT_REQUESTS=1000 sends more tasks to each pool.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import celery
import celery._state
import pytest

from support.celery_worker import CeleryWorker
from support.django.settings import DATABASES
from support.fake_process import AUDITIDS
from wxaudit.django import watch
from wxaudit.django._polling import chunks
from wxaudit.django.models import AuditChange, AuditWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    from support.django.watched_fake import WatchedFake
    from support.fake_process import FakeProcess
    from support.servers.redis_server import RedisServer
    from wxaudit.testing import FakeWeChat

TASKS = int(os.environ.get("WXAUDIT_REQUESTS", "160"))
POOLS = {"prefork": 2, "threads": 4, "solo": 1}
PROGRAM = "django_site"
# With the variable, Celery takes care of the connections and caches of Django.
WITH_DJANGO = {"DJANGO_SETTINGS_MODULE": PROGRAM}


@pytest.mark.usefixtures("redis_client")
@pytest.mark.parametrize("pool", POOLS)
def test_every_task_is_answered(
    fake_process: FakeProcess, redis_server: RedisServer, tmp_path: Path, pool: str
) -> None:
    site = {"token": fake_process.token(), "wxaudit": {"CLIENT": {"base_url": fake_process.base_url}}}
    auditids = [AUDITIDS[number % len(AUDITIDS)] for number in range(TASKS)]
    with CeleryWorker(PROGRAM, site, redis_server, tmp_path, pool, POOLS[pool], **WITH_DJANGO) as worker:
        worker.result("answered", auditids[0])
        began = time.monotonic()
        answers = worker.results("answered", auditids)
        took = time.monotonic() - began
        assert "Traceback" not in worker.log, worker.log
    parts = [answer.split(" ", 2) for answer in answers]
    assert [reason for _, _, reason in parts] == [f"audit {auditid}" for auditid in auditids]
    workers = {own for _, own, _ in parts}
    # The main process of a worker has imported the module and used its clients before it forks.
    [imported] = {imported for imported, _, _ in parts}
    assert (imported in workers) is (pool != "prefork")
    assert len(workers) <= (POOLS[pool] if pool == "prefork" else 1)
    print(f"Celery {pool}: {len(answers)} right answers by {len(workers)} processes in {took:.1f} s")


def wait_for(condition: Callable[[], bool], worker: CeleryWorker) -> None:
    latest = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < latest, worker.log
        time.sleep(0.05)  # neither the database nor Redis tells


@pytest.mark.parametrize(
    ("database", "pool"),
    [("postgresql", "prefork"), ("mariadb", "threads"), ("default", "solo")],
    indirect=["database"],
)
def test_what_is_due_is_shared_among_workers(
    database: str,
    fake: FakeWeChat,
    redis_server: RedisServer,
    redis_client: redis.Redis,
    tmp_path: Path,
    pool: str,
) -> None:
    chunk, audits = 10, 45
    for _ in range(audits):
        audit = fake.submit("wx1")
        audit.approve()
        watch("wx1", audit.auditid)
    options = {"CLIENT": {"base_url": fake.base_url}, "WATCH": {"BATCH_SIZE": chunk}}
    site: dict[str, Any] = {
        "token": fake.token("wx1"),
        "wxaudit": options,
        "database": DATABASES[database],
        "asks_at_import": False,
    }
    with CeleryWorker(PROGRAM, site, redis_server, tmp_path, pool, POOLS[pool], **WITH_DJANGO) as worker:
        worker.send("wxaudit.poll_due")
        wait_for(lambda: worker.log.count("] succeeded in") == 5, worker)
        log = worker.log
    assert log.count("Task wxaudit.poll_due[") == 2, log
    assert log.count("Task wxaudit.poll_chunk[") == 8, log
    assert AuditChange.objects.exclude(delivered_at=None).count() == audits
    assert AuditWatch.objects.filter(phase=AuditWatch.Phase.DECIDED).count() == audits
    assert len(fake.requests) == audits
    # No result is kept.
    assert redis_client.keys("celery-task-meta-*") == []
    assert "Traceback" not in log, log


def messages(redis_client: redis.Redis, queue: str = "celery") -> list[dict[str, Any]]:
    found: Any = redis_client.lrange(queue, 0, -1)
    return [json.loads(message) for message in found]


@pytest.fixture
def tasks(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The tasks in an application that sends to Redis."""
    application = celery.Celery("shop", broker=f"redis+socket://{redis_server.path}", set_as_current=False)
    # As in a project that has changed the default.
    application.conf.update(task_serializer="pickle", accept_content=["json", "pickle"])
    application.autodiscover_tasks(["wxaudit.django"], force=True)
    monkeypatch.setattr(celery._state._tls, "current_app", application)
    yield application.tasks
    application.close()


def test_the_messages_hold_nothing(
    database: str, watched: WatchedFake, redis_client: redis.Redis, tasks: Any
) -> None:
    del database
    watched.configure(BATCH_SIZE=2)
    for _ in range(7):
        watched.submit()
    tasks["wxaudit.poll_due"].run()
    sent = messages(redis_client)
    assert [message["headers"]["task"] for message in sent] == ["wxaudit.poll_chunk"] * 3
    for message in sent:
        assert message["content-type"] == "application/json"
        assert message["headers"]["eta"] is None
        assert message["headers"]["expires"] is not None
        assert message["headers"]["argsrepr"] == "()"
    # The other chunks are still due: nothing is claimed for a message that may get lost.
    assert AuditWatch.objects.exclude(checked_at=None).count() == 2


def test_the_messages_of_a_round_are_bounded(
    database: str, watched: WatchedFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database
    monkeypatch.setattr(chunks, "MAX_CHUNKS", 3)
    watched.configure(BATCH_SIZE=1)
    for _ in range(9):
        watched.submit()
    sent: list[int] = []
    assert chunks.poll_and_share(lambda: sent.append(1))["claimed"] == 1
    assert len(sent) == 2


@pytest.mark.usefixtures("watched")
def test_an_empty_round_sends_nothing(database: str) -> None:
    del database
    assert set(chunks.poll_and_share(lambda: pytest.fail("sent")).values()) == {0}
