"""Token sources of a batch are asked whatever its consumer does, and nothing of that is left behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.token_sources import (
    SOURCE_SETUPS,
    BlockingSource,
    SourceSetup,
    token_threads,
    wait_for_token_threads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wxaudit.testing import FakeWeChat

# Those that the thread of the consumer need not ask.
SERVED = [name for name in SOURCE_SETUPS if name != "blocking client, source in the same thread"]


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest) -> Iterator[SourceSetup]:
    """As `source_setup`, for the sources that are asked beside the consumer."""
    source_setup = SourceSetup(request.param)
    yield source_setup
    source_setup.client_kind.close()


def pause(source_setup: SourceSetup, seconds: float) -> None:
    """What a consumer does between two results: in an event loop it awaits something."""
    if source_setup.client_kind.kind == "asyncio":
        source_setup.client_kind.run(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def until(source_setup: SourceSetup, condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        pause(source_setup, 0.01)


def test_sources_are_asked_while_the_consumer_handles_a_result(served: SourceSetup, fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    asked: list[int] = []

    def source_of(number: int) -> Any:
        def get_token(_: bool) -> str:
            asked.append(number)
            return token

        return served.source(get_token)

    queries = [(source_of(number), auditid) for number in range(6)]
    results = served.client_kind.client(fake).iter_audit_statuses(queries, max_concurrency=1)
    assert next(results).ok
    # Without a further result: the next query is in flight, and its request sent.
    until(served, lambda: 1 in asked and fake.requests_received >= 2)
    assert all(result.ok for result in results)
    assert sorted(asked) == list(range(6))


@pytest.mark.parametrize("name", [SERVED[0], SERVED[-1]])
def test_a_slow_consumer_fails_no_query(name: str, fake: FakeWeChat) -> None:
    """With a fifth of the times of a run in which 42 of 400 failed: 15 s a call, 0.5 s a result."""
    source_setup = SourceSetup(name)
    token, auditid = fake.token(), fake.submit().auditid
    queries = [(source_setup.source(lambda _: token), auditid) for _ in range(70)]
    client = source_setup.client_kind.client(fake, timeout=3)
    seen = 0
    for result in client.iter_audit_statuses(queries, max_concurrency=64):
        assert result.ok, result.error
        seen += 1
        pause(source_setup, 0.1)
    assert seen == 70
    source_setup.client_kind.close()


def test_the_loop_body_may_call_the_client_with_the_same_source(
    source_setup: SourceSetup, fake: FakeWeChat
) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    fake.expire(token)
    fresh = fake.token()
    source = source_setup.source(lambda refresh: fresh if refresh else token)
    client = source_setup.client_kind.client(fake, timeout=10)
    queries = [
        (source if number % 2 else source_setup.source(lambda _: fresh), auditid) for number in range(40)
    ]
    for result in client.iter_audit_statuses(queries, max_concurrency=2):
        assert result.ok, result.error
        assert client.get_audit_status(source, auditid).auditid == auditid


@pytest.mark.parametrize("same_thread", [False, True])
def test_the_input_may_call_the_client_with_the_same_source(same_thread: bool, fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    source = BlockingSource(lambda _: token, same_thread)
    client = fake.client(timeout=10)

    def queries() -> Iterator[Any]:
        for _ in range(20):
            yield source, auditid
            assert client.get_audit_status(source, auditid).auditid == auditid
            inner = client.get_audit_statuses([(source, auditid)] * 3)
            assert inner.counts() == {"IN_REVIEW": 3}

    batch = client.get_audit_statuses(queries(), max_concurrency=2)
    assert batch.counts() == {"IN_REVIEW": 20}


def test_a_source_of_the_same_thread_is_asked_in_the_consumers_thread_alone(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    threads: set[int] = set()

    def get_token(_: bool) -> str:
        threads.add(threading.get_ident())
        return token

    queries = [(BlockingSource(get_token, same_thread=True), auditid) for _ in range(40)]
    results = fake.client().iter_audit_statuses(queries, max_concurrency=2)
    assert all(result.ok for result in results)
    assert threads == {threading.get_ident()}
    wait_for_token_threads()


def test_sources_see_the_context_of_the_last_result(served: SourceSetup, fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    tenant = contextvars.ContextVar("tenant", default="nobody")
    seen: list[str] = []

    def get_token(_: bool) -> str:
        seen.append(tenant.get())
        return token

    queries = [(served.source(get_token), auditid) for _ in range(8)]

    def consume() -> None:
        tenant.set("shop 1")
        results = served.client_kind.client(fake).iter_audit_statuses(queries, max_concurrency=1)
        next(results)
        tenant.set("shop 2")
        assert all(result.ok for result in results)

    contextvars.copy_context().run(consume)
    assert seen[0] == "shop 1"
    assert seen[-1] == "shop 2"
    assert len(seen) == 8


def test_a_batch_that_nobody_ends_leaves_no_thread(fake: FakeWeChat) -> None:
    auditid = fake.submit().auditid
    queries = [(fake.token_source(), auditid) for _ in range(100)]
    results = fake.client().iter_audit_statuses(queries, max_concurrency=2)
    assert next(results).ok
    assert token_threads()
    del results
    gc.collect()
    wait_for_token_threads()


def test_a_batch_that_is_over_leaves_no_thread_before_its_last_result_is_taken(fake: FakeWeChat) -> None:
    auditid = fake.submit().auditid
    results = fake.client().iter_audit_statuses([(fake.token_source(), auditid)] * 3)
    assert next(results).ok
    deadline = time.monotonic() + 20
    while fake.requests_received < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    wait_for_token_threads()
    assert len(list(results)) == 2


def test_a_batch_with_fixed_tokens_has_no_thread(fake: FakeWeChat) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    for _ in fake.client().iter_audit_statuses([(token, auditid)] * 20, max_concurrency=1):
        assert token_threads() == []


def test_a_task_of_an_abandoned_loop_is_not_destroyed_pending(fake: FakeWeChat) -> None:
    """asyncio would log that, which the exception handler sees."""
    token, auditid = fake.token(), fake.submit().auditid
    told: list[Any] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))

    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            assert not refresh
            if not sources.index(self):
                return token
            hanging.set()
            await asyncio.Event().wait()
            raise AssertionError

    async def begin() -> Any:
        results = fake.async_client().iter_audit_statuses(
            [(source, auditid) for source in sources], max_concurrency=1
        )
        assert (await anext(results)).ok
        await asyncio.wait_for(hanging.wait(), 20)
        return results

    sources = [Source() for _ in range(3)]
    hanging = asyncio.Event()
    results = loop.run_until_complete(begin())
    loop.close()
    del results
    gc.collect()
    assert told == []


def test_a_thread_that_cannot_be_started_is_a_failure_that_may_pass(
    fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, auditid = fake.token(), fake.submit().auditid
    started = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "wxaudit-token":
            raise RuntimeError("can't start new thread")
        started(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    queries = [(BlockingSource(lambda _: token), auditid) for _ in range(20)]
    client = fake.client(timeout=10)
    batch = client.get_audit_statuses(queries)
    assert batch.counts() == {"TransportError": 20}
    assert all(error.retryable for error in batch.errors)
    monkeypatch.undo()
    assert client.get_audit_statuses(queries).counts() == {"IN_REVIEW": 20}


def test_an_interrupt_of_a_source_ends_an_asyncio_batch(fake: FakeWeChat) -> None:
    class Stop(BaseException):
        pass

    class Source:
        async def get_token(self, *, refresh: bool = False) -> str:
            raise Stop(refresh)

    async def main() -> None:
        with pytest.raises(Stop):
            await fake.async_client().get_audit_statuses([(Source(), 1234567)])

    asyncio.run(main())
