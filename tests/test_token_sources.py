"""Token sources: asked once for all who wait, refreshed once, never holding a call beyond its time limit."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from conftest import Door
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from wxaudit.testing import FakeWeChat

# How long a call may go on behind its time limit.
GRACE = 0.05


class BlockingSource:
    def __init__(self, get_token: Callable[[bool], Any], same_thread: bool = False) -> None:
        self._get_token = get_token
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> Any:
        return self._get_token(refresh)


class AsyncSource(BlockingSource):
    async def get_token(self, *, refresh: bool = False) -> Any:
        return self._get_token(refresh)


class Way:
    """One client with one kind of source."""

    def __init__(self, name: str) -> None:
        self.door = Door("blocking" if name.startswith("blocking client") else "asyncio")
        self.in_calling_thread = "another thread" not in name
        self.asynchronous = name.endswith("async source")

    def source(self, get_token: Callable[[bool], Any]) -> Any:
        if self.asynchronous:
            return AsyncSource(get_token)
        return BlockingSource(get_token, same_thread=self.in_calling_thread)


@pytest.fixture(
    params=[
        "blocking client, source in another thread",
        "blocking client, source in the same thread",
        "asyncio client, source in another thread",
        "asyncio client, source in the same thread",
        "asyncio client, async source",
    ]
)
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Runs a test once with each client and each kind of source that it takes."""
    way = Way(request.param)
    yield way
    way.door.close()


# One refresh


def test_a_token_that_is_refused_for_ever_costs_one_refresh_and_two_sends(way: Way, fake: FakeWeChat) -> None:
    audit, client = fake.submit(), way.door.client(fake)
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        return fake.token()

    fake.fail_next(Fault(errcode=40001), times=None)
    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(way.source(get_token), audit.auditid)
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


def test_each_source_is_refreshed_for_itself(way: Way, fake: FakeWeChat) -> None:
    client = way.door.client(fake)
    refreshed: list[str] = []

    def source_of(appid: str) -> Any:
        stale = fake.token(appid)
        fake.expire(stale)

        def get_token(refresh: bool) -> str:
            if refresh:
                refreshed.append(appid)
                return fake.token(appid)
            return stale

        return way.source(get_token)

    for appid in ("wx1", "wx2"):
        client.get_audit_status(source_of(appid), fake.submit(appid).auditid)
    assert refreshed == ["wx1", "wx2"]


# What a source may give


class StrangeError(Exception):
    """What a source raises."""


class StrangeExit(BaseException):
    """The same, behind `except Exception`: the time-outs of some frameworks are such."""


def test_a_source_that_raises(way: Way, fake: FakeWeChat) -> None:
    client, cause = way.door.client(fake), StrangeError("the text of a foreign exception, secret-canary")

    def get_token(_: bool) -> str:
        raise cause

    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(way.source(get_token), 1)
    assert caught.value.__cause__ is cause
    assert "get_token raised StrangeError" in str(caught.value)
    assert "secret-canary" not in str(caught.value)
    assert (caught.value.errcode, caught.value.attempts, fake.requests_received) == (None, 0, 0)


def test_a_source_that_raises_at_refresh(way: Way, fake: FakeWeChat) -> None:
    client, cause = way.door.client(fake), StrangeError()

    def get_token(refresh: bool) -> str:
        if refresh:
            raise cause
        return stale

    stale = fake.token()
    fake.expire(stale)
    with pytest.raises(wxaudit.TokenError) as caught:
        client.get_audit_status(way.source(get_token), 1)
    assert caught.value.__cause__ is cause
    assert (caught.value.attempts, fake.requests_received) == (1, 1)


def test_a_source_in_another_thread_may_raise_anything(fake: FakeWeChat) -> None:
    """What `except Exception` lets through has nobody to go to in that thread: it is the cause, too."""

    def get_token(_: bool) -> str:
        raise StrangeExit

    for kind in ("blocking", "asyncio"):
        door = Door(kind)
        client = door.client(fake, timeout=5)
        begun = time.monotonic()
        with pytest.raises(wxaudit.TokenError) as caught:
            client.get_audit_status(BlockingSource(get_token), 1)
        assert isinstance(caught.value.__cause__, StrangeExit)
        assert time.monotonic() - begun < 2
        door.close()


@pytest.mark.parametrize(
    "given",
    ["", "a\nb", " a", "a" * 4096, b"a token", bytearray(b"a token"), None, 7, ["a token"], object()],
    ids=["empty", "line break", "blank", "4 KiB", "bytes", "bytearray", "None", "int", "list", "object"],
)
def test_what_is_no_token_is_not_sent(way: Way, fake: FakeWeChat, given: object) -> None:
    client = way.door.client(fake)
    with pytest.raises(wxaudit.TokenError, match="the token source failed") as caught:
        client.get_audit_status(way.source(lambda _: given), 1, appid="wx1")
    error = caught.value
    assert (error.errcode, error.attempts, error.auditid, error.appid) == (None, 0, 1, "wx1")
    assert not error.retryable
    assert fake.requests_received == 0


def test_a_subclass_of_str_is_a_token(way: Way, fake: FakeWeChat) -> None:
    class Text(str):
        __slots__ = ()

    audit, client = fake.submit(), way.door.client(fake)
    token = Text(fake.token())
    assert client.get_audit_status(way.source(lambda _: token), audit.auditid).auditid == audit.auditid


def test_a_source_that_knows_no_refresh(door: Door, fake: FakeWeChat) -> None:
    class Source:
        def get_token(self) -> str:
            return fake.token()

    source: Any = Source()
    with pytest.raises(wxaudit.TokenError) as caught:
        door.client(fake).get_audit_status(source, 1)
    assert isinstance(caught.value.__cause__, TypeError)


def test_an_async_source_is_not_for_the_blocking_client(fake: FakeWeChat) -> None:
    source: Any = AsyncSource(lambda _: fake.token())
    # Its coroutine is closed: that it was never awaited would be a warning, and so an error here.
    with pytest.raises(wxaudit.TokenError, match="only AsyncClient can await it"):
        fake.client().get_audit_status(source, 1)
    assert fake.requests_received == 0


def test_an_async_source_may_be_wrapped(fake: FakeWeChat) -> None:
    """A decorator that is a plain function hides that the function behind it is a coroutine function."""
    audit, threads = fake.submit(), []

    class Source:
        def get_token(self, *, refresh: bool = False) -> Awaitable[str]:
            return self._get_token(refresh)

        async def _get_token(self, refresh: bool) -> str:
            assert not refresh
            threads.append(threading.current_thread())
            return fake.token()

    source: Any = Source()
    status = asyncio.run(fake.async_client().get_audit_status(source, audit.auditid))
    assert status.auditid == audit.auditid
    assert threads == [threading.current_thread()]


# Time


def released_source(
    release: threading.Event, hang_at_refresh: bool, token: str
) -> tuple[BlockingSource, list[bool]]:
    asked: list[bool] = []

    def get_token(refresh: bool) -> str:
        asked.append(refresh)
        if refresh == hang_at_refresh:
            release.wait(60)
        return token

    return BlockingSource(get_token), asked


@pytest.mark.parametrize("hang_at_refresh", [False, True])
def test_a_blocking_source_that_hangs(door: Door, fake: FakeWeChat, hang_at_refresh: bool) -> None:
    audit, token, client = fake.submit(), fake.token(), door.client(fake)
    if hang_at_refresh:
        fake.expire(token)
    release = threading.Event()
    source, asked = released_source(release, hang_at_refresh, token)
    begun = time.monotonic()
    with pytest.raises(wxaudit.TokenError, match="did not return in time") as caught:
        client.get_audit_status(source, audit.auditid, timeout=0.3)
    took = time.monotonic() - begun
    release.set()
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert 0.25 <= took <= 0.3 + GRACE
    assert fake.requests_received == caught.value.attempts == int(hang_at_refresh)
    assert asked == [False, True][: 1 + hang_at_refresh]


@pytest.mark.parametrize("hang_at_refresh", [False, True])
def test_an_async_source_that_hangs_is_cancelled(fake: FakeWeChat, hang_at_refresh: bool) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    if hang_at_refresh:
        fake.expire(token)
    cancelled: list[bool] = []

    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            if refresh == hang_at_refresh:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.append(refresh)
                    raise
            return token

    async def main() -> float:
        begun = time.monotonic()
        with pytest.raises(wxaudit.TokenError, match="did not return in time") as caught:
            await client.get_audit_status(Source(), audit.auditid, timeout=0.3)
        assert isinstance(caught.value.__cause__, TimeoutError)
        return time.monotonic() - begun

    assert 0.25 <= asyncio.run(main()) <= 0.3 + GRACE
    assert cancelled == [hang_at_refresh]
    assert fake.requests_received == int(hang_at_refresh)


def test_a_blocking_source_does_not_hold_up_the_event_loop(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    release = threading.Event()
    source, _ = released_source(release, False, token)

    async def main() -> None:
        waiting = asyncio.create_task(client.get_audit_status(source, audit.auditid))
        # Other calls go on; the last of them lets the source go on, too.
        for _ in range(3):
            assert (await client.get_audit_status(token, audit.auditid)).auditid == audit.auditid
        assert not waiting.done()
        release.set()
        assert (await waiting).auditid == audit.auditid

    asyncio.run(main())


# Where a source is asked


def test_the_thread_in_which_a_source_is_asked(way: Way, fake: FakeWeChat) -> None:
    audit, client = fake.submit(), way.door.client(fake)
    threads: list[threading.Thread] = []

    def get_token(_: bool) -> str:
        threads.append(threading.current_thread())
        return fake.token()

    client.get_audit_status(way.source(get_token), audit.auditid)
    assert (threads == [threading.current_thread()]) == way.in_calling_thread
    assert threads[0].name == "wxaudit-token" or way.in_calling_thread


def test_a_source_sees_the_callers_context(way: Way, fake: FakeWeChat) -> None:
    audit, client = fake.submit(), way.door.client(fake)
    tenant = contextvars.ContextVar[str]("tenant")
    seen: list[str] = []

    def get_token(_: bool) -> str:
        seen.append(tenant.get())
        return fake.token()

    source = way.source(get_token)
    context = contextvars.copy_context()
    context.run(tenant.set, "shop 7")
    context.run(client.get_audit_status, source, audit.auditid)
    assert seen == ["shop 7"]


def test_a_source_may_itself_call(way: Way, fake: FakeWeChat) -> None:
    audit, client, token = fake.submit(), way.door.client(fake), fake.token()
    other = fake.client()

    def get_token(_: bool) -> str:
        assert other.get_audit_status(token, audit.auditid).auditid == audit.auditid
        return token

    assert client.get_audit_status(way.source(get_token), audit.auditid).auditid == audit.auditid


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
        with pytest.raises(wxaudit.TokenError, match="did not return in time"):
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
