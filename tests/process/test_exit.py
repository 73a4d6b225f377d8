"""Interpreters that end with calls or batches in flight: exit code 0, nothing on standard error, and soon."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest

from support.busy_cores import busy_cores
from support.fake_process import HELD_AUDITID, FakeProcess
from support.programs import STRICT, Ended, interpreters, run

# What is in flight at the end of each program.
MANNERS = {
    "exit_with_calls": [
        "while_daemon_threads_call",
        "while_daemon_threads_wait_for_an_answer",
        "while_threads_call",
        "with_an_abandoned_loop",
        "with_a_loop_in_a_daemon_thread",
        "out_of_asyncio_run",
        "with_hanging_token_sources",
    ],
    "batch_exit": [
        "while_a_daemon_thread_collects",
        "while_a_daemon_thread_iterates",
        "while_a_daemon_thread_waits",
        "with_an_iterator_in_a_global",
        "with_an_iterator_in_a_cycle",
        "with_an_abandoned_loop",
        "with_a_loop_in_a_daemon_thread",
        "out_of_asyncio_run",
        "with_hanging_token_sources",
    ],
}
EXITS = {"exit_with_calls": 200, "batch_exit": 54}
AT_ONCE = 4


@pytest.mark.parametrize("version", sorted({"3.11", "3.13"} & interpreters().keys()) or interpreters())
@pytest.mark.parametrize("program", MANNERS)
def test_interpreters_exit_quietly_under_load(fake_process: FakeProcess, program: str, version: str) -> None:
    token = fake_process.token()

    def leave(manner: str) -> tuple[str, Ended]:
        python = interpreters()[version]
        arguments = (fake_process.base_url, token, manner, HELD_AUDITID)
        return manner, run(program, *arguments, python=python, flags=())

    with busy_cores(), ThreadPoolExecutor(AT_ONCE) as pool:
        exits = list(pool.map(leave, islice(cycle(MANNERS[program]), EXITS[program])))

    took = {
        manner: max(ended.ended_at - float(ended.stdout) for other, ended in exits if other == manner)
        for manner in MANNERS[program]
    }
    print(f"Python {version}, {program}: {len(exits)} exits, {os.cpu_count()} cores kept busy")
    for manner, seconds in took.items():
        print(f"  {manner:<42} at most {seconds:.2f} s")
    assert [(manner, ended) for manner, ended in exits if (ended.returncode, ended.stderr) != (0, "")] == []
    assert max(took.values()) <= 2


@pytest.mark.parametrize(
    ("program", "manner"), [(program, manner) for program, manners in MANNERS.items() for manner in manners]
)
def test_an_exit_is_quiet_with_every_check_on(fake_process: FakeProcess, program: str, manner: str) -> None:
    # An abandoned loop is a ResourceWarning of asyncio's; the others leave nothing to warn of.
    flags = ("-bb",) if manner == "with_an_abandoned_loop" else STRICT
    ended = run(program, fake_process.base_url, fake_process.token(), manner, HELD_AUDITID, flags=flags)
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_calls_by_functions_that_run_at_exit(fake_process: FakeProcess) -> None:
    ended = run("calls_at_exit", fake_process.base_url, fake_process.token())
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.stdout.splitlines() == [
        "running: the blocking client answers",
        "running: the asyncio client answers",
        "early: the blocking client answers",
        "early: the asyncio client answers",
        "late: the blocking client answers",
        "late: the asyncio client answers",
    ]
