"""Check 20 000 audits on a real Dask cluster of two worker processes, against a fake WeChat.

Run it with `make example-dask`, or with `python examples/dask/audit_on_dask.py`. README.md explains it.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dask.dataframe
import distributed
import merchant_tokens
import pandas as pd
from stand_in_process import StandIn

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def plan(
    tickets: pd.DataFrame,
    partitions: int,
    max_concurrency: int,
    token_for: Callable[[Any], Any] = merchant_tokens.token_for,
) -> Any:
    """Return the plan for Dask. Nothing is sent yet."""
    # Each mini program is in one partition: one worker meets its quota, with few of its calls in flight.
    number = pd.Index(tickets["appid"].factorize()[0] % partitions, name="partition")
    from_pandas: Any = dask.dataframe.from_pandas  # without types
    parts = from_pandas(tickets.set_index(number).sort_index(kind="stable"), npartitions=partitions)
    ask = functools.partial(wxaudit.audit_frame, token_for=token_for, max_concurrency=max_concurrency)
    # An empty frame sends nothing. Without `meta`, Dask calls `ask` with made-up rows, which would be sent.
    return parts.map_partitions(ask, meta=ask(parts._meta))


@contextmanager
def cluster(workers: int, environment: Mapping[str, str]) -> Iterator[distributed.Client]:
    """Start worker processes on this machine, and yield a client for them."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        dask.config.set({"temporary-directory": scratch}),
        distributed.LocalCluster(  # type: ignore[no-untyped-call]  # distributed has no types for it
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            # The scheduler listens for HTTP even without a dashboard: on a free port rather than on 8787.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            env=environment,  # set only in the workers
        ) as local,
        distributed.Client(local) as client,  # type: ignore[no-untyped-call]  # distributed has no types for it
    ):
        yield client


def main() -> int:
    options = read_options()
    with StandIn(options.queries, options.merchants) as stand_in:
        places = stand_in.begin()
        environment = {"WXAUDIT_BASE_URL": places["base_url"], merchant_tokens.DIRECTORY: places["tokens"]}
        with cluster(options.workers, environment) as client:
            tickets = pd.read_csv(places["tickets"])
            planned = plan(tickets, options.partitions, options.max_concurrency)
            print(f"queries:    {len(tickets)}, of {tickets['appid'].nunique()} mini programs")
            print(f"partitions: {planned.npartitions}, each mini program in one")
            print("workers:   ", ", ".join(f"process {pid}" for pid in client.run(os.getpid).values()))
            carry_out(planned, len(tickets))
        received = stand_in.end()
    print(
        f"WeChat's log: {received['requests']} requests on {received['connections']} connections; "
        f"{received['asked_once']} audits were queried exactly once"
    )
    return 0 if received["requests"] == received["asked_once"] == len(tickets) else 1


def carry_out(planned: Any, queries: int) -> None:
    begun = time.perf_counter()
    # The workers keep the results: each `compute` of the plan itself would query WeChat again.
    audited = planned.persist()
    distributed.wait(audited)  # type: ignore[no-untyped-call]  # distributed has no types for it
    seconds = time.perf_counter() - begun
    # Aggregated in one partition: a shuffle is not worthwhile for five numbers.
    states = audited["state"].value_counts(split_out=1).compute().sort_index()
    errors = audited["error"].count().compute()
    print(f"answered:   {states.sum()} in {seconds:.1f} s, {queries / seconds:.0f} a second; {errors} errors")
    for state, count in states.items():
        print(f"    {state:<10} {count:>6}")
    with pd.option_context("display.unicode.east_asian_width", True, "display.width", 110):
        print(audited[["ticket", "appid", "auditid", "state", "reason"]].head(5).to_string(index=False))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check many audits on a Dask cluster.")
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--merchants", type=int, default=200)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-concurrency", type=int, default=32, help="concurrent requests per worker")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
