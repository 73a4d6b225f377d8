"""The fake WeChat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._clock import FakeClock
from ._held_requests import HeldRequests
from ._inspection import InspectionMixin
from ._scripting import DEFAULT_APPID, ScriptingMixin
from ._server import ServerThread
from ._service import CONTENT_TYPES, Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .. import AsyncClient, Client
    from ._audits import FakeAudit
    from ._push import FakePush, PushAnswer, PushOptions


class FakeWeChat(ScriptingMixin, InspectionMixin):
    """A WeChat on a loopback port, for tests: real HTTP, scripted audits, faults on demand, a log.

        with FakeWeChat() as fake:
            audit = fake.submit(life=[Step(AuditState.REJECTED, after_polls=2, reason="1:…")])
            status = fake.client().get_audit_status(fake.token(), audit.auditid)

    It serves from a thread of its own. All its methods may be called from any thread. A forked child can
    use the address while the parent serves; `stop` does nothing there.

    `host`: a loopback address. `port`: 0 for a free one, which is kept over `stop` and `start`. `clock`:
    one to share between fakes. `default_appid`: the mini program of audits and tokens that name none.
    `content_types`: what is sent as Content-Type, in turn. `log_size`: how many requests and closed
    connections are kept.
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
            raise ValueError("content_types is a sequence of at least one Content-Type")
        ScriptingMixin.__init__(self, clock or FakeClock(), default_appid)
        InspectionMixin.__init__(self, log_size, self._lock)
        self._held = HeldRequests(self._log, self._lock)
        service = Service(self._state, self._faults, self._log, content_types)
        self._server = ServerThread(host, port, service, self._held, self._lock)

    def start(self) -> Self:
        """Begin to serve. `RuntimeError` where it does already, `OSError` where the port is taken."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. Nothing where it does not serve, or in a forked child."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it serves, from this process."""
        return self._server.running

    @property
    def port(self) -> int:
        """The port; 0 before the first `start` where none was asked for."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """What stands in the place of `https://api.weixin.qq.com`."""
        host = self._server.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def client(self, **options: Any) -> Client:
        """A `wxaudit.Client` of this fake, with these options; `trust_env` is False unless given."""
        from .. import Client

        return Client(**self._client_options(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """A `wxaudit.AsyncClient` of this fake; see `client`."""
        from .. import AsyncClient

        return AsyncClient(**self._client_options(options))

    def original_id(self, appid: str | None = None) -> str:
        """The 原始 ID (`gh_…`) of a mini program, by which pushes name it."""
        from ._push import original_id

        return original_id(self._appid(appid))

    def make_push(
        self, audit: FakeAudit | str, appid: str | None = None, **options: Unpack[PushOptions]
    ) -> FakePush:
        """A push event as WeChat sends it to a third-party platform, encrypted and signed, not yet sent.

        `audit`: one that is approved, rejected or delayed, or else the name of an event
        (`"weapp_audit_fail"`, or any other) about the mini program `appid`. `options`: `token`,
        `encoding_aes_key` and `component_appid` of the platform, which are required; for an event by its
        name also `reason` and `screenshots`; `timestamp` and `nonce` of the query. Times are the fake's.
        `TypeError` and `ValueError` for what makes no push, such as a reason beside an audit.
        Needs cryptography and defusedxml.
        """
        from ._push import make_push

        if not isinstance(audit, str) and appid is not None and appid != audit.appid:
            raise ValueError(f"the audit is of {audit.appid}: an appid goes with an event's name")
        return make_push(self.clock, audit, self._appid(appid), **options)

    def push(
        self, audit: FakeAudit | str, url: str, appid: str | None = None, **options: Unpack[PushOptions]
    ) -> PushAnswer:
        """Send such a push to a URL by HTTP POST, and return what was answered. See `make_push`."""
        return self.make_push(audit, appid, **options).send(url)

    def release(self) -> int:
        """Let the requests go on that a `Fault(hold=True)` holds now. Returns how many there were."""
        return self._held.release()

    def refuse_connections(self) -> None:
        """Refuse new connections, as a server that is down. Connections that are open go on."""
        self._server.refuse()

    def accept_connections(self) -> None:
        """Accept connections again, on the same port."""
        self._server.accept()

    @property
    def accepting_connections(self) -> bool:
        """Whether new connections are accepted."""
        return self._server.accepting

    def close_connections(self, *, reset: bool = False) -> None:
        """Close all open connections, as a server does with idle ones; with a TCP reset if asked."""
        self._server.close_connections(reset=reset)

    def reset(self) -> None:
        """Forget audits, tokens, faults and the log; let held requests go on. Clock and connections stay."""
        with self._lock:
            self._state.audits.clear()
            self._state.media.clear()
            self._state.traces.clear()
            self._state.polls.clear()
            self._state.tokens.clear()
            self._faults.clear()
            self._log.clear()
        self.release()

    def _client_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": self.base_url, "trust_env": False, **options}

    def __repr__(self) -> str:
        return (
            f"<FakeWeChat {self.base_url if self.running else 'stopped'}: {self.requests_received} requests>"
        )
