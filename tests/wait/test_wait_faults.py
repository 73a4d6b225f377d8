"""What surrounds a wait: callbacks, clocks, interruption, and arguments that cannot be used."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from support.scripted_answers import Script, scripted, wait, wait_for_each
from wxaudit import AuditState, AuditStatus, Polling
from wxaudit.testing import FakeClock

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from support.scripted_answers import Answer
    from wxaudit.testing import FakeWeChat

PENDING = AuditStatus(1, AuditState.IN_REVIEW)
APPROVED = AuditStatus(1, AuditState.APPROVED)
TOKEN = "84_it-must-not-be-seen"


def after_three(_: int, seconds: float) -> Answer:
    return PENDING if seconds < 100 else APPROVED


def test_a_callback_that_raises_ends_nothing(
    client_kind: ClientKind, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(seen: object) -> None:
        raise ValueError(seen)

    with caplog.at_level(logging.ERROR, "wxaudit"):
        assert (
            wait(client_kind, scripted(client_kind, Script(after_three)), timeout=999, on_poll=fail)
            == APPROVED
        )
        client = scripted(client_kind, Script(after_three))
        (result,) = wait_for_each(client_kind, client, [("t", 1)], timeout=999, on_poll=fail)
        assert result.status == APPROVED
    assert {record.getMessage() for record in caplog.records} == {"on_poll raised; the wait goes on"}
    assert len(caplog.records) >= 8


def test_a_callback_may_end_the_program(client_kind: ClientKind) -> None:
    def leave(_: object) -> None:
        raise SystemExit(3)

    script = Script(after_three)
    with pytest.raises(SystemExit):
        wait(client_kind, scripted(client_kind, script), timeout=999, on_poll=leave)
    with pytest.raises(SystemExit):
        list(
            wait_for_each(client_kind, scripted(client_kind, script), [("t", 1)], timeout=999, on_poll=leave)
        )
    assert len(script.polls) == 2


def test_a_callback_may_be_a_coroutine_function(client_kind: ClientKind) -> None:
    seen: list[object] = []

    async def on_poll(status: object) -> None:
        await asyncio.sleep(0)
        seen.append(status)

    class Polled:
        async def __call__(self, status: object) -> None:
            await on_poll(status)

    for asynchronous in (on_poll, partial(on_poll), Polled(), partial(Polled())):
        client = scripted(client_kind, Script(after_three))
        if client_kind.kind == "blocking":
            with pytest.raises(wxaudit.ArgumentError, match="only AsyncClient can await it"):
                wait(client_kind, client, timeout=999, on_poll=asynchronous)
        else:
            wait(client_kind, client, timeout=999, on_poll=asynchronous)
            assert seen[-2:] == [PENDING, APPROVED]
            seen.clear()


class AsynchronousClock(FakeClock):
    """As an application's own test clock may be."""

    async def sleep(self, seconds: float, /) -> None:  # type: ignore[override]  # another kind of clock
        await asyncio.sleep(0)
        self.advance(seconds)


def test_a_clock_may_sleep_asynchronously(client_kind: ClientKind) -> None:
    client = scripted(client_kind, Script(after_three))
    clock = client.script.clock = AsynchronousClock(client.script.clock.now())
    if client_kind.kind == "blocking":
        with pytest.raises(wxaudit.ArgumentError, match="clock: its sleep is a coroutine function"):
            wait(client_kind, client, timeout=999, clock=clock)
    else:
        assert wait(client_kind, client, timeout=999, clock=clock) == APPROVED


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=timezone.utc)

    def sleep(self, seconds: float, /) -> None:
        """Nothing passes."""


def test_a_clock_that_stands_still_does_not_make_a_wait_endless(client_kind: ClientKind) -> None:
    script = Script(lambda *_: PENDING)
    with pytest.raises(wxaudit.WaitTimeout):
        wait(
            client_kind,
            scripted(client_kind, script),
            timeout=90,
            polling=Polling(30, 30, 1, 0),
            clock=StoppedClock(),
        )
    assert len(script.polls) == 4


def test_by_the_systems_clock(client_kind: ClientKind, fake: FakeWeChat) -> None:
    submitted = fake.submit()
    moments: list[float] = []

    def on_poll(_: object) -> None:
        moments.append(time.monotonic())
        if len(moments) == 5:
            submitted.approve()

    polling = Polling(0.02, 0.05, 1.5, 0.5)
    client = client_kind.client(fake).inner
    wait(client_kind, client, submitted.auditid, fake.token(), timeout=60, polling=polling, on_poll=on_poll)
    assert len(moments) == 6
    began = time.monotonic()
    with pytest.raises(wxaudit.WaitTimeout):
        wait(client_kind, client, fake.submit().auditid, fake.token(), timeout=0.3, polling=polling)
    assert 0.25 <= time.monotonic() - began < 1


@pytest.mark.parametrize("many", [False, True])
def test_ctrl_c_ends_the_sleep_between_polls(fake: FakeWeChat, many: bool) -> None:
    raised_at: list[float] = []

    def interrupt() -> None:
        raised_at.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def on_poll(_: object) -> None:
        threading.Timer(0.1, interrupt).start()

    client, query = fake.client(), (fake.token(), fake.submit().auditid)

    def waited() -> object:
        if many:
            return list(client.wait_for_decisions([query], timeout=None, on_poll=on_poll))
        return client.wait_for_decision(*query, timeout=None, on_poll=on_poll)

    with pytest.raises(KeyboardInterrupt):
        waited()
    assert time.monotonic() - raised_at[0] < 0.1
    assert client.get_audit_status(*query).is_pending


@pytest.mark.parametrize("many", [False, True])
def test_a_wait_can_be_cancelled(fake: FakeWeChat, many: bool) -> None:
    async def main() -> float:
        client, polled = fake.async_client(), asyncio.Event()
        query = (fake.token(), fake.submit().auditid)

        async def waited() -> None:
            if many:
                async for _ in client.wait_for_decisions([query], timeout=None, on_poll=on_poll):
                    pass
            else:
                await client.wait_for_decision(*query, timeout=None, on_poll=on_poll)

        def on_poll(_: object) -> None:
            polled.set()

        task = asyncio.create_task(waited())
        await polled.wait()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert asyncio.run(main()) < 0.1


def test_waits_in_several_threads_and_tasks_share_a_client(fake: FakeWeChat) -> None:
    polling = Polling(0.01, 0.02, 1.5, 0.5)
    audits = [fake.submit() for _ in range(20)]
    client, token = fake.client(), fake.token()
    found: list[int] = []

    def decided(auditid: int) -> None:
        found.append(client.wait_for_decision(token, auditid, timeout=60, polling=polling).auditid)

    threads = [threading.Thread(target=decided, args=(audit.auditid,)) for audit in audits]
    for thread in threads:
        thread.start()
    fake.wait_for_requests(60)
    for audit in audits:
        audit.approve()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(audit.auditid for audit in audits)


@pytest.mark.parametrize("many", [False, True])
def test_closing_the_client_ends_its_waits(client_kind: ClientKind, fake: FakeWeChat, many: bool) -> None:
    client: Any = client_kind.client(fake).inner
    token, auditid = fake.token(), fake.submit().auditid

    def begin() -> object:
        options = {"timeout": 999, "on_poll": lambda _: client.close(), "clock": fake.clock}
        if many:
            return list(wait_for_each(client_kind, client, [(token, auditid)], **options))
        return wait(client_kind, client, auditid, token, **options)

    # While it waits, and before it begins.
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"this \w+ is closed"):
            begin()
    assert fake.requests_received == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"timeout": 0},
        "timeout must be at least 0.001 seconds, got 0; write timeout=timedelta(days=7), ",
    ),
    ({"timeout": -1.5}, "timeout must be at least 0.001 seconds, got -1.5"),
    ({"timeout": timedelta(0)}, "timeout must be at least 0.001 seconds, got datetime.timedelta(0)"),
    ({"timeout": float("nan")}, "timeout must be at least 0.001 seconds, got nan"),
    ({"timeout": 5e-324}, "timeout must be at least 0.001 seconds, got 5e-324"),
    ({"timeout": timedelta(microseconds=999)}, "timeout must be at least 0.001 seconds, got datetime.timed"),
    ({"timeout": float("inf")}, "timeout must be at most one year, got inf"),
    ({"timeout": 10**9}, "it is in seconds, not in milliseconds"),
    ({"timeout": True}, "timeout must be a number of seconds or a timedelta, got True"),
    ({"timeout": TOKEN}, "timeout must be a number of seconds or a timedelta, got str"),
    ({"timeout": wxaudit.Timeout(5)}, "timeout must be a number of seconds or a timedelta, got Timeout"),
    ({"polling": 60}, "polling must be a Polling, got 60; write Polling(initial=30)"),
    ({"polling": None}, "polling must be a Polling, got NoneType"),
    ({"polling": Polling}, "polling must be a Polling, got type"),
    ({"polling": TOKEN}, "polling must be a Polling, got str"),
    ({"on_poll": TOKEN}, "on_poll must be callable, got str"),
    ({"on_poll": [print]}, "on_poll must be callable, got list"),
    ({"clock": FakeClock}, "clock must be an instance, got the class; write clock=FakeClock()"),
    ({"clock": TOKEN}, "clock must have now() and sleep(seconds), got str"),
    ({"clock": time}, "clock must have now() and sleep(seconds), got module"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_cannot_be_used_is_refused_at_once(
    client_kind: ClientKind, fake: FakeWeChat, options: dict[str, Any], message: str
) -> None:
    client: Any = client_kind.client(fake).inner
    query = (fake.token(), fake.submit().auditid)
    for begin in (client.wait_for_decision, lambda *one, **given: client.wait_for_decisions([one], **given)):
        with pytest.raises(wxaudit.ArgumentError) as raised:
            client_kind.run(begin(*query, **{"timeout": 60, **options}))
        assert message in str(raised.value)
        assert TOKEN not in str(raised.value)
    assert fake.requests_received == 0


def test_timeout_has_to_be_given(client_kind: ClientKind) -> None:
    client: Any = scripted(client_kind, Script(after_three))
    with pytest.raises(TypeError, match="timeout"):
        client.wait_for_decision("t", 1)
    with pytest.raises(TypeError, match="timeout"):
        client.wait_for_decisions([])
