"""Threads, descriptors and memory: what a client needs stays the same, however long it is used."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from operator import gt, le
from typing import TYPE_CHECKING

import pytest

from support.fake_process import FakeProcess
from support.programs import report
from support.threads import thread_names
from wxaudit.testing import FakeWeChat, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    import wxaudit
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeAudit


def resources() -> tuple[int, int]:
    """The threads and descriptors of this process."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def wake_ups_of_the_io_thread() -> int:
    """How often the thread that drives what is in flight has gone to sleep, by the kernel's count."""
    task = next(task for task, name in thread_names().items() if name == "wxaudit-io")
    status = (task / "status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def submit_numbered(fake: FakeWeChat, count: int) -> list[FakeAudit]:
    """Audits whose reason holds their own number, so that no answer can pass for another's."""
    return [fake.submit(state=1, reason=f"audit {number}") for number in range(count)]


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Does `work` in that many threads at once."""
    with ThreadPoolExecutor(count) as pool:
        for outcome in [pool.submit(work, number) for number in range(count)]:
            outcome.result()


def test_eight_threads_share_a_client(fake: FakeWeChat) -> None:
    audits, token, client = submit_numbered(fake, 8), fake.token(), fake.client()

    def work(number: int) -> None:
        for _ in range(200):
            audit = client.get_audit_status(token, audits[number].auditid)
            assert audit.reason == f"audit {number}"

    in_threads(8, work)
    print(f"8 threads, 1600 calls, {fake.connections_accepted} connections")
    assert fake.requests_received == 1600
    assert fake.connections_accepted <= 16


def test_many_short_threads_leave_nothing_behind(fake: FakeWeChat) -> None:
    audits, token, client = submit_numbered(fake, 8), fake.token(), fake.client()
    source = fake.token_source()
    client.get_audit_status(token, audits[0].auditid)
    before = resources()

    def work(number: int) -> None:
        audit = client.get_audit_status(source if number % 2 else token, audits[number % 8].auditid)
        answers.append(audit.reason == f"audit {number % 8}")

    answers: list[bool] = []
    for start in range(0, 400, 8):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(start, start + 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # The thread that asked the token source last may be about to end.
    deadline = time.monotonic() + 10
    while (after := resources())[0] > before[0] and time.monotonic() < deadline:
        time.sleep(0.001)
    print(f"400 threads, a call each: threads {before[0]} → {after[0]}, descriptors {before[1]} → {after[1]}")
    assert answers == [True] * 400
    assert after[0] == before[0]
    # Eight at once leave at most eight idle connections; both their ends are in this process.
    assert after[1] <= before[1] + 2 * 8


def test_max_concurrency_bounds_the_requests_under_way(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.client(max_concurrency=3)
    fake.fail_next(Fault(hold=True), times=3)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(client.get_audit_status, token, audit.auditid) for _ in range(8)]
        fake.wait_for_held(3)
        assert fake.requests_received == 3
        fake.release()
        assert [call.result().auditid for call in calls] == [audit.auditid] * 8
    assert fake.connections_accepted <= 3


def test_a_closed_client_closes_its_connections(client_kind: ClientKind, fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), client_kind.client(fake)
    client.get_audit_status(token, audit.auditid)
    assert fake.connections_open == 1
    client.close()
    fake.wait_for_connections_open(0)
    with pytest.raises(RuntimeError, match="closed"):
        client.get_audit_status(token, audit.auditid)


def test_a_call_under_way_outlives_close(fake: FakeWeChat) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.client()
    fake.fail_next(Fault(hold=True))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get_audit_status, token, audit.auditid)
        fake.wait_for_held(1)
        client.close()
        fake.release()
        assert call.result().auditid == audit.auditid
    fake.wait_for_connections_open(0)


def test_clients_that_are_dropped_close_their_connections(fake: FakeWeChat) -> None:
    audit, token = fake.submit(), fake.token()
    fake.client().get_audit_status(token, audit.auditid)
    fake.wait_for_connections_open(0)
    before = resources()
    for _ in range(100):
        fake.client().get_audit_status(token, audit.auditid)
    fake.wait_for_connections_open(0)
    assert fake.connections_accepted == 101
    # A connection is closed there a moment before its descriptor is free here: the one before, too.
    until = time.monotonic() + 10
    while any(map(gt, resources(), before)) and time.monotonic() < until:
        time.sleep(0.01)
    assert all(map(le, resources(), before))


def test_only_calls_that_are_alone_are_driven_by_their_own_thread(fake: FakeWeChat) -> None:
    client, token, auditid = fake.client(), fake.token(), fake.submit().auditid

    def wake_ups_of_200_calls(enough: Callable[[int], bool]) -> int:
        """Of the first round with enough of them: a busy machine may spoil one."""
        until = time.monotonic() + 10
        while True:
            before = wake_ups_of_the_io_thread()
            for _ in range(200):
                client.get_audit_status(token, auditid)
            count = wake_ups_of_the_io_thread() - before
            if enough(count) or time.monotonic() > until:
                return count

    client.get_audit_status(token, auditid)
    alone = wake_ups_of_200_calls(lambda count: count < 100)
    held = fake.submit().auditid
    fake.fail_next(Fault(hold=True), auditid=held)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(client.get_audit_status, token, held)
        fake.wait_for_held(1)
        # For its first moment the other one drives them all.
        beside = wake_ups_of_200_calls(lambda count: count >= 100)
        fake.release()
        assert other.result().auditid == held
    print(f"200 calls woke the I/O thread {alone} times, beside another call {beside} times")
    assert alone < 100 <= beside


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_ten_thousand_calls_take_no_memory(kind: str) -> None:
    with FakeProcess() as fake:
        fake.submit_numbered(range(1001, 1012))
        expired = fake.token()
        fake.expire(expired)
        fake.fail_next(None, auditid=1010, cut="head")
        fake.fail_next(None, auditid=1011, cut="body", cut_at=10)
        seen = report("memory", fake.base_url, fake.token(), kind, expired, flags=())
    calls, growth = sum(seen["outcomes"].values()), seen["growth"]
    outcomes = ", ".join(f"{count} {name}" for name, count in seen["outcomes"].items())
    print(f"{kind}: {calls} calls ({outcomes}): {growth / 1e6:+.1f} MB, {seen['threads']} threads")
    assert calls == 10_000
    expected = {"AuditStatus", "TokenError", "TransportError", "AuditNotFoundError", "ArgumentError"}
    assert seen["outcomes"].keys() == expected
    assert growth <= 5_000_000
    assert seen["threads"] <= 3


def test_a_call_may_run_in_a_thread_that_python_did_not_start(fake: FakeWeChat) -> None:
    """`_thread` starts one that `threading` knows nothing of."""
    import _thread

    audit, token, client = fake.submit(), fake.token(), fake.client()
    answers: list[wxaudit.AuditStatus] = []
    done = threading.Event()

    def work() -> None:
        answers.append(client.get_audit_status(token, audit.auditid))
        done.set()

    _thread.start_new_thread(work, ())
    assert done.wait(20)
    assert answers[0].auditid == audit.auditid
