"""Share the token of a mini program among processes: one refresh for all of them."""

from __future__ import annotations

import asyncio
import inspect
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._errors.tree import ArgumentError
from ._native import Token
from ._token_sources import ReplacingSource
from ._token_store import store_of, without_frames
from ._validation import check_callback, check_seconds, shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._token_store import Lock, MakeLock

# How often a process that waits for another's refresh looks into the store. It has to look: caches of Django
# tell nobody that a key has changed, and Redis does so only if its server is configured for it.
_INTERVAL = 0.05

# A cancelled call waits at most so long for its lock to be freed; otherwise the lease ends it.
_RELEASE_LIMIT = 1.0

# As labels of calls: a longer text may be a token.
_MAX_NAME_LENGTH = 64


class _CachedTokenSource(ReplacingSource):
    __slots__ = ("_key", "_lease", "_max_age", "_name", "_refresh", "_store", "_stored", "same_thread")

    same_thread: bool

    _asynchronous = False

    def __init__(
        self,
        store: Any,
        refresh: Any,
        lock: MakeLock | Lock | None = None,
        *,
        name: str,
        key: str | None,
        max_age: Any,
        lease: Any,
    ) -> None:
        check_callback("refresh", refresh, may_be_awaited=self._asynchronous)
        if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_LENGTH:
            raise ArgumentError(
                f"name must be a text of 1 to {_MAX_NAME_LENGTH} characters, such as an appid, got "
                + (f"{len(name)} characters" if isinstance(name, str) else shown(name))
            )
        if key is not None and not (isinstance(key, str) and key):
            raise ArgumentError(f"key must be a text that is not empty, got {shown(key)}")
        self._store = store
        self._key = f"wxaudit:token:{name}" if key is None else key
        self._stored = store_of(store, self._key, lock, asynchronous=self._asynchronous)
        self._refresh = refresh
        self._name = name
        self._max_age = check_seconds("max_age", max_age, "max_age=7000", shortest=1)
        self._lease = check_seconds("lease", lease, "lease=30", shortest=1)

    def _check_wait(self, give_up_at: float) -> None:
        """`TimeoutError` if the lock should have been free by now."""
        if time.monotonic() > give_up_at:
            raise TimeoutError(
                f"the lock for the token of {self._name} was not free for {2 * self._lease:g} s; check that "
                f"refresh returns within the lease, {self._lease:g} s, and that locks end with their lease"
            )

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        # By identity: a cache of Django compares its connections, and has no hash.
        return self._store is other._store and (self._name, self._key) == (other._name, other._key)

    def __hash__(self) -> int:
        return hash((type(self), id(self._store), self._name, self._key))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r}>"


class CachedTokenSource(_CachedTokenSource):
    """A token source that keeps the token of one mini program in a store that processes share.

    All processes that use the same store and name make one refresh together: the first one locks it, and the
    others wait for its token. A process that dies meanwhile delays them by at most `lease`. Sources with the
    same store, name and key are equal, so that calls share their lookups and refreshes too.

    - `store`: a client of redis-py (`redis.Redis`, `redis.RedisCluster`), or a cache of Django
      (`django.core.cache.cache`) in Redis, Memcached or a database. The dummy cache is an `ArgumentError`. So
      are, without `lock`, the file-based one, in which two processes may win, and the local-memory one, which
      is Django's default and which processes do not share.
    - `refresh`: a function of the name that returns a new token, such as your call of `api_authorizer_token`.
      It must take less time than `lease`.
    - `lock`: what to use in place of the store's lock: a function of a key and the lease in seconds that
      returns a lock, or a lock, with `acquire(blocking=False)` and `release()`. If there is only one process,
      `threading.Lock()` is enough.
    - `name`: names the mini program in the store, such as its appid. Different third-party platforms need
      different names for the same mini program.
    - `key`: the key of the token in the store, such as one that other programs use already; by default
      `wxaudit:token:NAME`. That of the lock is the same with `:lock`.
    - `max_age`: how long a token is kept, in seconds or as a `timedelta`. WeChat's are valid for two hours.
    - `same_thread`: whether `get_token` runs in the calling thread; see `TokenSource`.

    The token is stored as plain text: anyone who can read the store can use it. An invalid argument is an
    `ArgumentError`; what the store or `refresh` raises is the cause of the call's `TokenError`.
    """

    __slots__ = ()

    def __init__(
        self,
        store: Any,
        refresh: Callable[[str], str | Token],
        lock: MakeLock | Lock | None = None,
        *,
        name: str,
        key: str | None = None,
        max_age: Any = 7000,
        lease: Any = 30,
        same_thread: bool = False,
    ) -> None:
        super().__init__(store, refresh, lock, name=name, key=key, max_age=max_age, lease=lease)
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> Token:
        """The stored token, or a new one if there is none; with `refresh=True` one that replaces it."""
        token = self._read()
        return token if token is not None and not refresh else self.replace_token(token)

    def replace_token(self, refused: Token | None) -> Token:
        """A token other than the refused one: another process's if it has refreshed it already."""
        lock = self._stored.lock(self._lease)
        give_up_at = time.monotonic() + 2 * self._lease
        while not lock.acquire(blocking=False):
            self._check_wait(give_up_at)
            time.sleep(_INTERVAL)  # polls, since stores tell nobody that a lock is free
            token = self._read()
            if token is not None and token != refused:
                return token
        try:
            token = self._read()
            if token is None or token == refused:
                token = Token(self._refresh(self._name))
                self._write(token)
            return token
        finally:
            with suppress(Exception):
                # If it fails, the lease ends the lock.
                lock.release()

    def _write(self, token: Token) -> None:
        try:
            self._stored.write(token, self._max_age)
        except Exception as error:
            raise without_frames(error) from None

    def _read(self) -> Token | None:
        return _token(self._stored.read())


class AsyncCachedTokenSource(_CachedTokenSource):
    """A `CachedTokenSource` for `AsyncClient`.

    `store` is a client of `redis.asyncio`, or a cache of Django. `refresh` may be a coroutine function; a
    plain one must not block. The methods of a `lock` are coroutine functions.
    """

    __slots__ = ()

    _asynchronous = True

    def __init__(
        self,
        store: Any,
        refresh: Callable[[str], Awaitable[str | Token] | str | Token],
        lock: MakeLock | Lock | None = None,
        *,
        name: str,
        key: str | None = None,
        max_age: Any = 7000,
        lease: Any = 30,
    ) -> None:
        super().__init__(store, refresh, lock, name=name, key=key, max_age=max_age, lease=lease)
        self.same_thread = False

    async def get_token(self, *, refresh: bool = False) -> Token:
        """As `CachedTokenSource.get_token`."""
        token = await self._read()
        return token if token is not None and not refresh else await self.replace_token(token)

    async def replace_token(self, refused: Token | None) -> Token:
        """As `CachedTokenSource.replace_token`."""
        lock = self._stored.lock(self._lease)
        give_up_at = time.monotonic() + 2 * self._lease
        while not await lock.acquire(blocking=False):
            self._check_wait(give_up_at)
            await asyncio.sleep(_INTERVAL)  # polls, as above
            token = await self._read()
            if token is not None and token != refused:
                return token
        loop_is_gone = False
        try:
            token = await self._read()
            if token is None or token == refused:
                token = Token(await _awaited(self._refresh(self._name)))
                await self._write(token)
            return token
        except GeneratorExit:
            loop_is_gone = True
            raise
        finally:
            if not loop_is_gone:
                with suppress(Exception):
                    # If it fails, the lease ends the lock.
                    await asyncio.wait_for(lock.release(), _RELEASE_LIMIT)

    async def _write(self, token: Token) -> None:
        try:
            await self._stored.write(token, self._max_age)
        except Exception as error:
            raise without_frames(error) from None

    async def _read(self) -> Token | None:
        return _token(await self._stored.read())


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _token(stored: Any) -> Token | None:
    """What the store holds, as a token; None for what cannot be one, which the next refresh replaces."""
    if stored is None:
        return None
    with suppress(ArgumentError, UnicodeDecodeError):
        return Token(stored.decode() if isinstance(stored, bytes) else stored)
    return None
