"""Token sources in a batch: asked once for all that need it, and one that fails stops no other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.token_sources import SourceSetup, StrangeError, StrangeExit, wait_for_token_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

SOURCES = 50


class Counted:
    """A token of one mini program, fetched as its shop would, with the questions counted."""

    def __init__(self, fake: FakeWeChat, source_setup: SourceSetup, appid: str) -> None:
        self.asked: list[bool] = []
        self.threads: set[int] = set()
        self.token = fake.token(appid)
        self._fetch: Callable[[], str] = lambda: fake.token(appid)
        self.source = source_setup.source(self._get_token)

    def _get_token(self, refresh: bool) -> str:
        self.asked.append(refresh)
        self.threads.add(threading.get_ident())
        if refresh:
            self.token = self._fetch()
        return self.token


def test_each_source_is_asked_once(source_setup: SourceSetup, fake: FakeWeChat) -> None:
    appids = [f"wx{number:016}" for number in range(SOURCES)]
    counted = [Counted(fake, source_setup, appid) for appid in appids]
    audits = [fake.submit(appid).auditid for appid in appids]
    queries = [(counted[number % SOURCES].source, audits[number % SOURCES]) for number in range(1000)]
    batch = source_setup.client_kind.client(fake).get_audit_statuses(queries)
    assert batch.counts() == {"IN_REVIEW": 1000}
    assert [it.asked for it in counted] == [[False]] * SOURCES
    assert fake.requests_received == 1000
    if source_setup.in_calling_thread:
        assert {thread for it in counted for thread in it.threads} == {threading.get_ident()}


def test_tokens_that_expire_in_the_middle_are_refreshed_once_each(
    source_setup: SourceSetup, fake: FakeWeChat
) -> None:
    appids = [f"wx{number:016}" for number in range(SOURCES)]
    counted = [Counted(fake, source_setup, appid) for appid in appids]
    audits = [fake.submit(appid).auditid for appid in appids]
    queries = [(counted[number % SOURCES].source, audits[number % SOURCES]) for number in range(2000)]
    # So many requests of one source may be in flight when its token is first refused. After that, all wait.
    client = source_setup.client_kind.client(fake, timeout=60, max_concurrency=8)
    seen = 0
    for result in client.iter_audit_statuses(queries):
        assert result.ok, result
        seen += 1
        if seen == 1000:
            for it in counted:
                fake.expire(it.token)
    assert seen == 2000
    assert [it.asked for it in counted] == [[False, True]] * SOURCES
    refused = fake.requests_received - 2000
    assert SOURCES <= refused <= 8 * SOURCES
    print(f"\n2000 queries, {SOURCES} tokens expired in the middle: {SOURCES} refreshes, {refused} refusals")


@pytest.mark.parametrize("raised", [StrangeError, StrangeExit, None, ""], ids=str)
def test_a_source_that_fails_fails_its_own_queries_alone(
    source_setup: SourceSetup, fake: FakeWeChat, raised: type[BaseException] | str | None
) -> None:
    def get_token(_refresh: bool) -> Any:
        if isinstance(raised, type):
            raise raised("no token in the shop")
        return raised

    broken, token, auditid = source_setup.source(get_token), fake.token(), fake.submit().auditid
    queries = [(broken if number % 10 == 3 else token, auditid, f"wx{number}") for number in range(200)]
    if raised is StrangeExit and source_setup.in_calling_thread:
        # It ends the caller, as it is meant to.
        with pytest.raises(StrangeExit):
            source_setup.client_kind.client(fake).get_audit_statuses(queries)
        return
    batch = source_setup.client_kind.client(fake).get_audit_statuses(queries)
    failed = [result for result in batch if not result.ok]
    assert [result.index for result in failed] == list(range(3, 200, 10))
    assert {type(result.error) for result in failed} == {wxaudit.TokenError}
    assert {result.attempts for result in failed} == {0}
    assert fake.requests_received == 180
    if isinstance(raised, type):
        assert all("get_token raised" in str(result.error) for result in failed)
        assert {type(result.error.__cause__) for result in failed if result.error} == {raised}


def test_a_source_that_hangs_holds_up_no_other(client_kind: ClientKind, fake: FakeWeChat) -> None:
    release = threading.Event()

    class Hanging:
        asked = 0

        def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # as a source has it
            self.asked += 1
            release.wait(60)
            return fake.token()

    hanging, token, auditid = Hanging(), fake.token(), fake.submit().auditid
    queries = [(hanging if number < 100 else token, auditid) for number in range(400)]
    client = client_kind.client(fake, timeout=1)
    try:
        batch = client.get_audit_statuses(queries, max_concurrency=4)
    finally:
        release.set()
    assert [result.ok for result in batch] == [False] * 100 + [True] * 300
    assert {type(error) for error in batch.errors} == {wxaudit.TokenError}
    assert all("did not return within the time limit" in str(error) for error in batch.errors)


def test_a_source_that_hangs_is_cancelled_with_its_batch(fake: FakeWeChat) -> None:
    import asyncio

    cancelled: list[bool] = []

    class Hanging:
        async def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # as a source has it
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise
            raise AssertionError

    async def main() -> None:
        client = fake.async_client()
        batch = asyncio.ensure_future(client.get_audit_statuses([(Hanging(), 1234567)]))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(batch, 0.2)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert cancelled == [True]


def test_sources_of_answered_queries_are_let_go(client_kind: ClientKind, fake: FakeWeChat) -> None:
    import gc
    import weakref

    token, auditid = fake.token(), fake.submit().auditid
    seen: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def queries() -> Iterator[Any]:
        for _ in range(3000):
            source = client_kind.token_source(lambda _: token)
            seen.append(weakref.ref(source))
            yield source, auditid
            del source

    for result in client_kind.client(fake).iter_audit_statuses(queries(), max_concurrency=4):
        assert result.ok
        if result.index % 100 == 0:
            alive.append(sum(it() is not None for it in seen))
    wait_for_token_threads()
    gc.collect()
    print(f"\n3000 sources, one query each: {max(alive)} were alive at once")
    # Those whose tokens may be needed again, and those in flight.
    assert max(alive) <= 1024 + 4 * 4
    assert [it() for it in seen] == [None] * 3000


def test_blocking_and_async_sources_stand_side_by_side(fake: FakeWeChat) -> None:
    import asyncio

    auditid = fake.submit().auditid
    queries = [
        (fake.token_source() if number % 2 else fake.async_token_source(), auditid) for number in range(40)
    ]

    async def main() -> wxaudit.AuditBatch:
        return await fake.async_client().get_audit_statuses(queries)

    assert asyncio.run(main()).counts() == {"IN_REVIEW": 40}


def test_the_blocking_client_says_that_it_cannot_await(fake: FakeWeChat) -> None:
    queries: Any = [(fake.async_token_source(), 1234567)]
    batch = fake.client().get_audit_statuses(queries)
    assert "only AsyncClient can await it" in str(batch.errors[0])
