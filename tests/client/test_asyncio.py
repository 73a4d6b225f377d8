"""The asyncio client: few threads, any number of loops, real cancellation, quiet ends."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from stopwatch import Stopwatch

import wxaudit
from support.programs import interpreters, report, run
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from support.fake_process import FakeProcess
    from wxaudit.testing import FakeAudit, FakeWeChat

KINDS = ["asyncio", "uvloop"]


def submit_numbered(fake: FakeWeChat, count: int) -> list[FakeAudit]:
    """Audits whose reason holds their own number, so that no answer can pass for another's."""
    return [fake.submit(state=1, reason=f"audit {number}") for number in range(count)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("host", "max_concurrency"), [("127.0.0.1", 64), ("localhost", 256)])
def test_two_thousand_calls_in_one_gather_need_few_threads(
    fake_process: FakeProcess, host: str, max_concurrency: int, kind: str
) -> None:
    base_url = f"http://{host}:{fake_process.port}"
    seen = report("gather", base_url, fake_process.token(), 2000, max_concurrency, kind, flags=())
    print(
        f"{kind}, {host}, {max_concurrency} requests at once: {seen['right']} right answers in one gather, "
        f"{seen['threads']} threads, {2000 / seen['seconds']:.0f} calls/s"
    )
    assert seen["right"] == 2000
    assert seen["before"] == 1
    assert seen["threads"] <= 3


def test_cancelled_calls_close_their_connections_at_once(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    fake.fail_next(Fault(hold=True), times=None)

    async def main() -> Stopwatch:
        calls = [asyncio.create_task(client.get_audit_status(token, audit.auditid)) for _ in range(50)]
        await asyncio.to_thread(fake.wait_for_held, 50)
        since_the_end = Stopwatch()
        for call in calls:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 50
        return since_the_end

    since_the_end: Stopwatch = run_in_loop(main())
    closed = fake.wait_for_connections_closed(50)
    slowest = since_the_end.seconds(until=max(connection.closed_at for connection in closed))
    print(f"50 cancelled calls: the server saw the last connection close {1000 * slowest:.0f} ms later")
    assert all(connection.unanswered is not None for connection in closed)
    assert {connection.closed_by for connection in closed} == {"client"}
    assert slowest <= 0.1


def test_calls_cancelled_at_random_moments_leave_nothing_behind(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audits = submit_numbered(fake, 8)
    token, client = fake.token(), fake.async_client()

    async def main() -> int:
        loop = asyncio.get_running_loop()
        calls = []
        begun = loop.time()
        await client.get_audit_status(token, audits[0].auditid)
        # On a busy machine too, some are answered before they are cancelled.
        longest = max(0.02, 4 * (loop.time() - begun))
        for number in range(400):
            audit = audits[number % len(audits)]
            call = asyncio.create_task(client.get_audit_status(token, audit.auditid))
            loop.call_later(random.uniform(0, longest), call.cancel)  # noqa: S311  # no secret
            calls.append(call)
            if number % 16 == 0:
                await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=0.01)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        answers = 0
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, wxaudit.AuditStatus):
                assert outcome.reason == f"audit {number % len(audits)}"
                answers += 1
            else:
                assert isinstance(outcome, asyncio.CancelledError)
        for audit in audits:
            status = await client.get_audit_status(token, audit.auditid)
            assert status.reason == audit.reason
        return answers

    answers = run_in_loop(main())
    print(f"400 calls cancelled at random moments: {answers} had been answered, {400 - answers} not")
    assert 0 < answers < 400


def test_a_call_can_be_a_task_of_its_own(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()

    async def main() -> list[wxaudit.AuditStatus]:
        task = asyncio.create_task(client.get_audit_status(token, audit.auditid), name="audit")
        future = asyncio.ensure_future(client.get_audit_status(token, audit.auditid))
        shielded = asyncio.shield(client.get_audit_status(token, audit.auditid))
        return [await task, await future, await shielded]

    answers = run_in_loop(main())
    assert [answer.auditid for answer in answers] == [audit.auditid] * 3


def test_wait_for_ends_a_call(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()
    fake.fail_next(Fault(hold=True))

    async def main() -> wxaudit.AuditStatus:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_audit_status(token, audit.auditid), 0.1)
        closed = await asyncio.to_thread(fake.wait_for_connections_closed, 1)
        assert closed[0].unanswered is not None
        return await asyncio.wait_for(client.get_audit_status(token, audit.auditid), 10)

    assert run_in_loop(main()).auditid == audit.auditid


def test_debug_mode_finds_nothing(fake: FakeWeChat, caplog: pytest.LogCaptureFixture) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()

    async def main() -> None:
        # Callbacks that take long would tell of the machine's load.
        asyncio.get_running_loop().slow_callback_duration = 60
        calls = [client.get_audit_status(token, audit.auditid) for _ in range(100)]
        await asyncio.gather(*calls)
        cancelled = asyncio.create_task(client.get_audit_status(token, audit.auditid))
        cancelled.cancel()
        await asyncio.wait([cancelled])

    asyncio.run(main(), debug=True)
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


def test_eager_tasks(fake_process: FakeProcess) -> None:
    # Python 3.12 brought them.
    versions = [version for version in interpreters() if int(version.partition(".")[2]) >= 12]
    for version in versions:
        ended = run(
            "eager_tasks", fake_process.base_url, fake_process.token(), python=interpreters()[version]
        )
        assert (ended.stderr, ended.stdout, ended.returncode) == ("", "right\n", 0)
    print(f"eager tasks on Python {', '.join(versions) or '(none of 3.12 or later is here)'}")


def test_one_failure_in_a_gather_leaves_the_others_alone(
    fake: FakeWeChat, run_in_loop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    audit, token, client = fake.submit(), fake.token(), fake.async_client()

    async def main() -> list[wxaudit.AuditStatus | BaseException]:
        calls: list[Awaitable[wxaudit.AuditStatus]] = [
            client.get_audit_status(token, audit.auditid),
            client.get_audit_status(token, 1),
            client.get_audit_status(token, -1),
            client.get_audit_status(token, audit.auditid),
        ]
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = run_in_loop(main())
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "AuditStatus",
        "AuditNotFoundError",
        "ArgumentError",
        "AuditStatus",
    ]
