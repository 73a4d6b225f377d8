"""Batches and what surrounds them: event loops that end early, forks, and the end of the interpreter."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.busy_cores import busy_cores
from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import STRICT, Ended, interpreters, report, run

if TYPE_CHECKING:
    from collections.abc import Iterator

MANNERS = [
    "while_a_daemon_thread_collects",
    "while_a_daemon_thread_iterates",
    "while_a_daemon_thread_waits",
    "with_an_iterator_in_a_global",
    "with_an_iterator_in_a_cycle",
    "with_an_abandoned_loop",
    "with_a_loop_in_a_daemon_thread",
    "out_of_asyncio_run",
    "with_hanging_token_sources",
]
EXITS = 54
AT_ONCE = 4


@pytest.fixture(scope="module")
def served() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        yield fake


@pytest.fixture
def fake(served: FakeProcess) -> FakeProcess:
    served.reset()
    served.set_up()
    return served


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "moment",
    [
        "collecting_a_list",
        "collecting_from_a_generator",
        "collecting_from_an_async_generator",
        "iterating_over_a_generator",
        "iterating_over_an_async_generator",
        "by_wait_for",
        *(["by_timeout"] if sys.version_info >= (3, 11) else []),
        "by_aclose",
        "by_a_break",
        "by_an_error_in_the_loop_body",
        "at_random_moments",
        "while_token_sources_hang",
        "as_the_loop_ends",
        "as_the_loop_is_closed",
        "in_one_loop_after_the_other",
    ],
)
def test_a_batch_that_is_cancelled_leaves_nothing_behind(fake: FakeProcess, moment: str, kind: str) -> None:
    control_url = fake._control.geturl()
    seen = report(
        "batch_cancel", fake.base_url, fake.token(), kind, moment, HELD_AUDITID, control_url, timeout=60
    )
    print(
        f"{kind}, {moment}: nothing was left {1000 * seen['seconds']:.0f} ms later, "
        f"{seen['threads']} threads in the end"
    )
    assert seen["seconds"] <= 0.1
    assert seen["threads"] <= 4


@pytest.mark.parametrize(
    "moment",
    [
        "under_load",
        "iterate_on_in_the_child",
        "drop_it_in_the_child",
        "out_of_the_input",
        "out_of_progress",
        "in_a_token_source",
        "with_a_batch_in_the_loop",
        "in_a_pool",
    ],
)
def test_a_fork_in_the_middle_of_a_batch(fake: FakeProcess, moment: str) -> None:
    seen = report("batch_fork", fake.base_url, fake.token(), moment, timeout=60)
    print(f"{moment}: {seen or 'right'}")


@pytest.mark.parametrize("version", sorted({"3.11", "3.13"} & interpreters().keys()) or interpreters())
def test_interpreters_exit_quietly_with_batches_in_flight_under_load(fake: FakeProcess, version: str) -> None:
    token = fake.token()

    def leave(manner: str) -> tuple[str, Ended]:
        python = interpreters()[version]
        arguments = (fake.base_url, token, manner, HELD_AUDITID)
        return manner, run("batch_exit", *arguments, python=python, flags=())

    with busy_cores(), ThreadPoolExecutor(AT_ONCE) as pool:
        exits = list(pool.map(leave, [MANNERS[number % len(MANNERS)] for number in range(EXITS)]))

    took = {
        manner: max(ended.ended_at - float(ended.stdout) for other, ended in exits if other == manner)
        for manner in MANNERS
    }
    print(f"Python {version}: {len(exits)} exits with batches in flight, {os.cpu_count()} cores kept busy")
    for manner, seconds in took.items():
        print(f"  {manner:<42} at most {seconds:.2f} s")
    assert [(manner, ended) for manner, ended in exits if (ended.returncode, ended.stderr) != (0, "")] == []
    assert max(took.values()) <= 2


@pytest.mark.parametrize("manner", MANNERS)
def test_an_exit_is_quiet_with_every_check_on(fake: FakeProcess, manner: str) -> None:
    # An abandoned loop is a ResourceWarning of asyncio's; the others leave nothing to warn of.
    flags = ("-bb",) if manner == "with_an_abandoned_loop" else STRICT
    ended = run("batch_exit", fake.base_url, fake.token(), manner, HELD_AUDITID, flags=flags)
    assert (ended.stderr, ended.returncode) == ("", 0)


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_two_hundred_batches_leave_nothing_behind(fake: FakeProcess, kind: str) -> None:
    fake.fail_next(None, auditid=1010, cut="head", cut_at=0)
    fake.fail_next(None, auditid=1011, cut="body", cut_at=10)
    expired = fake.token()
    fake.expire(expired)
    seen = report("batch_leaks", fake.base_url, fake.token(), kind, expired, flags=())
    before, after, outcomes = seen["before"], seen["after"], seen["outcomes"]
    print(f"{kind}: 200 batches of 50, {outcomes}")
    for what, count in before.items():
        print(f"  {what:<12} {count:.1f} → {after[what]:.1f}".replace(".0", ""))
    assert after["megabytes"] - before["megabytes"] < 3
    assert after["objects"] - before["objects"] < 50
    assert after["blocks"] - before["blocks"] < 1000
    assert after["threads"] <= before["threads"] <= 3
    assert after["descriptors"] <= before["descriptors"] + 64
    assert outcomes["ExceptionGroup"] == 50
    assert outcomes.keys() >= {
        "AuditStatus",
        "AuditResult",
        "ArgumentError",
        "AuditNotFoundError",
        "TokenError",
        "TransportError",
    }
