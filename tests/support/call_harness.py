"""One client against one server: what a call comes to, and whether the client is as good as before."""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

import pytest
from stopwatch import Stopwatch

import wxaudit
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Collection

    from support.client_kind import ClientKind

# Percent-encoding changes it, so that a server that echoes it has two forms to echo.
TOKEN = "86_raw+server/token=of%a&harness?0123456789-_~.abcdefghijklmnopqrstuvwxyz"
AUDITID = 4_100_000_017

# How much later than its deadline a call may end.
GRACE = 0.05

Kind = TypeVar("Kind", bound=wxaudit.WxAuditError)


class Server(Protocol):
    """What a harness needs of a server: FakeWeChat and RawServer have it."""

    @property
    def base_url(self) -> str: ...
    @property
    def requests_received(self) -> int: ...
    @property
    def connections_accepted(self) -> int: ...


class CallHarness:
    """Calls of one audit by one client, each within its deadline and without the token in what it raises."""

    def __init__(self, client_kind: ClientKind, server: Server, *, total: float = 10, **options: Any) -> None:
        self._server = server
        self._total = total
        timeout = wxaudit.Timeout(total, options.pop("connect", None), options.pop("read", None))
        self.token = TOKEN
        self.auditid = AUDITID
        if isinstance(server, FakeWeChat):
            self.token = server.token()
            self.auditid = server.submit().auditid
        self.caller = client_kind.client(options.pop("base_url", server.base_url), timeout=timeout, **options)
        self.took = 0.0
        # How long after its deadline the last call ended, without the time for which others had the cores.
        self.late = 0.0

    def ask(self, token: object = None, **options: Any) -> wxaudit.AuditStatus:
        """One call, timed."""
        begun, stopwatch = time.monotonic(), Stopwatch()
        try:
            return self.caller.get_audit_status(token or self.token, self.auditid, **options)
        finally:
            self.took = time.monotonic() - begun
            self.late = stopwatch.seconds() - self._total
            assert self.late <= GRACE, f"ended {self.late:.3f} s after its deadline"

    def fails(
        self,
        kind: type[Kind],
        *,
        attempts: int,
        sent: int | Collection[int] | None = None,
        requests: int | None = None,
        exactly: bool = True,
        **options: Any,
    ) -> Kind:
        """One call that fails as `kind` itself.

        Each attempt sends a request unless `sent` differs, and each arrives unless `requests` differs.
        """
        before = self._server.requests_received
        with pytest.raises(kind) as caught:
            self.ask(**options)
        error = caught.value
        assert type(error) is kind or not exactly
        sent = attempts if sent is None else sent
        assert error.attempts in ([sent] if isinstance(sent, int) else sent)
        if error.attempts < attempts and attempts > 1:
            assert f"{attempts} attempts" in str(error)
        assert self._server.requests_received - before == (attempts if requests is None else requests)
        assert error.auditid == self.auditid
        self.shows_no_token(error)
        return error

    def once(self, kind: type[Kind], **options: Any) -> Kind:
        """**once**: one request, the error, and the client goes on."""
        error = self.fails(kind, attempts=1, **options)
        self.goes_on()
        return error

    def retried(self, kind: type[Kind], **options: Any) -> Kind:
        """**retry**: three requests, the error of the last one, and the client goes on."""
        error = self.fails(kind, attempts=3, **options)
        assert error.retryable
        self.goes_on()
        return error

    def goes_on(self) -> None:
        """The next call of the same client gets its own answer, at the first request."""
        before = self._server.requests_received
        assert self.ask().status == wxaudit.AuditState.IN_REVIEW
        assert self._server.requests_received == before + 1

    def shows_no_token(self, error: BaseException) -> None:
        """Neither form of the token stands anywhere in the error or in what caused it."""
        shown = [pickle.dumps(error).decode("latin-1")]
        link: BaseException | None = error
        while link is not None:
            shown += [str(link), repr(link), repr(link.args), repr(vars(link))]
            link = link.__cause__ or link.__context__
        for form in (self.token, quote(self.token, safe="")):
            assert not [text for text in shown if form in text]
