"""Token sources that cache a token of one mini program and fetch a new one on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable


class _Source:
    def __init__(self, appid: str, fetch: Callable[[], str], lock: threading.RLock) -> None:
        self.appid: Final = appid
        """The mini program of the tokens."""
        self._fetch = fetch
        # The fake's lock, which is never held in a forked child.
        self._lock = lock
        self._token: str | None = None
        self._lookups = 0
        self._refreshes = 0

    @property
    def lookups(self) -> int:
        """The number of calls without `refresh`."""
        return self._lookups

    @property
    def refreshes(self) -> int:
        """The number of calls with `refresh=True`."""
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
            f"<{type(self).__name__} of {self.appid}: {self._lookups} lookups, {self._refreshes} refreshes>"
        )


class FakeTokenSource(_Source):
    """A blocking token source, created by `FakeWeChat.token_source`. It is thread-safe."""

    def get_token(self, *, refresh: bool = False) -> str:
        """Return the cached token, even if it has expired. `refresh=True` replaces it with a new one."""
        return self._get_token(refresh)


class FakeAsyncTokenSource(_Source):
    """An async token source, created by `FakeWeChat.async_token_source`, for any event loop and thread."""

    async def get_token(self, *, refresh: bool = False) -> str:
        """Return the cached token, even if it has expired. `refresh=True` replaces it with a new one."""
        return self._get_token(refresh)
