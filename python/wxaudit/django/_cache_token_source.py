"""Take the tokens of mini programs from Django's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.cache import DEFAULT_CACHE_ALIAS, InvalidCacheBackendError, caches
from django.core.exceptions import ImproperlyConfigured
from django.utils.connection import ConnectionProxy

from .._cached_token_source import CachedTokenSource
from .._errors.tree import ArgumentError
from .._validation import check_callback, shown
from . import _settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._native import Token
    from .._token_store import Lock, MakeLock

_APPID = "{appid}"


class CacheTokenSource:
    """Reads tokens from Django's cache, and refreshes them there, once for all processes. For the settings:

        WXAUDIT = {"TOKEN_SOURCE": CacheTokenSource(refresh="shop.wechat.refresh_token")}

    - `key`: the key of a token in the cache, with `{appid}` in the place of the appid.
    - `refresh`: a function of the appid that returns a new token, or its dotted path. Without it, another
      program has to keep the cache filled: a token that is missing, or that WeChat has refused, fails the
      call with `TokenError`.
    - `cache`: the name of the cache in `CACHES`: one that processes share, such as Redis or a database.
      Others are refused.
    - `lock`, `max_age`, `lease`: as for `wxaudit.CachedTokenSource`, which does the work.
    - `same_thread`: by default a lookup runs in the thread of the call, since each other thread would connect
      to the cache anew. `refresh` then has to limit its own time.

    Called with an appid, it returns the token source of that mini program. Invalid arguments raise
    `ArgumentError`, at the first use if the cache is the reason; a path that does not import raises
    `ImproperlyConfigured` then. System checks find both before.
    """

    def __init__(
        self,
        key: str = f"wxaudit:token:{_APPID}",
        refresh: Callable[[str], str | Token] | str | None = None,
        *,
        cache: str = DEFAULT_CACHE_ALIAS,
        lock: MakeLock | Lock | None = None,
        max_age: Any = 7000,
        lease: Any = 30,
        same_thread: bool = True,
    ) -> None:
        if not isinstance(key, str) or _APPID not in key:
            raise ArgumentError(
                f"key must be a text with {_APPID} in it, such as 'wechat:token:{_APPID}', got {shown(key)}"
            )
        if isinstance(refresh, str) and not _settings.is_dotted_path(refresh):
            raise ArgumentError(
                "refresh must be a function, or the dotted path of one such as 'shop.wechat.refresh_token'"
            )
        if refresh is not None and not isinstance(refresh, str):
            check_callback("refresh", refresh)
        self._key = key
        self._refresh = _find_in_vain if refresh is None else refresh
        # Sources are equal only with the same store.
        self._cache = ConnectionProxy(caches, cache)
        self._options: dict[str, Any] = {
            "lock": lock,
            "max_age": max_age,
            "lease": lease,
            "same_thread": same_thread,
        }

    def __call__(self, appid: str) -> CachedTokenSource:
        """The token source of a mini program."""
        refresh, problem = self._find_refresh()
        if problem is not None:
            raise problem.error()
        key = self._key.replace(_APPID, appid)
        return CachedTokenSource(self._cache, refresh, name=appid, key=key, **self._options)

    def problem(self) -> _settings.Problem | None:
        """What keeps it from working; nothing is read from the cache."""
        try:
            self("wx0123456789abcdef")
        except (ArgumentError, InvalidCacheBackendError) as error:
            return _settings.Problem("E005", f"CacheTokenSource: {error}")
        except ImproperlyConfigured:
            return self._find_refresh()[1]
        return None

    def _find_refresh(self) -> tuple[Any, _settings.Problem | None]:
        """The function that refreshes, or what is wrong with its dotted path."""
        if isinstance(self._refresh, str):
            found, problem = _settings.imported("refresh of CacheTokenSource", self._refresh)
            if problem is not None:
                return None, problem
            self._refresh = found
        return self._refresh, None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key!r})"


def _find_in_vain(appid: str) -> str:
    raise LookupError(
        f"the cache holds no token of {appid} that WeChat accepts, and nothing refreshes it: run what writes "
        "it, or set "
        "refresh of CacheTokenSource"
    )
