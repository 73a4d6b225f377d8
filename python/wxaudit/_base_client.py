"""What the two clients have in common: configuration, closing, pickling, reporting."""

from __future__ import annotations

from ._native import Engine
from ._session import Session
from ._timeout import Timeout
from ._validation import check_callback

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta
    from typing import Any

    from typing_extensions import Self

    from ._native import Event

_DEFAULTS: Mapping[str, Any] = {
    "base_url": "https://api.weixin.qq.com",
    "fallback_urls": (),
    "timeout": Timeout(),
    "max_retries": 2,
    "max_concurrency": 64,
    "proxy": None,
    "trust_env": True,
    "ca_file": None,
    "user_agent": None,
    "on_event": None,
}


_HIDDEN = "***"


class BaseClient:
    """The base of both clients."""

    __slots__ = ("__weakref__", "_session", "_settings")

    _session: Session
    _settings: dict[str, Any]

    def __init__(
        self,
        *,
        base_url: str = "https://api.weixin.qq.com",
        fallback_urls: Iterable[str] = (),
        timeout: Timeout | float | timedelta = _DEFAULTS["timeout"],
        max_retries: int = 2,
        max_concurrency: int = 64,
        proxy: str | None = None,
        trust_env: bool = True,
        ca_file: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        """Checks the configuration and opens nothing.

        - `base_url`: https; http only for loopback hosts. No user, query or fragment in it.
        - `fallback_urls`: where else to go, in this order, when a host cannot be reached, breaks off, or
          speaks no TLS or HTTP as it should; the attempts and the time of a call stay the same. WeChat's
          own are `wxaudit.WECHAT_HOSTS`.
        - `timeout`: the limits of each call; a number or `timedelta` is its `total`.
        - `max_retries`: further attempts after transient failures, 0 to 10.
        - `max_concurrency`: requests under way at once; further calls wait their turn within their limits.
        - `proxy`: URL of an HTTP proxy for everything. Its credentials are kept as a secret.
        - `trust_env`: whether `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count; never for loopback hosts.
        - `ca_file`: PEM file of the only certificates to trust, instead of the system's.
        - `on_event`: called with each `Event`, not awaited; what it raises is logged and ends nothing.

        `ArgumentError` for a value that cannot be used; a `ca_file` is read at the first call.
        """
        self._load()
        if on_event is not None:
            check_callback("on_event", on_event)
        limits = Timeout.of(timeout, _DEFAULTS["timeout"])
        engine = Engine(
            base_url=base_url,
            fallback_urls=fallback_urls,
            timeout=limits,
            max_retries=max_retries,
            max_concurrency=max_concurrency,
            proxy=proxy,
            trust_env=bool(trust_env),
            ca_file=ca_file,
            user_agent=user_agent,
        )
        self._session = Session(engine, limits, on_event)
        self._settings = {
            "base_url": engine.base_url,
            "fallback_urls": tuple(engine.fallback_urls),
            "timeout": limits,
            "max_retries": max_retries,
            "max_concurrency": max_concurrency,
            "proxy": proxy if proxy is None or "@" not in proxy else _HIDDEN,
            "trust_env": trust_env,
            "ca_file": ca_file,
            "user_agent": user_agent,
            "on_event": on_event,
        }

    def _load(self) -> None:
        """Loads what calls need, since a call must not fail for a descriptor that an import would take."""
        from ._errors import hints as _hints  # noqa: F401  # loaded for what errors and results say
        from ._models import state as _state  # noqa: F401  # loaded for what errors and results say

    @classmethod
    def sharing_engine(cls, other: BaseClient) -> Self:
        """A client that shares another one's engine: its connections, retry budget and quota blocks."""
        client = cls.__new__(cls)
        session = other._session
        client._session = Session(session.engine, session.timeout, session.on_event, session.closed)
        client._settings = other._settings
        client._load()
        return client

    def __repr__(self) -> str:
        # A client that could not be made has no settings, and may still be shown by a debugger.
        settings = getattr(self, "_settings", {})
        changed = (f"{k}={v!r}" for k, v in settings.items() if v != _DEFAULTS[k])
        return f"{type(self).__name__}({', '.join(changed)})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[type[Self], dict[str, Any]]]:
        if self._settings["proxy"] == _HIDDEN:
            raise TypeError(
                "a client whose proxy URL holds credentials cannot be pickled: they are a secret; "
                "give the proxy to each process by HTTPS_PROXY in its environment"
            )
        return _restored, (type(self), self._settings)


# So many configurations of unpickled clients are remembered.
_MOST_RESTORED = 8

_restored_clients: dict[Any, Any] = {}


def _restored(kind: type[Any], settings: dict[str, Any]) -> Any:
    """An unpickled client. Those of one configuration share connections, budget and gates in a process:
    whoever maps a table's partitions unpickles one for each.
    """
    try:
        key = (kind, *settings.items())
        first = _restored_clients.get(key)
    except TypeError:
        # Its on_event cannot be hashed.
        return kind(**settings)
    if first is None:
        if len(_restored_clients) >= _MOST_RESTORED:
            _restored_clients.pop(next(iter(_restored_clients)), None)
        first = _restored_clients.setdefault(key, kind(**settings))
    return kind.sharing_engine(first)
