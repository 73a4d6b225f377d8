"""The clients. Both are thin: the calls themselves run in the native engine that they share."""

from __future__ import annotations

from ._errors import ArgumentError, made
from ._events import Event
from ._native import AuditStatus, Engine, Step, conceal
from ._timeout import Timeout
from ._tokens import Answer, aask, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, SupportsIndex, TypeVar

    from typing_extensions import Self

    from ._native import _Failed
    from ._tokens import AsyncTokenSource, TokenSource

    _Kind = TypeVar("_Kind", "Client", "AsyncClient")

_DEFAULTS: Mapping[str, Any] = {
    "base_url": "https://api.weixin.qq.com",
    "timeout": Timeout(),
    "max_retries": 2,
    "max_concurrency": 64,
    "proxy": None,
    "trust_env": True,
    "ca_file": None,
    "user_agent": None,
    "on_event": None,
}


class _Configured:
    """What the two clients have in common: configuration, closing, pickling."""

    __slots__ = ("__weakref__", "_closed", "_engine", "_on_event", "_settings", "_timeout")

    _engine: Engine
    _settings: dict[str, Any]
    _timeout: Timeout
    _on_event: Callable[[Event], object] | None
    _closed: bool

    def __init__(
        self,
        *,
        base_url: str = "https://api.weixin.qq.com",
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
        - `timeout`: the limits of each call; a number or `timedelta` is its `total`.
        - `max_retries`: further attempts after transient failures, 0 to 10.
        - `max_concurrency`: requests under way at once; further calls wait their turn within their limits.
        - `proxy`: URL of an HTTP proxy for everything. Its credentials are kept as a secret.
        - `trust_env`: whether `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count; never for loopback hosts.
        - `ca_file`: PEM file of the only certificates to trust, instead of the system's.
        - `on_event`: called with each `Event`; what it raises is logged and ends nothing.

        `ArgumentError` for a value that cannot be used; a `ca_file` is read at the first call.
        """
        # Before anything can fail: a URL may hold a password or a token, and no traceback may show it.
        proxy_is_open = isinstance(proxy, str) and "@" not in proxy
        shown_proxy = proxy if proxy is None or proxy_is_open else _HIDDEN
        proxy, base_url, timeout = conceal(proxy, base_url, timeout)
        self._load()
        if on_event is not None and not callable(on_event):
            raise ArgumentError(f"on_event must be callable, got {type(on_event).__name__}")
        self._timeout = Timeout.of(timeout, _DEFAULTS["timeout"])
        self._on_event = on_event
        self._closed = False
        self._engine = Engine(
            base_url=base_url,
            timeout=self._timeout,
            max_retries=max_retries,
            max_concurrency=max_concurrency,
            proxy=proxy,
            trust_env=bool(trust_env),
            ca_file=ca_file,
            user_agent=user_agent,
        )
        self._settings = {
            "base_url": self._engine.base_url,
            "timeout": self._timeout,
            "max_retries": max_retries,
            "max_concurrency": max_concurrency,
            "proxy": shown_proxy,
            "trust_env": trust_env,
            "ca_file": ca_file,
            "user_agent": user_agent,
            "on_event": on_event,
        }

    def _load(self) -> None:
        """Loads what calls need, since a call must not fail for a descriptor that an import would take."""
        from . import _hints  # noqa: F401  # loaded for what errors say

    @classmethod
    def _twin_of(cls, other: _Configured) -> Self:
        """A client that shares another one's engine: its connections, budget and gates."""
        twin = cls.__new__(cls)
        for name in ("_engine", "_settings", "_timeout", "_on_event", "_closed"):
            setattr(twin, name, getattr(other, name))
        twin._load()
        return twin

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

    def _options(self, appid: object, timeout: object, max_retries: object) -> tuple[Any, Any, Any, bool]:
        if self._closed:
            raise RuntimeError(f"this {type(self).__name__} is closed; make a new one")
        limits = None if timeout is None else Timeout.of(timeout, self._timeout)  # type: ignore[arg-type]  # checked there
        return appid, limits, max_retries, self._on_event is not None

    def _close(self) -> None:
        self._closed = True
        self._engine.close()

    def _report(self, step: Step) -> None:
        for values in step.events:
            try:
                if self._on_event is not None:
                    self._on_event(Event(**values))
            except Exception:
                import logging

                logging.getLogger("wxaudit").exception("on_event raised; the call goes on")


class Client(_Configured):
    """The blocking client. One serves a whole process: all threads, and forked children too.

    Usable with and without `with`. Picklable: configuration only, never a token.
    """

    __slots__ = ()

    def get_audit_status(
        self,
        token: str | TokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> AuditStatus:
        """The review status of one audit, as WeChat tells it now.

        - `token`: the `authorizer_access_token` of the mini program that owns the audit, or a `TokenSource`.
        - `auditid`: what `submit_audit` returned: an int, or its decimal digits.
        - `appid`: a label that comes back on the result and on errors; it also names whose quota is used.
        - `timeout`, `max_retries`: for this call, in place of the client's.

        Raises `ArgumentError` before anything is sent; `TransportError`, `RequestTimeout`,
        `HTTPStatusError`, `DecodeError` when no usable answer came; an `APIError` by WeChat's errcode.
        Blocks without holding the GIL; Ctrl-C ends it within 100 ms.

        Source: https://developers.weixin.qq.com/doc/oplatform/openApi/ (api_getauditstatus)
        """
        token, auditid, timeout, max_retries = conceal(token, auditid, timeout, max_retries)
        options = self._options(appid, timeout, max_retries)
        return self._finish(self._engine.get_audit_status(token, auditid, options), token)

    def _finish(self, step: AuditStatus | Step | _Failed, token: Any) -> AuditStatus:
        answer = Answer()
        while isinstance(step, Step):
            try:
                self._report(step)
                if step.refresh is not None:
                    answer = ask(token, step)
            except BaseException:
                # Whoever keeps this exception must not keep what other calls wait for.
                step.abandon()
                raise
            step = step.resume(answer.token, answer.problem)
        if isinstance(step, AuditStatus):
            return step
        raise answer.explain(made(*step))

    def close(self) -> None:
        """Closes the idle connections; calls under way end as they would, new ones are refused."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()


class AsyncClient(_Configured):
    """The asyncio client: the methods of `Client` as coroutines, usable from any number of event loops.

    Cancelling a call drops its request. Usable with and without `async with`. Picklable as `Client` is.
    """

    __slots__ = ()

    def _load(self) -> None:
        super()._load()
        from . import _loop  # noqa: F401  # with asyncio, which importing this package does not bring

    def get_audit_status(
        self,
        token: str | TokenSource | AsyncTokenSource,
        auditid: SupportsIndex | str,
        *,
        appid: str | None = None,
        timeout: Timeout | float | timedelta | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, AuditStatus]:
        """As `Client.get_audit_status`, to be awaited. `token` may also be an `AsyncTokenSource`."""
        # A function that returns a coroutine: the frame of one that has not begun would hold the token.
        token, auditid, timeout, max_retries = conceal(token, auditid, timeout, max_retries)
        return self._get_audit_status(token, auditid, appid, timeout, max_retries)

    async def _get_audit_status(
        self, token: Any, auditid: Any, appid: Any, timeout: Any, max_retries: Any
    ) -> AuditStatus:
        from ._loop import begin

        options = self._options(appid, timeout, max_retries)
        step = await begin(self._engine.aget_audit_status, token, auditid, options)
        answer = Answer()
        while isinstance(step, Step):
            try:
                self._report(step)
                if step.refresh is not None:
                    answer = await aask(token, step)
            except BaseException:
                # Whoever keeps this exception must not keep what other calls wait for.
                step.abandon()
                raise
            step = await begin(step.aresume, answer.token, answer.problem)
        if isinstance(step, AuditStatus):
            return step
        raise answer.explain(made(*step))

    async def close(self) -> None:
        """As `Client.close`."""
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()


def get_audit_status(
    token: str | TokenSource,
    auditid: SupportsIndex | str,
    *,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> AuditStatus:
    """The review status of one audit, by the default client of this process.

    The default client is made at the first call, by the environment: `WXAUDIT_BASE_URL`, `WXAUDIT_TIMEOUT`
    (seconds), `WXAUDIT_MAX_RETRIES`, `WXAUDIT_CA_FILE`, and `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`. For
    arguments and errors see `Client.get_audit_status`.
    """
    token, auditid, timeout, max_retries = conceal(token, auditid, timeout, max_retries)
    return _default(Client).get_audit_status(token, auditid, timeout=timeout, max_retries=max_retries)


def aget_audit_status(
    token: str | TokenSource | AsyncTokenSource,
    auditid: SupportsIndex | str,
    *,
    timeout: Timeout | float | timedelta | None = None,
    max_retries: int | None = None,
) -> Coroutine[Any, Any, AuditStatus]:
    """As `get_audit_status`, to be awaited. `token` may also be an `AsyncTokenSource`."""
    token, auditid, timeout, max_retries = conceal(token, auditid, timeout, max_retries)
    return _aget_audit_status(token, auditid, timeout, max_retries)


async def _aget_audit_status(token: Any, auditid: Any, timeout: Any, max_retries: Any) -> AuditStatus:
    client = _default(AsyncClient)
    return await client.get_audit_status(token, auditid, timeout=timeout, max_retries=max_retries)


_HIDDEN = "***"

_default_clients: dict[type[Any], Any] = {}


def _default(kind: type[_Kind]) -> _Kind:
    """This process's default client of that kind; both kinds share one engine."""
    if kind not in _default_clients:
        # setdefault: where two threads come first at once, one client wins.
        base = _default_clients.setdefault(Client, Client(**_environment()))
        _default_clients.setdefault(kind, kind._twin_of(base))
    client: _Kind = _default_clients[kind]
    return client


def _environment() -> dict[str, Any]:
    import os

    found: dict[str, Any] = {}
    for name, variable, read in (
        ("base_url", "WXAUDIT_BASE_URL", str),
        ("timeout", "WXAUDIT_TIMEOUT", float),
        ("max_retries", "WXAUDIT_MAX_RETRIES", int),
        ("ca_file", "WXAUDIT_CA_FILE", str),
    ):
        if os.environ.get(variable):
            try:
                found[name] = read(os.environ[variable])
            except ValueError:
                # Without the text: it may be a token in the wrong variable.
                raise ArgumentError(f"{variable} must be a number") from None
    return found


def _restored(kind: type[Any], settings: dict[str, Any]) -> Any:
    return kind(**settings)
