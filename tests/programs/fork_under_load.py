"""Forks while eight calls are in flight. Arguments: BASE_URL TOKEN threads|asyncio FORKS.

Each child asks through the client that it inherited and through one of its own. Written is how many were
right, and how many calls a second the parent made before and after.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import socket
import statistics
import threading
import time
from typing import TYPE_CHECKING

from forking import fork, in_child, wait
from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
CALLS_A_ROUND = 50  # of each of the eight

client = wxaudit.Client(base_url=BASE_URL)
async_client = wxaudit.AsyncClient(base_url=BASE_URL)
failures: list[str] = []


def call_in_threads(go_on: Callable[[int], bool]) -> None:
    """Eight threads, each with one call after the other for as long as `go_on(its number)`."""

    def work(auditid: int) -> None:
        try:
            for number in itertools.count():
                if not go_on(number):
                    return
                check(client.get_audit_status(TOKEN, auditid), auditid)
        except Exception as failure:
            failures.append(repr(failure))

    threads = [threading.Thread(target=work, args=(auditid,)) for auditid in AUDITIDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def call_in_tasks(go_on: Callable[[int], bool]) -> None:
    """The same with eight asyncio tasks."""

    async def work(auditid: int) -> None:
        try:
            for number in itertools.count():
                if not go_on(number):
                    return
                check(await async_client.get_audit_status(TOKEN, auditid), auditid)
        except Exception as failure:
            failures.append(repr(failure))

    async def main() -> None:
        await asyncio.gather(*map(work, AUDITIDS))

    asyncio.run(main())


def ask_inherited(auditid: int) -> None:
    check(client.get_audit_status(TOKEN, auditid), auditid)


def ask_inherited_async(auditid: int) -> None:
    check(asyncio.run(async_client.get_audit_status(TOKEN, auditid)), auditid)


def ask_fresh(auditid: int) -> None:
    with wxaudit.Client(base_url=BASE_URL) as fresh:
        check(fresh.get_audit_status(TOKEN, auditid), auditid)


def work_of_child(ask: Callable[[int], None], auditid: int) -> None:
    ask(auditid)
    ask_fresh(auditid)


def one_round(call: Callable[[Callable[[int], bool]], None]) -> float:
    """Calls a second of CPU time, of all threads: who else wants the cores changes it little."""
    begun = time.process_time()
    call(lambda number: number < CALLS_A_ROUND)
    return CALLS_A_ROUND * len(AUDITIDS) / (time.process_time() - begun)


class Control:
    """A process of the same kind that never forks: what slows it down too was not the forking."""

    def __init__(self, call: Callable[[Callable[[int], bool]], None]) -> None:
        self._here, there = socket.socketpair()

        def measure_when_asked() -> None:
            self._here.close()
            while there.recv(1):
                there.send(str(one_round(call)).encode())

        self._child = fork(measure_when_asked)
        there.close()

    def one_round(self) -> float:
        self._here.send(b"?")
        return float(self._here.recv(64))

    def end(self) -> None:
        self._here.close()
        wait(self._child)


def throughput(
    call: Callable[[Callable[[int], bool]], None], control: Control, rounds: int = ROUNDS
) -> dict[str, float]:
    """The rates of this process and of the control, measured in turn: medians of some rounds."""
    rates = [(one_round(call), control.one_round()) for _ in range(rounds)]
    return {
        "own": statistics.median(own for own, _ in rates),
        "control": statistics.median(other for _, other in rates),
        "ratio": statistics.median(own / other for own, other in rates),
    }


def kept(before: dict[str, float], after: dict[str, float]) -> float:
    """How much of its throughput this process kept; where both became slower, beside the control."""
    return max(after["own"] / before["own"], after["ratio"] / before["ratio"])


def main() -> None:
    call, ask = {
        "threads": (call_in_threads, ask_inherited),
        "asyncio": (call_in_tasks, ask_inherited_async),
    }[ARGUMENTS[0]]

    control = Control(call)
    # Of many rounds, since it is measured once: a lucky rate could not be reached again.
    before = throughput(call, control, 5 * ROUNDS)
    stop = threading.Event()
    load = threading.Thread(target=call, args=(lambda _: not stop.is_set(),))
    load.start()
    right = 0
    try:
        for auditid in itertools.islice(itertools.cycle(AUDITIDS), int(ARGUMENTS[1])):
            in_child(functools.partial(work_of_child, ask, auditid))
            right += 1
    finally:
        stop.set()
        load.join()
    after = [throughput(call, control)]
    # A busy neighbour may have spoilt it. What a child breaks stays broken: measuring again excuses nothing.
    while kept(before, after[-1]) < 0.9 and len(after) < 5:
        after.append(throughput(call, control))
    control.end()
    result = {"right": right, "failures": failures, "before": before, "after": after}
    print(json.dumps({**result, "kept": kept(before, after[-1])}))


main()
