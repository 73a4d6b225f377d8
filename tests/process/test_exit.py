"""The end of an interpreter with calls in flight: exit code 0, nothing on standard error, and soon."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.busy_cores import busy_cores
from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import STRICT, Ended, interpreters, run

if TYPE_CHECKING:
    from collections.abc import Iterator

MANNERS = [
    "while_daemon_threads_call",
    "while_daemon_threads_wait_for_an_answer",
    "while_threads_call",
    "with_an_abandoned_loop",
    "with_a_loop_in_a_daemon_thread",
    "out_of_asyncio_run",
    "with_hanging_token_sources",
]
EXITS = 200
AT_ONCE = 4


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProcess]:
    with FakeProcess() as fake:
        fake.set_up()
        yield fake


@pytest.mark.parametrize("version", sorted({"3.11", "3.13"} & interpreters().keys()) or interpreters())
def test_two_hundred_interpreters_exit_quietly_under_load(fake: FakeProcess, version: str) -> None:
    token = fake.token()

    def leave(manner: str) -> tuple[str, Ended]:
        python = interpreters()[version]
        arguments = (fake.base_url, token, manner, HELD_AUDITID)
        return manner, run("exit_with_calls", *arguments, python=python, flags=())

    with busy_cores(), ThreadPoolExecutor(AT_ONCE) as pool:
        exits = list(pool.map(leave, [MANNERS[number % len(MANNERS)] for number in range(EXITS)]))

    took = {
        manner: max(ended.ended_at - float(ended.stdout) for other, ended in exits if other == manner)
        for manner in MANNERS
    }
    print(f"Python {version}: {len(exits)} exits with calls in flight, {os.cpu_count()} cores kept busy")
    for manner, seconds in took.items():
        print(f"  {manner:<42} at most {seconds:.2f} s")
    assert [(manner, ended) for manner, ended in exits if (ended.returncode, ended.stderr) != (0, "")] == []
    assert max(took.values()) <= 2


@pytest.mark.parametrize("manner", MANNERS)
def test_an_exit_is_quiet_with_every_check_on(fake: FakeProcess, manner: str) -> None:
    # An abandoned loop is a ResourceWarning of asyncio's; the others leave nothing to warn of.
    flags = ("-bb",) if manner == "with_an_abandoned_loop" else STRICT
    ended = run("exit_with_calls", fake.base_url, fake.token(), manner, HELD_AUDITID, flags=flags)
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_calls_by_functions_that_run_at_exit(fake: FakeProcess) -> None:
    ended = run("calls_at_exit", fake.base_url, fake.token())
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.stdout.splitlines() == [
        "running: the blocking client answers",
        "running: the asyncio client answers",
        "early: the blocking client answers",
        "early: the asyncio client answers",
        "late: the blocking client answers",
        "late: the asyncio client answers",
    ]
