"""One of several processes that share a token. Arguments: BASE_URL STALE KIND STORE CALLS [DIE].

KIND is redis, django.redis or django.database, the last two for what Django caches in; for an asyncio client
with ".asyncio" behind it. STORE is the socket of a Redis; the database is a file beside it. The token STALE
is put in the store, unless it is "none". New tokens come from a list in the Redis. With DIE the process ends
while it refreshes. Written is, as JSON, how often this process has refreshed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
import redis.asyncio

import wxaudit

BASE_URL, STALE, KIND, STORE, CALLS = sys.argv[1:6]
AUDITID, NAME, LEASE = 1001, "wx0000000000000001", 3.0

refreshes: list[str] = []


def next_token(name: str) -> str:
    """A platform's call of `api_authorizer_token`: each new token supersedes the one before."""
    assert name == NAME
    refreshes.append(name)
    if "DIE" in sys.argv:
        print("dying", flush=True)
        os._exit(0)
    with redis.Redis(unix_socket_path=STORE) as client:
        token: Any = client.lpop("fresh")
    return str(token.decode())


async def next_token_later(name: str) -> str:
    await asyncio.sleep(0)
    return next_token(name)


def django_cache() -> Any:
    import django
    from django.conf import settings
    from django.core.cache import cache

    # SQLite lets a transaction wait for another only if it begins as one that writes.
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{STORE}.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
    kinds = {"redis": ("redis.RedisCache", f"unix://{STORE}"), "database": ("db.DatabaseCache", "tokens")}
    backend, location = kinds[KIND.split(".")[1]]
    settings.configure(
        CACHES={"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location}},
        DATABASES={"default": database},
        USE_TZ=True,
    )
    django.setup()
    return cache


def ask(store: Any) -> None:
    client = wxaudit.Client(base_url=BASE_URL, timeout=30)

    def call(_: int) -> None:
        source = wxaudit.CachedTokenSource(store, next_token, name=NAME, lease=LEASE)
        assert client.get_audit_status(source, AUDITID).auditid == AUDITID

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(int(CALLS))))


async def ask_async(store: Any) -> None:
    client = wxaudit.AsyncClient(base_url=BASE_URL, timeout=30)

    async def call() -> None:
        source = wxaudit.AsyncCachedTokenSource(store, next_token_later, name=NAME, lease=LEASE)
        assert (await client.get_audit_status(source, AUDITID)).auditid == AUDITID

    await asyncio.gather(*(call() for _ in range(int(CALLS))))
    await client.close()


async def aask_redis() -> None:
    async with redis.asyncio.Redis(unix_socket_path=STORE) as store:
        await ask_async(store)


def begin_together() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


if KIND.startswith("redis"):
    with redis.Redis(unix_socket_path=STORE) as store:
        if STALE != "none":
            store.set(f"wxaudit:token:{NAME}", STALE)
        begin_together()
        if KIND == "redis":
            ask(store)
        else:
            asyncio.run(aask_redis())
else:
    cache = django_cache()
    if STALE != "none":
        cache.set(f"wxaudit:token:{NAME}", STALE, timeout=None)
    begin_together()
    if KIND.endswith("asyncio"):
        asyncio.run(ask_async(cache))
    else:
        ask(cache)
print(json.dumps(len(refreshes)), flush=True)
