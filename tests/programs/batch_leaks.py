"""Two hundred batches of fifty, many of which fail. Arguments: BASE_URL TOKEN blocking|asyncio EXPIRED_TOKEN.

Written is what the process had before and after, and which outcomes there were. The server cuts the answers
for 1010 before they begin, and those for 1011 in the middle of the body.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import gc
import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from numbered_audits import ARGUMENTS, BASE_URL, TOKEN

import wxaudit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

BATCHES = 200
QUERIES = 50
KIND, EXPIRED = ARGUMENTS

outcomes: collections.Counter[str] = collections.Counter()


class Source:
    """Knows the expired token alone, until it is asked for a fresh one."""

    def __init__(self, same_thread: bool) -> None:
        self.same_thread = same_thread

    def get_token(self, *, refresh: bool = False) -> str:
        return TOKEN if refresh else EXPIRED


class BrokenSource:
    def get_token(self, *, refresh: bool = False) -> str:
        raise LookupError("no fresh token" if refresh else "no token")


def queries() -> Iterator[Any]:
    """New ones each time: answered, refused, cut, without a token, of the wrong shape."""
    thread, own, broken = Source(False), Source(True), BrokenSource()
    several: list[Any] = [
        *[(TOKEN, 1001 + number, f"wx{number}") for number in range(5)],
        (thread, 1006),
        (own, 1007),
        (broken, 1001),
        wxaudit.AuditQuery(EXPIRED, 1001),
        (TOKEN, 1010),
        (TOKEN, 1011),
        (TOKEN, "no number"),
        (TOKEN, 999),
        "no query",
    ]
    for number in range(QUERIES):
        yield several[number % len(several)]


def failing() -> Iterator[Any]:
    yield from queries()
    raise EOFError("no more input")


async def async_queries(make: Callable[[], Iterator[Any]]) -> AsyncIterator[Any]:
    for query in make():
        yield query


def unwrap(results: Any) -> None:
    for result in results:
        try:
            outcomes[type(result.unwrap()).__name__] += 1
        except wxaudit.WxAuditError as failure:
            outcomes[type(failure).__name__] += 1


def raise_for_errors(batch: wxaudit.AuditBatch) -> None:
    try:
        batch.raise_for_errors()
    except Exception as group:
        # Built in since Python 3.11.
        outcomes[type(group).__name__] += len(getattr(group, "exceptions", ())) == len(batch.errors)


def blocking(count: int) -> None:
    client = wxaudit.Client(base_url=BASE_URL, max_retries=0, on_event=lambda _: None)
    for number in range(count):
        if number % 4 == 0:
            batch = client.get_audit_statuses(queries())
            unwrap(batch)
            raise_for_errors(batch)
        elif number % 4 == 1:
            unwrap(client.iter_audit_statuses(list(queries())))
        elif number % 4 == 2:
            # Broken off, with most of it in flight.
            outcomes[type(next(client.iter_audit_statuses(queries()))).__name__] += 1
        else:
            with contextlib.suppress(EOFError):
                client.get_audit_statuses(failing())
            with contextlib.suppress(EOFError):
                unwrap(client.iter_audit_statuses(failing()))


async def in_a_loop(count: int) -> None:
    client = wxaudit.AsyncClient(base_url=BASE_URL, max_retries=0, on_event=lambda _: None)
    for number in range(count):
        if number % 4 == 0:
            batch = await client.get_audit_statuses(async_queries(queries))
            unwrap(batch)
            raise_for_errors(batch)
        elif number % 4 == 1:
            unwrap([result async for result in client.iter_audit_statuses(queries())])
        elif number % 4 == 2:
            # Broken off, with most of it in flight.
            outcomes[type(await anext(client.iter_audit_statuses(async_queries(queries)))).__name__] += 1
        else:
            with contextlib.suppress(EOFError):
                await client.get_audit_statuses(async_queries(failing))
            with contextlib.suppress(EOFError):
                async for result in client.iter_audit_statuses(async_queries(failing)):
                    unwrap([result])


def ask(count: int) -> None:
    if KIND == "blocking":
        blocking(count)
    else:
        asyncio.run(in_a_loop(count))


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def token_threads_are_over() -> None:
    for thread in threading.enumerate():
        if thread.name == "wxaudit-token":
            thread.join(20)
    # The system's thread ends a little after Python's. One is not Python's: it drives the connections.
    deadline = time.monotonic() + 5
    while threads() > threading.active_count() + 1 and time.monotonic() < deadline:
        time.sleep(0.001)


def collect_garbage() -> None:
    """Until no more goes: what the collector frees may have held more, beyond native objects."""
    count = sys.maxsize
    while (now := len(gc.get_objects())) < count:
        count = now
        gc.collect()


def resources() -> dict[str, float]:
    token_threads_are_over()
    collect_garbage()
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return {
        "megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
        "threads": threads(),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


# Until allocator, pools and caches have what they keep.
ask(40)
outcomes.clear()
before = resources()
ask(BATCHES)
print(json.dumps({"before": before, "after": resources(), "outcomes": outcomes}))
