"""The base of both clients: configuration, pickling and `repr`."""

from __future__ import annotations

from . import _environment
from ._errors.tree import ArgumentError, TransportError
from ._native import Engine
from ._session import Session
from ._signals import raised_by_signal
from ._timeout import Timeout, limits_of
from ._validation import check_callback

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from datetime import timedelta
    from typing import Any, TypeVar

    from typing_extensions import Self

    from ._native import Event

    _Kind = TypeVar("_Kind", bound="BaseClient")

WECHAT_HOSTS: tuple[str, ...] = (
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
)
"""The hosts of WeChat's API, for `fallback_urls`: the default, one for disaster recovery, 3 regional ones.

Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (the domain names of the interface)
"""

_DEFAULT_TIMEOUT = Timeout()
_HIDDEN = "***"

# What a setting is that neither an argument nor the environment gives.
_DEFAULTS = {
    "base_url": WECHAT_HOSTS[0],
    "fallback_urls": (),
    "timeout": _DEFAULT_TIMEOUT,
    "max_retries": 2,
    "max_concurrency": 64,
    "proxy": None,
    "trust_env": True,
    "ca_file": None,
    "user_agent": None,
    "on_event": None,
}


class BaseClient:
    """The base of both clients."""

    __slots__ = ("__weakref__", "_session", "_settings", "_variables")

    def __init__(
        self,
        *,
        base_url: str | None = None,
        fallback_urls: Iterable[str] = (),
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
        max_concurrency: int = 64,
        proxy: str | None = None,
        trust_env: bool = True,
        ca_file: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        """Checks the configuration without opening a connection.

        An argument that is not given follows the environment: `WXAUDIT_BASE_URL`, `WXAUDIT_TIMEOUT`
        (seconds), `WXAUDIT_MAX_RETRIES` and `WXAUDIT_CA_FILE`. The `repr` names the variables in use.

        - `base_url`: https, or http for loopback hosts. Without user, query and fragment. By default
          that of WeChat.
        - `fallback_urls`: hosts to try in this order if a host cannot be reached, breaks the connection, or
          answers with invalid TLS or HTTP. Attempts and time limits of a call stay the same. WeChat's own
          hosts are `wxaudit.WECHAT_HOSTS`.
        - `timeout`: the limits of each call, `Timeout()` by default. A number or `timedelta` is its `total`,
          and no single read is cut off before it.
        - `max_retries`: further attempts after transient failures, 0 to 10; 2 by default.
        - `max_concurrency`: requests in flight at once. Further calls wait within their own limits.
        - `proxy`: URL of a proxy for all requests: http, https, socks5, socks5h, socks4 or socks4a. Its
          credentials are kept secret.
        - `trust_env`: whether the environment applies: `WXAUDIT_…`, and `HTTPS_PROXY`, `ALL_PROXY` and
          `NO_PROXY`, which never apply to loopback hosts.
        - `ca_file`: PEM file of trusted certificates, which replaces the system's. Also a DER file with one,
          or a directory made by `openssl rehash`. Read at the first call, whole or not at all.
        - `on_event`: called with each `Event`, not awaited. Exceptions that it raises are logged.

        Raises `ArgumentError` for invalid values.
        """
        self._prepare()
        if on_event is not None:
            check_callback("on_event", on_event)
        variables: set[str] = set()

        def follow(name: str, given: Any) -> Any:
            """The argument, or else the environment, or else the default."""
            if given is None and trust_env:
                given = _environment.setting(name)
                variables.update([] if given is None else [name])
            return _DEFAULTS[name] if given is None else given

        base_url, timeout = follow("base_url", base_url), follow("timeout", timeout)
        max_retries, ca_file = follow("max_retries", max_retries), follow("ca_file", ca_file)
        try:
            limits = limits_of(timeout, _DEFAULT_TIMEOUT)
            # No dict of the keywords: a traceback with locals would show the proxy's password in it.
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
        except ArgumentError as error:
            raise _environment.naming_variable(error, variables) from None
        self._session = Session(engine, limits, on_event)
        self._settings: dict[str, Any] = {
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
        self._variables = variables

    def _prepare(self) -> None:
        """Loads the modules of calls. `TransportError` if no descriptor or memory is left for that."""
        try:
            self._load()
        except (MemoryError, OSError) as error:
            if raised_by_signal(error):
                raise
            # Without its hint, whose module would need a descriptor.
            raise TransportError(
                f"starting the client: {str(error) or 'no memory is left for a module or a thread'}"
            ) from error

    def _load(self) -> None:
        """Imports the modules of calls, so that a call needs no file descriptor for an import."""
        from . import _source_threads as _threads  # noqa: F401  # only loaded
        from ._errors import hints as _hints  # noqa: F401  # only loaded
        from ._models import state as _state  # noqa: F401  # only loaded

    def __repr__(self) -> str:
        # A debugger may show an instance whose constructor raised.
        settings, variables = getattr(self, "_settings", {}), getattr(self, "_variables", ())
        shown = [
            f"{name}={value!r}" + (f" from {_environment.VARIABLES[name][0]}" if name in variables else "")
            for name, value in settings.items()
            if name in variables or value != _DEFAULTS[name]
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[type[Self], dict[str, Any]]]:
        if self._settings["proxy"] == _HIDDEN:
            raise TypeError(
                "a client whose proxy URL holds credentials cannot be pickled: they are a secret; "
                "set HTTPS_PROXY in the environment of each process instead"
            )
        return _restored, (type(self), self._settings)


def sharing_engine(kind: type[_Kind], other: BaseClient) -> _Kind:
    """A client with the engine of another: its connections, retry budget and quota blocks.

    Not a method, which completion would show.
    """
    client = kind.__new__(kind)
    session = other._session
    client._session = Session(session.engine, session.timeout, session.on_event, session.closed)
    client._settings = other._settings
    client._variables = other._variables
    client._prepare()
    return client


_MAX_RESTORED = 8
_restored_clients: dict[Any, Any] = {}


def _restored(kind: type[Any], settings: dict[str, Any]) -> Any:
    """An unpickled client. Those with equal settings share an engine, since frameworks unpickle one per
    partition.
    """
    try:
        key = (kind, *settings.items())
        first = _restored_clients.get(key)
    except TypeError:
        # A setting such as on_event is not hashable.
        return kind(**settings)
    if first is None:
        if len(_restored_clients) >= _MAX_RESTORED:
            _restored_clients.pop(next(iter(_restored_clients)), None)
        first = _restored_clients.setdefault(key, kind(**settings))
    return sharing_engine(kind, first)
