"""The fake WeChat server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._clock import FakeClock
from ._held_requests import HeldRequests
from ._inspection import InspectionMixin
from ._scripting import DEFAULT_APPID, ScriptingMixin
from ._server import ServerThread
from ._service import CONTENT_TYPES, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Self, Unpack

    from .. import AsyncClient, Client
    from ._audits import FakeAudit
    from ._push import FakePush, PushAnswer, PushOptions


class FakeWeChat(ScriptingMixin, InspectionMixin):
    """A fake WeChat server on a loopback port, with scripted audits, faults, and a log of requests.

        with FakeWeChat() as fake:
            audit = fake.submit(life=[Step(AuditState.REJECTED, after_polls=2, reason="1:…")])
            status = fake.client().get_audit_status(fake.token(), audit.auditid)

    It runs in its own thread. All methods may be called from any thread. A forked child can use the address
    while the parent runs the server; `stop` does nothing in the child.

    - `host`: a loopback address.
    - `port`: 0 stands for a free port, which `stop` and `start` keep.
    - `clock`: a clock that several fakes share.
    - `default_appid`: the mini program of audits and tokens that are created without an appid.
    - `content_types`: the values of Content-Type, used in turn.
    - `log_size`: how many requests and closed connections the log keeps.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: FakeClock | None = None,
        default_appid: str = DEFAULT_APPID,
        content_types: Sequence[str] = CONTENT_TYPES,
        log_size: int = 10_000,
    ) -> None:
        if isinstance(content_types, str) or not content_types:
            raise ValueError(
                f"content_types must be a sequence of at least one Content-Type, not {content_types!r}"
            )
        ScriptingMixin.__init__(self, clock or FakeClock(), default_appid)
        InspectionMixin.__init__(self, log_size, self._lock)
        self._held = HeldRequests(self._log, self._lock)
        service = Service(self._state, self._faults, self._log, content_types)
        self._server = ServerThread(host, port, service, self._held, self._lock)

    def start(self) -> Self:
        """Start the server. Raise `RuntimeError` if it runs already, `OSError` if the port is in use."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop the server and close all connections. Do nothing if it does not run, or in a forked child."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server runs in this process."""
        return self._server.running

    @property
    def port(self) -> int:
        """The port; 0 before the first `start` if no port was given."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """The URL to use instead of `https://api.weixin.qq.com`."""
        host = self._server.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def client(self, **options: Any) -> Client:
        """Create a `wxaudit.Client` for this fake. `trust_env` is False unless given."""
        from .. import Client

        return Client(**self._client_options(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Create a `wxaudit.AsyncClient` for this fake. `trust_env` is False unless given."""
        from .. import AsyncClient

        return AsyncClient(**self._client_options(options))

    @contextmanager
    def as_default(self) -> Iterator[Self]:
        """Let `wxaudit.get_audit_status` and `wxaudit.aget_audit_status` of this process ask this fake."""
        from .. import Client
        from .._default import exchange

        before = exchange({Client: self.client()})
        try:
            yield self
        finally:
            exchange(before)

    def original_id(self, appid: str | None = None) -> str:
        """Return the 原始 ID (`gh_…`) that identifies a mini program in pushes."""
        from ._push import original_id

        return original_id(self._appid(appid))

    def make_push(
        self, audit: FakeAudit | str, appid: str | None = None, **options: Unpack[PushOptions]
    ) -> FakePush:
        """Create an encrypted and signed push event without sending it.

        - `audit`: an audit that is approved, rejected or delayed, or the name of an event
          (`"weapp_audit_fail"` or any other) for the mini program `appid`.
        - `token`, `encoding_aes_key`, `component_appid`: the settings of the platform. They are required.
        - `reason`, `screenshots`: the details of a named event. An audit has its own.
        - `timestamp`, `nonce`: the values in the query. The default time is that of the fake's clock.

        Needs cryptography and defusedxml.
        """
        from ._push import make_push

        if not isinstance(audit, str) and appid is not None and appid != audit.appid:
            raise ValueError(f"the audit belongs to {audit.appid}, not to {appid}: remove appid")
        return make_push(self.clock, audit, self._appid(appid), **options)

    def push(
        self, audit: FakeAudit | str, url: str, appid: str | None = None, **options: Unpack[PushOptions]
    ) -> PushAnswer:
        """POST a push event to a URL and return the answer. See `make_push` for the arguments."""
        return self.make_push(audit, appid, **options).send(url)

    def release(self) -> int:
        """Release the requests that `Fault(hold=True)` holds. Return how many there were."""
        return self._held.release()

    def refuse_connections(self) -> None:
        """Refuse new connections, like a server that is down. Open connections stay open."""
        self._server.refuse()

    def accept_connections(self) -> None:
        """Accept connections again, on the same port."""
        self._server.accept()

    @property
    def accepting_connections(self) -> bool:
        """Whether the server accepts new connections."""
        return self._server.accepting

    def close_connections(self, *, reset: bool = False) -> None:
        """Close all open connections, with a TCP reset if `reset` is true."""
        self._server.close_connections(reset=reset)

    def reset(self) -> None:
        """Forget audits, media, tokens, faults and the log, and release held requests. The clock is kept."""
        with self._lock:
            self._state.clear()
            self._faults.clear()
            self._log.clear()
        self.release()

    def _client_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": self.base_url, "trust_env": False, **options}

    def __repr__(self) -> str:
        return (
            f"<FakeWeChat {self.base_url if self.running else 'stopped'}: {self.requests_received} requests>"
        )
