"""Real workers of Celery: soft time limits, and pools of greenlets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.celery_worker import PENDING_AUDITID, CeleryWorker, audits_worker
from support.fake_process import AUDITIDS, FakeProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers.redis_server import RedisServer

TASKS = 1000
SOFT_LIMIT, HARD_LIMIT = 1, 60


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        fake.set_up()
        fake.call("POST", "/audits", {"auditid": PENDING_AUDITID, "state": "in_review"})
        yield fake


@pytest.fixture(scope="module")
def prefork(
    fake: FakeProcess, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CeleryWorker]:
    with audits_worker(fake, redis_server, tmp_path_factory.mktemp("prefork"), "prefork", 2) as worker:
        yield worker


@pytest.mark.parametrize(
    "place",
    [
        "source",
        "source of the same thread",
        "source of a batch",
        "on_event",
        "on_poll",
        "progress",
        "token_for",
        "input",
        "input of an iteration",
        "answer",
    ],
)
def test_a_soft_limit_reaches_the_task(prefork: CeleryWorker, place: str) -> None:
    limits = {"soft_time_limit": SOFT_LIMIT, "time_limit": HARD_LIMIT}
    outcome = prefork.result("reach_the_limit", place, **limits)
    assert outcome == f"limited: audit {AUDITIDS[0]}", prefork.log


@pytest.mark.parametrize("pool", ["gevent", "eventlet"])
def test_a_pool_of_greenlets_answers_all(
    fake: FakeProcess, redis_server: RedisServer, tmp_path: Path, pool: str
) -> None:
    auditids = [AUDITIDS[number % len(AUDITIDS)] for number in range(TASKS)]
    with audits_worker(fake, redis_server, tmp_path, pool, 100) as worker:
        assert worker.result("ask", AUDITIDS[0]) == f"audit {AUDITIDS[0]}", worker.log
        begun = time.monotonic()
        answers = worker.results("ask", auditids)
        took = time.monotonic() - begun
        many = worker.result("ask_for_many", auditids)
        refreshes = worker.result("refreshes")
        assert "Traceback" not in worker.log, worker.log
    print(f"{pool}: {len(answers)} tasks in {took:.1f} s, {refreshes} refresh")
    assert answers == many == [f"audit {auditid}" for auditid in auditids]
    assert refreshes == 1
