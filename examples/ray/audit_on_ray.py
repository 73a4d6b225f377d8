"""Check many audits on a real Ray cluster of two worker processes, against a fake WeChat.

Run it with `make example-ray`, or with `python examples/ray/audit_on_ray.py`. README.md explains it.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil
import ray
import ray.data

import wxaudit

# The fake WeChat and the tokens are those of the example for Dask.
SHARED = Path(__file__).parents[1] / "dask"
sys.path.append(str(SHARED))

import merchant_tokens  # noqa: E402  # found in that folder
from stand_in_process import StandIn  # noqa: E402  # found in that folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def plan(tickets: pd.DataFrame, partitions: int, max_concurrency: int, workers: int) -> ray.data.Dataset:
    """Return the plan for Ray. Nothing is sent yet."""
    # Each mini program is in one block: one worker meets its quota, with few of its calls in flight.
    number = tickets["appid"].factorize()[0] % partitions
    blocks = [block for _, block in tickets.groupby(number)]
    # Arrow, so that all blocks have the same types.
    return ray.data.from_pandas(blocks).map_batches(
        wxaudit.audit_frame,
        batch_format="pyarrow",
        batch_size=None,  # whole blocks
        concurrency=workers,
        fn_kwargs={"token_for": merchant_tokens.token_for, "max_concurrency": max_concurrency},
    )


@contextmanager
def cluster(workers: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Start worker processes on this machine."""
    # It reports statistics to its makers otherwise, and keeps the token of the cluster in the home folder.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    before = psutil.Process().children(recursive=True)
    with tempfile.TemporaryDirectory(prefix="ray-") as scratch:
        ray.init(
            num_cpus=workers,
            runtime_env={"env_vars": {**environment, "PYTHONPATH": str(SHARED)}},  # set only in the workers
            include_dashboard=False,
            object_store_memory=200_000_000,
            logging_level=logging.ERROR,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=scratch,
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        started = [child for child in psutil.Process().children(recursive=True) if child not in before]
        try:
            yield
        finally:
            ray.shutdown()
            # Some end a while after that, and write their logs until then.
            psutil.wait_procs(started, timeout=60)


def main() -> int:
    options = read_options()
    with StandIn(options.queries, options.merchants) as stand_in:
        places = stand_in.begin()
        environment = {"WXAUDIT_BASE_URL": places["base_url"], merchant_tokens.DIRECTORY: places["tokens"]}
        with cluster(options.workers, environment):
            tickets = pd.read_csv(places["tickets"])
            print(f"queries:    {len(tickets)}, of {tickets['appid'].nunique()} mini programs")
            print(f"blocks:     {options.partitions}, each mini program in one")
            carry_out(
                plan(tickets, options.partitions, options.max_concurrency, options.workers), len(tickets)
            )
        received = stand_in.end()
    print(
        f"WeChat's log: {received['requests']} requests on {received['connections']} connections; "
        f"{received['asked_once']} audits were queried exactly once"
    )
    return 0 if received["requests"] == received["asked_once"] == len(tickets) else 1


def carry_out(planned: ray.data.Dataset, queries: int) -> None:
    begun = time.perf_counter()
    # Ray keeps the results: whatever reads the plan itself, its schema too, would query WeChat again.
    audited = planned.materialize()
    seconds = time.perf_counter() - begun
    answered: Any = audited.to_pandas()
    states = answered["state"].value_counts().sort_index()
    errors = answered["error"].count()
    print(f"answered:   {states.sum()} in {seconds:.1f} s, {queries / seconds:.0f} a second; {errors} errors")
    for state, count in states.items():
        print(f"    {state:<10} {count:>6}")
    with pd.option_context("display.unicode.east_asian_width", True, "display.width", 110):
        print(answered[["ticket", "appid", "auditid", "state", "reason"]].head(5).to_string(index=False))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check many audits on a Ray cluster.")
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--merchants", type=int, default=200)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-concurrency", type=int, default=32, help="concurrent requests per worker")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
