"""Event loops of any kind: one after another, several at once, closed and let go with calls in flight."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import warnings
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from support.event_loops import PipelessLoop
from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import interpreters, report, run
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import wxaudit
    from wxaudit.testing import FakeWeChat


def test_one_client_serves_one_loop_after_the_other(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    for _ in range(3):
        assert run_in_loop(client.get_audit_status(token, audit.auditid)).auditid == audit.auditid
        assert asyncio.run(client.get_audit_status(token, audit.auditid)).auditid == audit.auditid
    assert fake.connections_accepted == 1


def test_one_client_serves_loops_in_several_threads_at_once(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audits = [fake.submit(state=1, reason=f"audit {number}") for number in range(2)]
    token, client = fake.token(), fake.async_client()
    both_run = threading.Barrier(2)
    failures: list[BaseException] = []

    async def main(number: int) -> None:
        both_run.wait(20)
        for _ in range(5):
            calls = [client.get_audit_status(token, audits[number].auditid) for _ in range(40)]
            assert {audit.reason for audit in await asyncio.gather(*calls)} == {f"audit {number}"}

    def work(number: int) -> None:
        try:
            run_in_loop(main(number))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert fake.requests_received == 400


def test_a_call_reaches_a_loop_in_another_thread(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        call = client.get_audit_status(token, audit.auditid)
        assert asyncio.run_coroutine_threadsafe(call, loop).result(20).auditid == audit.auditid
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_loops_closed_with_calls_in_flight_leave_no_message_and_no_leak(
    fake_process: FakeProcess, kind: str
) -> None:
    # An abandoned loop of asyncio's own is a ResourceWarning; these are closed.
    seen = report("closed_loops", fake_process.base_url, fake_process.token(), 20, kind, HELD_AUDITID)
    (threads, descriptors), most, after = seen["before"], seen["most"], seen["after"]
    print(
        f"{kind}: 20 loops closed with 16 calls in flight each: {threads} threads before, {after[0]} after; "
        f"{descriptors} descriptors before, at most {most[1]}, {after[1]} in the end"
    )
    assert threads == after[0] == most[0] == 2
    assert after[1] <= descriptors + 8


def test_nothing_keeps_a_loop_that_is_over(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()

    def use_one() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.get_audit_status(token, audit.auditid))
        loop.close()
        return weakref.ref(loop)

    loops = [use_one() for _ in range(20)]
    gc.collect()
    assert [loop() for loop in loops if loop() is not None] == []


def test_many_short_loops_use_no_more_threads_and_descriptors(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    asyncio.run(client.get_audit_status(token, audit.auditid))
    # What earlier tests have left for the collector goes now.
    gc.collect()

    def resources() -> tuple[int, int]:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

    before = resources()
    for _ in range(100):
        asyncio.run(client.get_audit_status(token, audit.auditid))
    # The pipe of the last loop is closed by the thread that has written into it, a moment later.
    deadline = time.monotonic() + 5
    while resources()[1] > before[1] and time.monotonic() < deadline:
        time.sleep(0.001)
    threads, descriptors = resources()
    assert threads == before[0]
    assert descriptors <= before[1]


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "wxaudit-loop"]


def test_the_thread_that_watches_for_a_loop_ends_with_it(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()

    def use_one() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = PipelessLoop()
        answer = loop.run_until_complete(client.get_audit_status(token, audit.auditid))
        assert answer.auditid == audit.auditid
        loop.close()
        return weakref.ref(loop)

    loops = [use_one() for _ in range(5)]
    gc.collect()
    for thread in watchers():
        thread.join(10)
    assert ([loop() for loop in loops], watchers()) == ([None] * 5, [])


def test_that_thread_ends_when_the_calls_of_a_closed_loop_do(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client(timeout=0.2)
    fake.fail_next(Fault(hold=True), times=4)

    def abandon_one() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = PipelessLoop()
        loop.run_until_complete(begin_calls(client, token, audit.auditid, 4))
        loop.close()
        return weakref.ref(loop)

    loop = abandon_one()
    for thread in watchers():
        # Calls that nobody awaits end at their time limit; then nothing keeps the loop.
        while thread.is_alive():
            gc.collect()
            thread.join(0.05)
    assert (loop(), watchers()) == (None, [])


async def begin_calls(
    client: wxaudit.AsyncClient, token: str, auditid: int, count: int
) -> asyncio.Future[list[wxaudit.AuditStatus]]:
    """Calls in flight. Tasks of a gather may be dropped while they wait, without a word from asyncio."""
    gathered = asyncio.gather(*[client.get_audit_status(token, auditid) for _ in range(count)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return gathered


def test_a_loop_that_is_let_go_unclosed_drops_its_calls(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    fake.fail_next(Fault(hold=True), times=4)

    def abandon_one() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(begin_calls(client, token, audit.auditid, 4))
        fake.wait_for_requests(4)
        return weakref.ref(loop)

    with warnings.catch_warnings():
        # What asyncio says of any loop that is not closed.
        warnings.simplefilter("ignore", ResourceWarning)
        loop = abandon_one()
        gc.collect()
    assert loop() is None
    closed = fake.wait_for_connections_closed(4)
    assert {connection.closed_by for connection in closed} == {"client"}


def test_a_task_that_nobody_keeps_is_finished(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    fake.fail_next(Fault(delay=0.1))

    async def main() -> int:
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def ask() -> None:
            answered.set_result((await client.get_audit_status(token, audit.auditid)).auditid)

        asyncio.create_task(ask())  # noqa: RUF006  # that nobody keeps it is what is tested
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()
        return await answered

    assert run_in_loop(main()) == audit.auditid


@pytest.mark.parametrize("version", interpreters())
def test_a_forked_child_may_go_on_with_a_loop_that_is_not_running(
    fake_process: FakeProcess, version: str
) -> None:
    python = interpreters()[version]
    # Of which Python 3.12 and later warn where there are threads.
    flags = ("-W", "ignore::DeprecationWarning")
    ended = run("fork_with_loop", fake_process.base_url, fake_process.token(), python=python, flags=flags)
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.stdout.splitlines() == ["parent: right", "child: right", "parent: right"]
