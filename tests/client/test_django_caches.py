"""`CachedTokenSource` with Django's caches: which of them it refuses, and how they serve with a lock."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.locmem import LocMemCache
from django.utils.connection import ConnectionProxy

import wxaudit
from support.servers.redis_server import RedisServer
from wxaudit import AsyncCachedTokenSource, CachedTokenSource

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

NAME = "wx0000000000000001"

PROBLEMS = {
    "filebased.FileBasedCache": "two processes can add the same key to Django's file-based cache",
    "locmem.LocMemCache": "processes do not share Django's local-memory cache",
    "dummy.DummyCache": "Django's dummy cache stores nothing",
}
REMEDIES = {
    "filebased.FileBasedCache": ", or pass lock=, a lock that processes share",
    "locmem.LocMemCache": ", or pass lock= if there is only one process",
    "dummy.DummyCache": "",
}


def cache_of(kind: str, location: object) -> Any:
    """A cache as `django.core.cache.cache` is one: a proxy."""
    settings = {"default": {"BACKEND": f"django.core.cache.backends.{kind}", "LOCATION": str(location)}}
    return ConnectionProxy(CacheHandler(settings), "default")


class AsyncLock:
    """A lock for one process. What acquires it while it is held looks again later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def acquire(self, *, blocking: bool) -> bool:
        return self._lock.acquire(blocking=blocking)

    async def release(self) -> None:
        self._lock.release()


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("source", [CachedTokenSource, AsyncCachedTokenSource])
def test_a_cache_that_gives_no_single_refresh_is_refused(source: Any, kind: str, tmp_path: Path) -> None:
    for cache in (cache_of(kind, tmp_path), cache_of(kind, tmp_path)._connections["default"]):
        with pytest.raises(wxaudit.ArgumentError) as caught:
            source(cache, str, name=NAME)
        message = str(caught.value)
        assert message.startswith(f"store: {PROBLEMS[kind]}, so that ")
        assert message.endswith(f"; use a cache in Redis, Memcached or a database{REMEDIES[kind]}")


def test_no_lock_makes_up_for_a_cache_that_stores_nothing(tmp_path: Path) -> None:
    with pytest.raises(wxaudit.ArgumentError, match="dummy cache stores nothing"):
        CachedTokenSource(cache_of("dummy.DummyCache", tmp_path), str, threading.Lock(), name=NAME)


def test_a_cache_with_a_better_add_is_accepted() -> None:
    class Shared(LocMemCache):
        def add(self, key: str, value: object, timeout: Any = None, version: Any = None) -> bool:
            raise NotImplementedError

    CachedTokenSource(Shared("", {}), str, name=NAME)


def test_a_cache_in_redis_has_one_connection_for_all_threads(fake: FakeWeChat) -> None:
    auditid, tokens = fake.submit(NAME).auditid, list[str]()

    def refresh(name: str) -> str:
        tokens.append(fake.token(name))
        return tokens[-1]

    with RedisServer() as server, server.client() as client:
        cache = cache_of("redis.RedisCache", f"unix://{server.path}")
        source = CachedTokenSource(cache, refresh, name=NAME)
        before = client.info("stats")["total_connections_received"]
        for _ in range(8):
            assert fake.client().get_audit_status(source, auditid).auditid == auditid
        assert client.info("stats")["total_connections_received"] - before == 1
        assert source == CachedTokenSource(cache, refresh, name=NAME)
        cache.add.__self__._cache.get_client(NAME).connection_pool.disconnect()
    assert len(tokens) == 1


@pytest.mark.parametrize("kind", ["filebased.FileBasedCache", "locmem.LocMemCache"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_lock_of_the_caller_serves_for_a_single_process(
    fake: FakeWeChat, kind: str, asynchronous: bool, tmp_path: Path
) -> None:
    cache, auditid, tokens = cache_of(kind, tmp_path), fake.submit(NAME).auditid, list[str]()

    def refresh(name: str) -> str:
        tokens.append(fake.token(name))
        return tokens[-1]

    async def main() -> None:
        source = AsyncCachedTokenSource(cache, refresh, AsyncLock(), name=NAME)
        client = fake.async_client()
        calls = (client.get_audit_status(source, auditid) for _ in range(4))
        assert [audit.auditid for audit in await asyncio.gather(*calls)] == [auditid] * 4

    def ask() -> None:
        if asynchronous:
            asyncio.run(main())
        else:
            source = CachedTokenSource(cache, refresh, threading.Lock(), name=NAME)
            assert fake.client().get_audit_status(source, auditid).auditid == auditid

    ask()
    ask()
    assert len(tokens) == 1
    fake.expire(tokens[0])
    ask()
    assert len(tokens) == 2
