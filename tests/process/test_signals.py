"""Ctrl-C and its like: a blocking call ends within 100 ms, its request is dropped, the client works on."""

from __future__ import annotations

import signal
import statistics
import subprocess

import pytest

from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import command, environment, report, run

INTERRUPTS = 100


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGALRM"])
def test_a_hundred_interrupts_at_random_moments(fake_process: FakeProcess, name: str) -> None:
    interrupts = report(
        "interrupts", fake_process.base_url, fake_process.token(), name, INTERRUPTS, HELD_AUDITID
    )
    latencies = [latency for latency, _ in interrupts]
    p99 = statistics.quantiles(latencies, n=100)[98]
    drops = [
        connection["closed_at"]
        for connection in fake_process.connections()["closed"]
        if connection["unanswered"] is not None
    ]
    # Each drop beside the interrupt that was raised last before it, or, by a hair, next.
    moments = [raised_at for _, raised_at in interrupts[::2]]
    delays = [min(abs(closed_at - raised_at) for raised_at in moments) for closed_at in drops]
    print(
        f"{name}: {len(interrupts)} interrupts, raised after {1000 * statistics.median(latencies):.0f} ms "
        f"(median), {1000 * p99:.0f} ms (p99), {1000 * max(latencies):.0f} ms (most); the server saw "
        f"{len(drops)} connections drop, at most {1000 * max(delays):.0f} ms away"
    )
    assert len(interrupts) == INTERRUPTS
    assert p99 <= 0.1
    # The first few milliseconds of a call go to connecting: not every interrupt met a request at the server.
    assert INTERRUPTS // 4 <= len(drops) <= INTERRUPTS // 2 + INTERRUPTS // 10
    assert max(delays) <= 0.1


@pytest.mark.parametrize(
    "moment",
    [
        "in_a_token_source",
        "in_on_event",
        "in_asyncio_run",
        "with_a_handler_that_does_not_raise",
        "with_the_call_in_another_thread",
    ],
)
def test_a_signal(fake_process: FakeProcess, moment: str) -> None:
    ended = run("interrupt_at", fake_process.base_url, fake_process.token(), moment, HELD_AUDITID)
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "", 0)


def test_ctrl_c_ends_a_program_as_it_ends_any_other(fake_process: FakeProcess) -> None:
    token = fake_process.token()
    program = subprocess.Popen(
        command("one_call", HELD_AUDITID),
        stderr=subprocess.PIPE,
        text=True,
        env=environment(WXAUDIT_BASE_URL=fake_process.base_url, TOKEN=token),
    )
    fake_process.connections("wait_for_held=1")
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=20)
    assert program.returncode == -signal.SIGINT
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("\nKeyboardInterrupt\n")
    assert token not in err
