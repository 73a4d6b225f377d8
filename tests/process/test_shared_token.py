"""`CachedTokenSource` in several processes: they share a token, and one of them refreshes it."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support.programs import command, environment

if TYPE_CHECKING:
    import redis

    from support.servers.redis_server import RedisServer
    from wxaudit.testing import FakeWeChat

# As in the program.
NAME = "wx0000000000000001"
AUDITID = 1001
LEASE = 3.0

PROCESSES = 4


@pytest.fixture
def store(redis_server: RedisServer, redis_client: redis.Redis) -> redis.Redis:
    # The table of Django's database cache, as `createcachetable` makes it.
    with closing(sqlite3.connect(f"{redis_server.path}.sqlite3")) as database:
        database.execute("DROP TABLE IF EXISTS tokens")
        database.execute(
            "CREATE TABLE tokens "
            "(cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires datetime NOT NULL)"
        )
    return redis_client


def begun(fake: FakeWeChat, stale: str, kind: str, place: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("shared_token", fake.base_url, stale, kind, place, 50, *more, flags=("-W", "error")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return out.strip()


def refreshes_of(fake: FakeWeChat, stale: str, kinds: list[str], place: str) -> int:
    """Lets one process of each kind make 50 calls at once."""
    processes = [begun(fake, stale, kind, place) for kind in kinds]
    assert [line(process) for process in processes] == ["ready"] * len(processes)
    for process in processes:
        go(process)
    return sum(int(end(process)) for process in processes)


@pytest.mark.parametrize(
    "kinds",
    [
        ["redis"] * PROCESSES,
        ["redis.asyncio"] * PROCESSES,
        ["redis", "redis.asyncio"] * 2,
        ["django.redis"] * PROCESSES,
        ["django.redis.asyncio"] * PROCESSES,
        ["django.database"] * PROCESSES,
        ["django.database.asyncio"] * PROCESSES,
    ],
    ids=" ".join,
)
def test_four_processes_make_one_refresh_for_an_expired_token(
    fake: FakeWeChat, redis_server: RedisServer, store: redis.Redis, kinds: list[str]
) -> None:
    fake.submit(NAME, auditid=AUDITID)
    stale = fake.token(NAME)
    fake.expire(stale)
    fresh = [fake.token(NAME) for _ in range(20)]
    store.rpush("fresh", *fresh)
    refreshes = refreshes_of(fake, stale, kinds, redis_server.path)
    print(f"\n{' '.join(kinds)}, an expired token, 50 calls each: {refreshes} refresh")
    assert refreshes == 1
    assert store.llen("fresh") == len(fresh) - 1


@pytest.mark.parametrize("kind", ["redis", "django.redis", "django.database"])
def test_a_process_that_dies_while_it_refreshes_delays_the_others_by_its_lease(
    fake: FakeWeChat, redis_server: RedisServer, store: redis.Redis, kind: str
) -> None:
    fake.submit(NAME, auditid=AUDITID)
    store.rpush("fresh", fake.token(NAME), fake.token(NAME))
    dying = begun(fake, "none", kind, redis_server.path, "DIE")
    assert line(dying) == "ready"
    go(dying)
    assert end(dying) == "dying"
    other = begun(fake, "none", kind, redis_server.path)
    assert line(other) == "ready"
    began = time.monotonic()
    go(other)
    assert end(other) == "1"
    took = time.monotonic() - began
    print(f"\n{kind}: the others waited {took:.1f} s for a lease of {LEASE:g} s")
    # Its calls would wait 30 s.
    assert took <= LEASE + 10
