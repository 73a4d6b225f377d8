"""Keep a token in Redis or in a Django cache, and lock its refresh there, blocking or with asyncio."""

from __future__ import annotations

import inspect
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from ._errors.tree import ArgumentError
from ._validation import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ._native import Token


class Lock(Protocol):
    """A lock that ends by itself after its lease. A lock of redis-py is one."""

    def acquire(self, *, blocking: bool) -> Any:
        """Takes the lock if it is free, without waiting. Returns whether it was."""

    def release(self) -> Any:
        """Frees the lock."""


if TYPE_CHECKING:
    # Makes the lock of a key, with its lease in seconds.
    MakeLock: TypeAlias = Callable[[str, float], Lock]


class Store:
    """A token in a store: its key, how to read and write it, and its lock.

    With `asynchronous`, what the methods return is awaitable.
    """

    def __init__(self, store: Any, key: str, lock: MakeLock | Lock | None) -> None:
        self._store = store
        self._key = key
        self._lock = lock

    def read(self) -> Any:
        """The stored text, or None."""
        return self._store.get(self._key)

    def write(self, token: Token, seconds: float) -> Any:
        """Stores a token for some seconds. What it raises shows the text in frames: see `without_frames`."""
        return self._store.set(self._key, token.reveal(), px=int(1000 * seconds))

    def lock(self, lease: float) -> Any:
        """The lock for one refresh."""
        if self._lock is None:
            return self._default_lock(f"{self._key}:lock", lease)
        return self._lock if hasattr(self._lock, "acquire") else self._lock(f"{self._key}:lock", lease)

    def _default_lock(self, key: str, lease: float) -> Any:
        return self._store.lock(key, timeout=lease)


# The caches of Django with which one refresh for all processes is impossible, by the module of their `add`: a
# subclass may have a better one. What is wrong, and the lock that helps, if there is one.
_UNSHARED = {
    "django.core.cache.backends.filebased": (
        "two processes can add the same key to Django's file-based cache, so that both would refresh",
        "or pass lock=, a lock that processes share",
    ),
    "django.core.cache.backends.locmem": (
        "processes do not share Django's local-memory cache, so that each would supersede the others' token",
        "or pass lock= if there is only one process",
    ),
    "django.core.cache.backends.dummy": (
        "Django's dummy cache stores nothing, so that each call would refresh",
        None,
    ),
}


class _DjangoStore(Store):
    def write(self, token: Token, seconds: float) -> Any:
        return self._store.set(self._key, token.reveal(), timeout=max(1, int(seconds)))

    def _default_lock(self, key: str, lease: float) -> Any:
        return _CacheLock(self._store, key, lease)


class _AsyncDjangoStore(_DjangoStore):
    def read(self) -> Any:
        return self._store.aget(self._key)

    def write(self, token: Token, seconds: float) -> Any:
        return self._store.aset(self._key, token.reveal(), timeout=max(1, int(seconds)))

    def _default_lock(self, key: str, lease: float) -> Any:
        return _AsyncCacheLock(self._store, key, lease)


class _CacheLock:
    """A lock made of a cache's `add`. Its value names its owner, since after the lease another may own it."""

    def __init__(self, cache: Any, key: str, lease: float) -> None:
        self._cache = cache
        self._key = key
        self._lease = max(1, int(lease))
        self._owner = uuid.uuid4().hex
        self._ends_at = 0.0

    def acquire(self, *, blocking: bool) -> Any:
        del blocking  # it never waits
        self._ends_at = time.monotonic() + self._lease
        return self._cache.add(self._key, self._owner, timeout=self._lease)

    def release(self) -> Any:
        # A cache cannot compare and delete at once, so that a lease that is nearly over is left to end.
        if self._is_safe() and self._cache.get(self._key) == self._owner and self._is_safe():
            self._cache.delete(self._key)

    def _is_safe(self) -> bool:
        return time.monotonic() < self._ends_at - self._lease / 10


class _AsyncCacheLock(_CacheLock):
    async def acquire(self, *, blocking: bool) -> Any:
        del blocking  # it never waits
        self._ends_at = time.monotonic() + self._lease
        return await self._cache.aadd(self._key, self._owner, timeout=self._lease)

    async def release(self) -> None:
        if self._is_safe() and await self._cache.aget(self._key) == self._owner and self._is_safe():
            await self._cache.adelete(self._key)


def without_frames(error: Exception) -> Exception:
    """An exception of a store without its traceback, and those of its causes, which show what was stored."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _of_all_threads(cache: Any) -> Any:
    """A cache of Django for all threads.

    `django.core.cache.cache` is another object in each thread. One in Redis would open a connection for each
    call of the source, although the object of one thread serves all of them.
    """
    is_redis = getattr(cache.add, "__module__", "") == "django.core.cache.backends.redis"
    return cache.add.__self__ if is_redis else cache


def _check_shared(cache: Any, lock: object) -> None:
    """`ArgumentError` for a cache of Django with which processes cannot share a refresh."""
    # The method, since `django.core.cache.cache` is a proxy.
    problem, remedy = _UNSHARED.get(getattr(cache.add, "__module__", ""), (None, None))
    if problem is not None and (lock is None or remedy is None):
        rest = "" if remedy is None else f", {remedy}"
        raise ArgumentError(f"store: {problem}; use a cache in Redis, Memcached or a database{rest}")


def store_of(store: Any, key: str, lock: MakeLock | Lock | None, *, asynchronous: bool) -> Store:
    """The token under a key of a store.

    `ArgumentError` for a store that is neither a Redis client nor a Django cache, or a cache that processes
    cannot share.
    """
    if lock is not None and not callable(lock) and not hasattr(lock, "acquire"):
        raise ArgumentError(
            f"lock must be a function that makes the lock of a key, or a lock, got {shown(lock)}"
        )
    if hasattr(store, "add") and hasattr(store, "get"):
        _check_shared(store, lock)
        kind = _AsyncDjangoStore if asynchronous else _DjangoStore
        return kind(_of_all_threads(store), key, lock)
    if not hasattr(store, "lock") or not hasattr(store, "get"):
        raise ArgumentError(f"store must be a client of redis-py or a cache of Django, got {shown(store)}")
    # redis-py has two clients with the same methods; only in one of them this is a coroutine function.
    if inspect.iscoroutinefunction(getattr(store, "execute_command", None)) == asynchronous:
        return Store(store, key, lock)
    if asynchronous:
        raise ArgumentError("store: AsyncCachedTokenSource takes a client of redis.asyncio, not of redis")
    raise ArgumentError("store: CachedTokenSource takes a client of redis, not of redis.asyncio")
