"""The scenarios: each has a row for each client, and one figure by which they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches import limit, startup
from benches.clients import ASYNCHRONOUS_CLIENTS, BLOCKING, BLOCKING_CLIENTS, OURS, Client
from benches.plan import CPU, SPEED, Bench, Pace, Row, Scenario
from benches.processes import run_worker
from benches.workloads import TOKEN, Task

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 10_000
BATCH_CONCURRENCY = 64


def all_scenarios(pace: Pace) -> list[Scenario]:
    """Return every scenario, in the order of the tables."""
    return [
        _calls("sequential", "one after another, blocking", "逐个调用（阻塞）", BLOCKING_CLIENTS, 1, pace),
        _calls("asyncio-64", "asyncio, 64 at once", "asyncio，64 并发", ASYNCHRONOUS_CLIENTS, 64, pace),
        _calls("asyncio-256", "asyncio, 256 at once", "asyncio，256 并发", ASYNCHRONOUS_CLIENTS, 256, pace),
        _batch("batch", "batch of 10 000", "批量 10 000 个", pace),
        _calls("threads-8", "8 threads", "8 线程", BLOCKING_CLIENTS, 8, pace),
        _calls("far", "20 ms away, 256 at once", "往返 20 毫秒，256 并发", ASYNCHRONOUS_CLIENTS, 256, pace),
        _calls("tls-sequential", "TLS, one after another", "TLS，逐个调用", BLOCKING_CLIENTS, 1, pace),
        _batch("tls-batch", "TLS, batch of 10 000", "TLS，批量 10 000 个", pace),
        startup.first_answer(pace.starts),
        startup.imports(pace.starts),
        _growth("growth-batch", "growth of a batch", "批量规模", "batch", pace),
        _growth("growth-iterator", "growth of an iterator", "迭代规模", "iterate", pace),
        _concurrency(pace),
        _limit(),
    ]


def _calls(
    name: str, title: str, title_zh: str, clients: tuple[Client, ...], concurrency: int, pace: Pace
) -> Scenario:
    place = {"far": "far", "tls-sequential": "tls"}.get(name, "plain")
    workload = "threads" if name.startswith("threads") else "calls"
    judged_by = CPU if name.endswith("sequential") else SPEED
    rows = tuple(
        Row(client.name, client.peer, _worker(client, workload, place, concurrency, seconds=pace.seconds))
        for client in clients
        if client.interface == BLOCKING or client.peer not in pace.left_out
    )
    return Scenario(name, title, title_zh, judged_by, rows, (place,))


def _batch(name: str, title: str, title_zh: str, pace: Pace) -> Scenario:
    """Let slow peers make only as many calls as fit into the time, since each call costs them the same."""
    place = "tls" if name.startswith("tls") else "plain"
    rows = []
    for client in (*ASYNCHRONOUS_CLIENTS, Client(OURS, BLOCKING)):
        if client.peer in pace.left_out:
            continue
        label = f"{client.name}, blocking" if client.interface == BLOCKING else client.name
        measure = _worker(
            client,
            "batch",
            place,
            BATCH_CONCURRENCY,
            seconds=pace.batch_seconds,
            most_calls=BATCH,
            exact=client.peer == OURS,
        )
        rows.append(Row(label, client.peer, measure))
    return Scenario(name, title, title_zh, CPU, tuple(rows), (place,))


def _growth(name: str, title: str, title_zh: str, workload: str, pace: Pace) -> Scenario:
    """Repeat small sizes up to ten thousand calls, so that all measurements take about as long."""
    rows = tuple(
        Row(
            f"{size} queries",
            OURS,
            _worker(
                Client(OURS, BLOCKING),
                workload,
                "plain",
                BATCH_CONCURRENCY,
                seconds=0,
                most_calls=max(size, BATCH),
                exact=True,
                batch_size=size,
            ),
        )
        for size in pace.growth
    )
    return Scenario(name, title, title_zh, CPU, rows)


def _concurrency(pace: Pace) -> Scenario:
    rows = tuple(
        Row(
            f"{concurrency} at once",
            OURS,
            _worker(Client(OURS, BLOCKING), "iterate", "plain", concurrency, seconds=pace.seconds),
        )
        for concurrency in (1, 16, 64, 256)
    )
    return Scenario("concurrency", "memory by max_concurrency", "内存与并发数", CPU, rows)


def _limit() -> Scenario:
    places = {f"{count} at once": ("plain", count) for count in (1, 64, 256)}
    # The maximum throughput of the proxy has to be well above what 256 concurrent calls need.
    places |= {"20 ms away, 256 at once": ("far", 256), "20 ms away, 2000 at once": ("far", 2000)}

    def row(label: str, place: str, connections: int) -> Row:
        def measure(bench: Bench) -> dict[str, Any]:
            base_url = bench.places[place].base_url
            return limit.measure(bench.folder, base_url, TOKEN, connections, 1, bench.core)

        return Row(f"wrk, {label}", "", measure)

    rows = tuple(row(label, *place) for label, place in places.items())
    return Scenario("limit", "the limit: wrk", "上限：wrk", SPEED, rows, ("plain", "far", "wrk"))


def _worker(
    client: Client,
    workload: str,
    place: str,
    concurrency: int,
    *,
    seconds: float,
    most_calls: int | None = None,
    exact: bool = False,
    batch_size: int | None = None,
) -> Callable[[Bench], dict[str, Any]]:
    def measure(bench: Bench) -> dict[str, Any]:
        where = bench.places[place]
        task = Task(
            peer=client.peer,
            interface=client.interface,
            uvloop=client.uvloop,
            workload=workload,
            base_url=where.base_url,
            ca_file=where.ca_file,
            concurrency=concurrency,
            seconds=seconds,
            most_calls=most_calls,
            exact=exact,
            batch_size=batch_size,
        )
        return run_worker(task, bench.core)

    return measure
