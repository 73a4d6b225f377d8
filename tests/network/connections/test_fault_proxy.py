"""What the network may do between a client and a good server: each toxic, with each client and in a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wxaudit
from support.call_harness import CallHarness
from support.servers.fault_proxy import FaultProxy, Toxics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat


class Proxied:
    """A client whose way to the fake leads through a proxy, asked by single calls and by batches."""

    def __init__(self, client_kind: ClientKind, fake: FakeWeChat, proxy: FaultProxy, in_batch: bool) -> None:
        self.harness = CallHarness(client_kind, fake, base_url=proxy.base_url)
        self._in_batch = in_batch
        self.audits = [fake.submit(state=state).auditid for state in (2, 4)]

    def ask(self, count: int = 2) -> list[wxaudit.AuditResult]:
        """The results of two audits or of one, one after the other."""
        auditids = self.audits[:count]
        if self._in_batch:
            queries = [(self.harness.token, auditid) for auditid in auditids]
            return list(self.harness.caller.get_audit_statuses(queries, max_concurrency=1))
        return [self._call(index, auditid) for index, auditid in enumerate(auditids)]

    def _call(self, index: int, auditid: int) -> wxaudit.AuditResult:
        try:
            status = self.harness.caller.get_audit_status(self.harness.token, auditid)
        except wxaudit.WxAuditError as error:
            return wxaudit.AuditResult(auditid, None, None, error, index, error.attempts)
        return wxaudit.AuditResult(auditid, None, status, None, index, 1)

    def is_answered(self) -> None:
        """Each audit gets its own state."""
        results = self.ask()
        assert [result.status and result.status.status for result in results] == [2, 4], results

    def fails(self, text: str, *, sent: int = 3) -> None:
        """An audit gets a typed error after three attempts, with three requests unless `sent` differs."""
        [result] = self.ask(1)
        assert type(result.error) is wxaudit.TransportError
        assert result.error.retryable
        assert result.error.attempts == sent
        assert text in str(result.error)
        self.harness.shows_no_token(result.error)


@pytest.fixture
def proxy(fake: FakeWeChat) -> Iterator[FaultProxy]:
    with FaultProxy(fake.port) as proxy:
        yield proxy


@pytest.fixture(params=[False, True], ids=["calls", "batch"])
def proxied(
    request: pytest.FixtureRequest, client_kind: ClientKind, fake: FakeWeChat, proxy: FaultProxy
) -> Proxied:
    return Proxied(client_kind, fake, proxy, request.param)


@pytest.mark.parametrize(
    "toxics",
    [
        Toxics(latency=0.05, jitter=0.02),
        Toxics(slicer=1),
        Toxics(slicer=7, slicer_delay=0.002),
        Toxics(slow_close=5),
    ],
    ids=["latency", "slicer", "slicer with a delay", "slow_close"],
)
def test_what_only_takes_time(proxied: Proxied, proxy: FaultProxy, toxics: Toxics) -> None:
    proxy.answers = proxy.requests = toxics
    proxied.is_answered()
    assert proxy.connections_accepted == 1


def test_a_server_that_goes_down_and_comes_back(proxied: Proxied, proxy: FaultProxy) -> None:
    proxied.is_answered()
    proxy.down()
    proxied.fails("refused", sent=0)
    proxy.heal()
    proxied.is_answered()


@pytest.mark.parametrize("direction", ["requests", "answers"])
def test_a_peer_that_resets(proxied: Proxied, proxy: FaultProxy, fake: FakeWeChat, direction: str) -> None:
    setattr(proxy, direction, Toxics(reset_peer=0.01))
    proxied.fails("no answer from 127.0.0.1")
    assert (fake.requests_received > 0) is (direction == "answers")
    proxy.heal()
    proxied.is_answered()


@pytest.mark.parametrize(
    ("limit", "phase"), [(0, "no answer"), (12, "no answer"), (160, "cannot read the answer")]
)
def test_an_answer_that_ends_early(proxied: Proxied, proxy: FaultProxy, limit: int, phase: str) -> None:
    """Before it begins, in the head, and in the body, which begins after 132 or 152 bytes."""
    proxy.answers = Toxics(limit_data=limit)
    proxied.fails(f"{phase} from 127.0.0.1")
    proxy.heal()
    proxied.is_answered()


def test_a_request_that_is_cut_off(proxied: Proxied, proxy: FaultProxy, fake: FakeWeChat) -> None:
    proxy.requests = Toxics(limit_data=30)
    proxied.fails("no answer from 127.0.0.1")
    assert fake.requests_received == 0
    proxy.heal()
    proxied.is_answered()
