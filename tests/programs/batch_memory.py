"""What many queries cost in memory. Arguments: BASE_URL TOKEN blocking|asyncio|async_input WORK COUNT.

WORK is `collect`, `iterate`, `slowly` (a consumer that takes its time, before an input that never ends) or
`unanswered` (the same with a token source that never answers). Written is what was seen, in megabytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import wxaudit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

BASE_URL, TOKEN, KIND, WORK, COUNT = *sys.argv[1:5], int(sys.argv[5])

SAMPLES = 10
MAX_CONCURRENCY = 8

taken_in = 0


class HangingSource:
    """A token source that never answers."""

    asked = 0

    def get_token(self, *, refresh: bool = False) -> str:
        assert not refresh
        self.asked += 1
        threading.Event().wait()
        return TOKEN


def queries(count: int | None, token: Any = TOKEN) -> Iterator[tuple[Any, int]]:
    global taken_in
    for number in itertools.count(1) if count is None else range(1, count + 1):
        taken_in = number
        yield token, number


async def async_queries(count: int | None, token: Any = TOKEN) -> AsyncIterator[tuple[Any, int]]:
    for query in queries(count, token):
        yield query


def memory(name: str) -> float:
    """`VmRSS`, or `VmHWM`: the most that it was."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def forget_peak() -> None:
    """Lets the high-water mark begin anew."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


class Blocking:
    """Both ways to ask, through the blocking client."""

    def __init__(self, **options: Any) -> None:
        self.client = wxaudit.Client(base_url=BASE_URL, max_retries=0, **options)

    def collect(self, count: int) -> int:
        batch = self.client.get_audit_statuses(queries(count))
        assert batch.counts() == {"REJECTED": count}, batch
        assert all(result.index == index for index, result in enumerate(batch))
        return len(batch)

    def iterate(self, count: int | None, token: Any = TOKEN, **options: Any) -> Iterator[wxaudit.AuditResult]:
        return self.client.iter_audit_statuses(queries(count, token), **options)


class Asyncio:
    """The same through the asyncio client, whose loop runs between two results only as far as it must."""

    def __init__(self, **options: Any) -> None:
        self.client = wxaudit.AsyncClient(base_url=BASE_URL, max_retries=0, **options)
        self.loop = asyncio.new_event_loop()
        self.queries: Any = async_queries if KIND == "async_input" else queries

    def collect(self, count: int) -> int:
        batch = self.loop.run_until_complete(self.client.get_audit_statuses(self.queries(count)))
        assert batch.counts() == {"REJECTED": count}, batch
        assert all(result.index == index for index, result in enumerate(batch))
        return len(batch)

    def iterate(self, count: int | None, token: Any = TOKEN, **options: Any) -> Iterator[wxaudit.AuditResult]:
        results = self.client.iter_audit_statuses(self.queries(count, token), **options)
        try:
            while True:
                yield self.loop.run_until_complete(anext(results))
        except StopAsyncIteration:
            return
        finally:
            assert hasattr(results, "aclose")
            self.loop.run_until_complete(results.aclose())
            # The input too is a generator that has not come to its end.
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())


def asker(**options: Any) -> Blocking | Asyncio:
    return Blocking(**options) if KIND == "blocking" else Asyncio(**options)


def collect() -> dict[str, Any]:
    ask = asker()
    ask.collect(1000)
    before = memory("VmRSS")
    forget_peak()
    begun = time.monotonic()
    assert ask.collect(COUNT) == COUNT
    return {"growth": memory("VmHWM") - before, "before": before, "seconds": time.monotonic() - begun}


def iterate() -> dict[str, Any]:
    ask = asker()
    ask.collect(1000)
    before = memory("VmRSS")
    forget_peak()
    begun = time.monotonic()
    samples = []
    numbers = 0
    for count, result in enumerate(ask.iterate(COUNT), 1):
        assert result.error is None, result
        numbers += result.index
        if count % (COUNT // SAMPLES) == 0:
            samples.append(memory("VmRSS"))
    seconds = time.monotonic() - begun
    assert numbers == COUNT * (COUNT - 1) // 2, "not each query has one result"
    return {"growth": memory("VmHWM") - before, "before": before, "samples": samples, "seconds": seconds}


def slowly() -> dict[str, Any]:
    """How far the input was ahead of the consumer, at most."""
    return {"ahead": _ahead(asker(), TOKEN, 0.0005), "max_concurrency": MAX_CONCURRENCY}


def unanswered() -> dict[str, Any]:
    source = HangingSource()
    ahead = _ahead(asker(timeout=0.3), source, 0)
    return {"ahead": ahead, "max_concurrency": MAX_CONCURRENCY, "asked": source.asked}


def _ahead(ask: Blocking | Asyncio, token: Any, seconds: float) -> int:
    most = 0
    results = ask.iterate(None, token, max_concurrency=MAX_CONCURRENCY)
    with contextlib.closing(results):  # type: ignore[type-var]  # an iterator that is a generator
        for consumed, result in enumerate(itertools.islice(results, COUNT), 1):
            assert (result.error is None) is (token is TOKEN), result
            if seconds and isinstance(ask, Asyncio):
                # What runs meanwhile may take in more.
                ask.loop.run_until_complete(asyncio.sleep(seconds))
            elif seconds:
                time.sleep(seconds)
            most = max(most, taken_in - consumed)
    return most


print(json.dumps(globals()[WORK]()))
