"""The workloads of a worker: sequential calls, concurrent calls, threads, batches."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import resource
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

# Made up; as long as a real token.
TOKEN = "80_" + "Ab3dEf-h1jKlMn0_" * 8

FIRST_AUDITID = 400_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement, as the runner requests it from a worker."""

    peer: str
    interface: str
    uvloop: bool
    workload: str  # "calls", "threads", "batch", "iterate"
    base_url: str
    ca_file: str | None
    concurrency: int
    seconds: float
    most_calls: int | None = None  # for scenarios with a fixed number of calls
    exact: bool = False  # make that number of calls, however long it takes
    batch_size: int | None = None


class Meter:
    """Decide how many calls to make, run after run, until a run is long enough to be measured.

    The first run opens the connections, the second shows the speed of the client; both are discarded.
    """

    _LONG_SECONDS = 0.3
    _MOST_MEASURED = 3

    def __init__(self, task: Task) -> None:
        self._task = task
        self._runs: list[dict[str, Any]] = []
        self._wanted: list[int] = []

    def next_calls(self) -> int | None:
        """Return the number of calls of the next run, or `None` if the last run is the measurement."""
        task = self._task
        if not self._runs:
            return task.concurrency + 4
        last = self._runs[-1]
        # A client that takes this long to open its connections is slow; this run shows its speed well enough.
        if len(self._runs) == 1 and last["wall_seconds"] < self._LONG_SECONDS:
            return max(50, 2 * task.concurrency)
        if self._measured():
            return None
        if task.exact and task.most_calls is not None:
            wanted = task.most_calls
        else:
            wanted = int(last["calls"] / last["wall_seconds"] * task.seconds)
            # A multiple of the number of concurrent calls.
            wanted = max(1, round(wanted / task.concurrency)) * task.concurrency
            wanted = min(wanted, task.most_calls or wanted)
        self._wanted.append(wanted)
        return wanted

    def _measured(self) -> bool:
        if not self._wanted:
            return False
        done = self._wanted[-1] == self._task.most_calls
        long_enough = self.result["wall_seconds"] >= self._task.seconds / 2
        return done or long_enough or len(self._wanted) == self._MOST_MEASURED

    @property
    def result(self) -> dict[str, Any]:
        """Return what the last run took."""
        return self._runs[-1]

    def start(self) -> None:
        """Start the measurement of a run."""
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        self._time = time.perf_counter()

    def stop(self, calls: int) -> None:
        """Record what the calls since `start` took of the whole process, with all its threads."""
        wall = time.perf_counter() - self._time
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu = usage.ru_utime - self._usage.ru_utime + usage.ru_stime - self._usage.ru_stime
        self._runs.append(
            {
                "calls": calls,
                "wall_seconds": wall,
                "cpu_seconds": cpu,
                "peak_kib": _peak_kib(),
                "threads": len(os.listdir("/proc/self/task")),
            }
        )


def measure(task: Task) -> dict[str, Any]:
    """Run one task, and close what it opened."""
    peer = importlib.import_module(f"benches.peers.{task.peer}")
    meter = Meter(task)
    if task.interface == "asyncio":
        _run(_measure_asynchronous(peer, task, meter), uvloop=task.uvloop)
        return meter.result
    client = peer.Blocking(task.base_url, task.concurrency, task.ca_file)
    try:
        if task.workload == "threads":
            _in_threads(client, meter, task.concurrency)
        else:
            _measure_blocking(client, task, meter)
    finally:
        client.close()
    return meter.result


def _measure_blocking(client: Any, task: Task, meter: Meter) -> None:
    runs: dict[str, Callable[[Any, int], int]] = {
        "calls": _one_after_another,
        "batch": lambda client, calls: _batches(client.batch, calls, task.batch_size or calls),
        "iterate": lambda client, calls: _batches(client.iterate, calls, task.batch_size or calls),
    }
    run = runs[task.workload]
    while (calls := meter.next_calls()) is not None:
        meter.start()
        meter.stop(run(client, calls))


def _one_after_another(client: Any, calls: int) -> int:
    audit = client.audit
    for auditid in _auditids(calls):
        audit(TOKEN, auditid)
    return calls


def _batches(batch: Callable[[str, Iterable[int]], int], calls: int, size: int) -> int:
    return sum(batch(TOKEN, _auditids(min(size, calls - start))) for start in range(0, calls, size))


def _in_threads(client: Any, meter: Meter, threads: int) -> None:
    """Use the same threads in all runs, so that their thread-local state is warm."""
    barrier = threading.Barrier(threads + 1)
    failures: list[BaseException] = []
    share = 0

    def work() -> None:
        try:
            while True:
                barrier.wait()
                if share == 0:
                    return
                _one_after_another(client, share)
                barrier.wait()
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        while (calls := meter.next_calls()) is not None:
            share = -(-calls // threads)
            meter.start()
            barrier.wait()
            barrier.wait()
            meter.stop(share * threads)
        share = 0
        barrier.wait()
    except threading.BrokenBarrierError:
        raise failures[0] from None
    finally:
        for worker in workers:
            worker.join()


async def _measure_asynchronous(peer: Any, task: Task, meter: Meter) -> None:
    client = peer.Asynchronous(task.base_url, task.concurrency, task.ca_file)
    whole = task.workload == "batch" and hasattr(client, "batch")
    try:
        while (calls := meter.next_calls()) is not None:
            meter.start()
            if whole:
                await client.batch(TOKEN, _auditids(calls))
            else:
                await _at_once(client, calls, task.concurrency, keep=task.workload == "batch")
            meter.stop(calls)
    finally:
        await client.close()


async def _at_once(client: Any, calls: int, concurrency: int, *, keep: bool) -> None:
    """Run one task per concurrent call, each with sequential calls; a task for each call would cost more."""
    auditids = iter(_auditids(calls))
    results: list[object] = []

    async def work() -> None:
        audit = client.audit
        for auditid in auditids:
            result = await audit(TOKEN, auditid)
            if keep:
                results.append(result)

    await asyncio.gather(*(work() for _ in range(min(concurrency, calls))))


def _auditids(calls: int) -> Iterator[int]:
    return iter(range(FIRST_AUDITID, FIRST_AUDITID + calls))


def _run(main: Coroutine[Any, Any, None], *, uvloop: bool) -> None:
    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    if uvloop:
        run = importlib.import_module("uvloop").run
    run(main)


def _peak_kib() -> int:
    """Return the peak memory of this process; `ru_maxrss` would include the parent's, from before exec."""
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in itertools.takewhile(str.strip, status))
    return int(lines["VmHWM"].split()[0])
