"""Calls on one token source at once: one of them asks, and all go on, whatever becomes of that one."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.token_sources import BlockingSource, SourceSetup, StrangeError, StrangeExit, released_source
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from wxaudit.testing import FakeWeChat


# One refresh


def test_a_token_that_is_refused_for_ever_costs_one_refresh_and_two_sends(
    source_setup: SourceSetup, fake: FakeWeChat
) -> None:
    audit, client = fake.submit(), source_setup.client_kind.client(fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fake.token()

    fake.fail_next(Fault(errcode=40001), times=None)
    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(source_setup.source(get_token), audit.auditid)
    refreshes = asked.count(True)
    print(f"always 40001: {refreshes} refresh, {fake.requests_received} sends")
    assert (refreshes, asked.count(False), fake.requests_received) == (1, 1, 2)
    assert (caught.value.errcode, caught.value.attempts) == (40001, 2)


@pytest.mark.parametrize("kind", ["async source", "blocking source"])
def test_a_thousand_asyncio_calls_share_one_refresh(fake: FakeWeChat, kind: str) -> None:
    audit, client = fake.submit(), fake.async_client(timeout=60)
    source = fake.async_token_source() if kind == "async source" else fake.token_source()

    async def main() -> None:
        await client.get_audit_status(source, audit.auditid)
        fake.clock.advance(7200)
        calls = [client.get_audit_status(source, audit.auditid) for _ in range(1000)]
        assert {status.auditid for status in await asyncio.gather(*calls)} == {audit.auditid}

    asyncio.run(main(), debug=False)
    refused = sum(request.errcode == 42001 for request in fake.requests)
    print(
        f"asyncio, {kind}: 1000 calls at once on an expired token: {source.refreshes} refresh, "
        f"{source.lookups} lookups, {refused} refusals"
    )
    assert source.refreshes == 1


def test_a_thousand_calls_in_threads_share_one_refresh(fake: FakeWeChat) -> None:
    audit, client, source = fake.submit(), fake.client(timeout=60), fake.token_source()
    client.get_audit_status(source, audit.auditid)
    fake.clock.advance(7200)

    def work() -> None:
        for _ in range(20):
            assert client.get_audit_status(source, audit.auditid).auditid == audit.auditid

    with ThreadPoolExecutor(50) as pool:
        for outcome in [pool.submit(work) for _ in range(50)]:
            outcome.result()
    print(f"50 threads with 20 calls each on an expired token: {source.refreshes} refresh")
    assert source.refreshes == 1


def test_each_source_is_refreshed_for_itself(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    client = source_setup.client_kind.client(fake)
    refreshed: list[str] = []

    def source_of(appid: str) -> Any:
        stale = fake.token(appid)
        fake.expire(stale)

        def get_token(refresh: bool) -> str:
            if refresh:
                refreshed.append(appid)
                return fake.token(appid)
            return stale

        return source_setup.source(get_token)

    for appid in ("wx1", "wx2"):
        client.get_audit_status(source_of(appid), fake.submit(appid).auditid)
    assert refreshed == ["wx1", "wx2"]


# Who waits together


class Gathered:
    """Many calls on one source whose first answer waits until all of them are there."""

    def __init__(self, fake: FakeWeChat, outcome: Callable[[int], str]) -> None:
        self.audit = fake.submit()
        self.client = fake.async_client()
        self.asked = 0
        self.release = asyncio.Event()
        self._outcome = outcome

    async def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self.asked += 1
        number = self.asked
        await self.release.wait()
        return self._outcome(number)

    def call(self) -> asyncio.Task[wxaudit.AuditStatus]:
        return asyncio.create_task(self.client.get_audit_status(self, self.audit.auditid))

    async def is_asked(self, times: int) -> None:
        """Until it was asked so often; at most five seconds."""
        deadline = time.monotonic() + 5
        while self.asked < times:
            assert time.monotonic() < deadline, f"asked {self.asked} times instead of {times}"
            await asyncio.sleep(0.001)


async def reached_the_core(fake: FakeWeChat) -> None:
    """All calls that were begun before are in line: one that begins now ends behind them."""
    await fake.async_client().get_audit_status(fake.token(), fake.submit().auditid)


def test_a_failure_is_shared_by_those_who_waited_for_it(fake: FakeWeChat) -> None:
    def outcome(number: int) -> str:
        if number == 1:
            raise StrangeError
        return fake.token()

    async def main() -> None:
        source = Gathered(fake, outcome)
        calls = [source.call() for _ in range(20)]
        await source.is_asked(1)
        await reached_the_core(fake)
        source.release.set()
        failures: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(failure) for failure in failures] == [wxaudit.TokenError] * 20
        assert all("get_token raised StrangeError" in str(failure) for failure in failures)
        assert [failure for failure in failures if isinstance(failure.__cause__, StrangeError)]
        assert source.asked == 1
        # Who comes later asks anew.
        assert (await source.call()).auditid == source.audit.auditid
        assert source.asked == 2

    asyncio.run(main())


def test_one_answer_serves_all_who_waited_for_it(fake: FakeWeChat) -> None:
    async def main() -> None:
        source = Gathered(fake, lambda _: fake.token())
        calls = [source.call() for _ in range(20)]
        await source.is_asked(1)
        await reached_the_core(fake)
        source.release.set()
        assert {status.auditid for status in await asyncio.gather(*calls)} == {source.audit.auditid}
        assert source.asked == 1

    asyncio.run(main())


def test_when_the_one_who_asks_is_cancelled_the_next_in_line_asks(fake: FakeWeChat) -> None:
    async def main() -> None:
        source = Gathered(fake, lambda _: fake.token())
        leader, *followers = [source.call() for _ in range(5)]
        await source.is_asked(1)
        await reached_the_core(fake)
        leader.cancel()
        await source.is_asked(2)
        source.release.set()
        assert {status.auditid for status in await asyncio.gather(*followers)} == {source.audit.auditid}
        assert leader.cancelled()
        assert source.asked == 2

    asyncio.run(main())


def test_an_interrupted_call_frees_its_source(fake: FakeWeChat) -> None:
    """Even while its exception, and so its frames, are kept, as notebooks and debuggers do."""
    audit, token, client = fake.submit(), fake.token(), fake.client()
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        if len(asked) == 1:
            raise StrangeExit
        return token

    source = BlockingSource(get_token, same_thread=True)
    with pytest.raises(StrangeExit) as kept:
        client.get_audit_status(source, audit.auditid)
    assert client.get_audit_status(source, audit.auditid, timeout=5).auditid == audit.auditid
    assert kept.traceback


def test_an_interrupted_call_frees_its_place(fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    events: list[wxaudit.Event] = []

    def notice(event: wxaudit.Event) -> None:
        events.append(event)
        if len(events) == 1:
            raise StrangeExit

    client = fake.client(max_concurrency=1, on_event=notice)
    with pytest.raises(StrangeExit) as kept:
        client.get_audit_status(token, audit.auditid)
    assert client.get_audit_status(token, audit.auditid, timeout=5).auditid == audit.auditid
    assert kept.traceback


def test_when_the_one_who_refreshes_runs_out_of_time_the_next_in_line_refreshes(fake: FakeWeChat) -> None:
    audit, client, stale = fake.submit(), fake.async_client(), fake.token()
    fake.expire(stale)
    refreshes: list[int] = []
    refreshing = asyncio.Event()

    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            if not refresh:
                return stale
            refreshes.append(len(refreshes))
            refreshing.set()
            if len(refreshes) == 1:
                await asyncio.Event().wait()
            return fake.token()

    async def main() -> None:
        source = Source()
        hasty = asyncio.create_task(client.get_audit_status(source, audit.auditid, timeout=0.3))
        await refreshing.wait()
        patient = [asyncio.create_task(client.get_audit_status(source, audit.auditid)) for _ in range(5)]
        assert {status.auditid for status in await asyncio.gather(*patient)} == {audit.auditid}
        with pytest.raises(wxaudit.TokenError, match="did not return within the time limit"):
            await hasty

    asyncio.run(main())
    assert refreshes == [0, 1]


def test_threads_share_an_answer_too(fake: FakeWeChat) -> None:
    audit, client, token = fake.submit(), fake.client(), fake.token()
    release = threading.Event()
    source, asked = released_source(release, False, token)
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(functools.partial(client.get_audit_status, source, audit.auditid)) for _ in range(8)
        ]
        # A call that needs no source, begun behind them, ends behind their beginning.
        client.get_audit_status(token, audit.auditid)
        release.set()
        assert {call.result().auditid for call in calls} == {audit.auditid}
    assert len(asked) < 8
