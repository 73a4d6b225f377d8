"""Token sources, as a shop has them: they hold a token of one mini program and fetch another when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable


class _Source:
    def __init__(self, appid: str, fetch: Callable[[], str], lock: threading.RLock) -> None:
        self._appid = appid
        self._fetch = fetch
        # The fake's own lock, which a forked child never inherits held.
        self._lock = lock
        self._token: str | None = None
        self._lookups = 0
        self._refreshes = 0

    @property
    def appid(self) -> str:
        """The mini program whose tokens it holds."""
        return self._appid

    @property
    def lookups(self) -> int:
        """How many times it was asked without `refresh`."""
        return self._lookups

    @property
    def refreshes(self) -> int:
        """How many times it was asked with `refresh=True`."""
        return self._refreshes

    def _get_token(self, refresh: bool) -> str:
        with self._lock:
            if refresh:
                self._refreshes += 1
            else:
                self._lookups += 1
            if refresh or self._token is None:
                self._token = self._fetch()
            return self._token

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {self._appid}: {self._lookups} lookups, {self._refreshes} refreshes>"
        )


class FakeTokenSource(_Source):
    """A blocking token source over a fake, made by `FakeWeChat.token_source`. Thread-safe."""

    def get_token(self, *, refresh: bool = False) -> str:
        """The token that it holds, expired or not, as a cache does; with `refresh=True` a new one."""
        return self._get_token(refresh)


class FakeAsyncTokenSource(_Source):
    """The async twin, made by `FakeWeChat.async_token_source`. Usable from any event loop and thread."""

    async def get_token(self, *, refresh: bool = False) -> str:
        """The token that it holds, expired or not, as a cache does; with `refresh=True` a new one."""
        return self._get_token(refresh)
