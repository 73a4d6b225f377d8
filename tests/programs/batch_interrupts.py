"""Interrupts batches at random moments. Arguments: BASE_URL TOKEN SIGNAL COUNT HELD_AUDITID MOMENT.

The signal is SIGINT, SIGTERM or SIGALRM. MOMENT says what the batch of 100 000 queries is doing; the server
never answers for HELD_AUDITID. Written is, for each interrupt, how many seconds after the signal it was
raised, when, by `time.monotonic`, and how many results had been there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import threading
import time
from typing import TYPE_CHECKING, NoReturn

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBER = signal.Signals[ARGUMENTS[0]]
TRIES, HELD_AUDITID, MOMENT = int(ARGUMENTS[1]), int(ARGUMENTS[2]), ARGUMENTS[3]
QUERIES = 100_000
LONGEST_WAIT = 0.2

seen: list[int] = []
sent: list[Callable[[], float]] = []

# Sends its signal itself: before its loop runs, asyncio cannot end what it has begun.
IN_ASYNCIO_RUN = "iterating_in_asyncio_run"


class Interrupted(BaseException):
    """What the handler raises."""


def interrupt(*_: object) -> NoReturn:
    raise Interrupted


def send_later(seconds: float) -> Callable[[], float]:
    """Lets the signal come after some seconds; gives what tells when it was sent."""
    sent_at = time.monotonic() + seconds
    if NUMBER == signal.SIGALRM:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return lambda: sent_at
    moments: list[float] = []

    def send() -> None:
        time.sleep(max(0, sent_at - time.monotonic()))
        moments.append(time.monotonic())
        os.kill(os.getpid(), NUMBER)

    thread = threading.Thread(target=send)
    thread.start()

    def when() -> float:
        thread.join()
        return moments[0]

    return when


def send() -> None:
    sent.append(send_later(random.uniform(0.001, LONGEST_WAIT)))  # noqa: S311  # no secret


def queries(held_each: int) -> Iterator[tuple[str, int]]:
    """Each audit in turn, and one time in so many, at first too, the one that is never answered."""
    for number in range(QUERIES):
        yield TOKEN, HELD_AUDITID if number % held_each == 0 else AUDITIDS[number % len(AUDITIDS)]


# So few that the batch flows on beside them, and so many that soon it only waits.
FLOWING, WAITING = list(queries(200)), list(queries(10))


def busily() -> Iterator[tuple[str, int]]:
    """An input that takes long to make each query, in Python code."""
    for query in WAITING:
        yield query
        work()


def slowly() -> Iterator[tuple[str, int]]:
    """An input that waits for each query, as one that reads a file or a queue."""
    for query in WAITING:
        yield query
        time.sleep(0.002)


def work() -> None:
    sum(range(50_000))


def iterate(given: Iterator[tuple[str, int]] | list[tuple[str, int]], handle: Callable[[], None]) -> None:
    for _ in client.iter_audit_statuses(given):
        seen[-1] += 1
        handle()


def count_results(done: int, _: int | None) -> None:
    seen[-1] = done


def collect(given: Iterator[tuple[str, int]] | list[tuple[str, int]]) -> None:
    client.get_audit_statuses(given, progress=count_results)


async def iterate_async() -> None:
    send()
    async for _ in wxaudit.AsyncClient(base_url=BASE_URL).iter_audit_statuses(FLOWING):
        seen[-1] += 1


def nothing() -> None:
    pass


MOMENTS: dict[str, Callable[[], None]] = {
    "collecting_a_list": lambda: collect(FLOWING),
    "collecting_from_a_generator": lambda: collect(queries(200)),
    "collecting_what_is_not_answered": lambda: collect(WAITING),
    "collecting_from_a_busy_generator": lambda: collect(busily()),
    "iterating": lambda: iterate(FLOWING, nothing),
    "iterating_what_is_not_answered": lambda: iterate(WAITING, nothing),
    "iterating_with_results_handled": lambda: iterate(queries(20), work),
    "iterating_over_a_busy_generator": lambda: iterate(busily(), nothing),
    "iterating_over_a_slow_generator": lambda: iterate(slowly(), nothing),
    IN_ASYNCIO_RUN: lambda: asyncio.run(iterate_async()),
}


def check_client() -> None:
    """The client answers, one query and many."""
    check(client.get_audit_status(TOKEN, 1002), 1002)
    batch = client.get_audit_statuses((TOKEN, auditid) for auditid in AUDITIDS)
    for auditid, result in zip(AUDITIDS, batch, strict=True):
        check(result.unwrap(), auditid)


def main() -> None:
    raised: type[BaseException] = KeyboardInterrupt
    if NUMBER != signal.SIGINT:
        raised = Interrupted
        signal.signal(NUMBER, interrupt)
    interrupts: list[tuple[float, float, int]] = []
    for _ in range(TRIES):
        seen.append(0)
        with contextlib.suppress(raised):
            if MOMENT != IN_ASYNCIO_RUN:
                send()
            MOMENTS[MOMENT]()
            raise AssertionError("the batch came to its end")
        raised_at = time.monotonic()
        interrupts.append((raised_at - sent[-1](), raised_at, seen[-1]))
        check_client()
    print(json.dumps(interrupts))


client = wxaudit.Client(base_url=BASE_URL)
main()
