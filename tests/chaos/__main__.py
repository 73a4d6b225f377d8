"""Run the chaos and print what came of it: `make chaos CHAOS_ARGUMENTS='--watches 1000 --seed 7'`."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from chaos.cluster import Cluster, Ticker
from chaos.lives import make_lives
from chaos.outcome import compare

if TYPE_CHECKING:
    from chaos.lives import Life

CREATE_TABLE = (
    "CREATE TABLE delivery (id bigserial PRIMARY KEY, key text, signal text, old_state int, new_state int)"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--watches", type=int, default=10_000)
    parser.add_argument("--appids", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--interval", type=float, default=30, help="seconds between polls of a watch")
    parser.add_argument("--lease", type=float, default=20)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--shortest", type=float, default=100, help="seconds that a state lasts")
    parser.add_argument("--longest", type=float, default=200)
    parser.add_argument("--kill-every", type=float, default=4, help="seconds between kills, on average")
    parser.add_argument("--restarts", type=int, default=5, help="of PostgreSQL, and of Redis")
    arguments = parser.parse_args()
    print(" ".join(f"--{name.replace('_', '-')} {value}" for name, value in vars(arguments).items()))
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        # PostgreSQL runs as a user of its own.
        Path(folder).chmod(0o755)
        return run(arguments, Path(folder))


def run(arguments: argparse.Namespace, folder: Path) -> int:
    lives = make_lives(
        arguments.seed, arguments.watches, arguments.appids, arguments.shortest, arguments.longest
    )
    settings = {name: getattr(arguments, name) for name in ("interval", "lease", "batch_size")}
    with Cluster(folder, arguments.workers, settings) as cluster:
        for life in lives:
            cluster.fake.call("POST", "/audits", life.as_audit())
        appids = sorted({life.appid for life in lives})
        cluster.configure({appid: cluster.fake.token(appid=appid) for appid in appids})
        cluster.manage("migrate", "--verbosity=0")
        with psycopg.connect(cluster.database(), autocommit=True) as connection:
            connection.execute(CREATE_TABLE)
        cluster.run_program("watch_all", json.dumps([(life.appid, life.auditid) for life in lives]))
        begun = datetime.now(timezone.utc)
        ticker = Ticker(cluster.fake)
        ticker.start()
        cluster.start()
        disturb(cluster, arguments, lives)
        ticker.stop()
        found = read(cluster)
        print(f"it took {(datetime.now(timezone.utc) - begun).total_seconds():.0f} s")
        polls = {audit["auditid"]: audit["polls"] for audit in cluster.fake.call("GET", "/audits")["audits"]}
    outcome = compare(lives, begun, *found, polls, arguments.interval)
    print(outcome)
    return int(bool(outcome.faults))


def disturb(cluster: Cluster, arguments: argparse.Namespace, lives: list[Life]) -> None:
    """Kills workers and restarts servers while audits are decided, then waits until nothing is left to do."""
    choose = random.Random(arguments.seed)  # noqa: S311  # the seed repeats a run
    seconds = max(life.decided_at for life in lives)
    restarts = sorted(
        (choose.uniform(0.05, 0.95) * seconds, name)
        for name in ("postgresql", "redis")
        for _ in range(arguments.restarts)
    )
    kills = 0
    begun = time.monotonic()
    while restarts or time.monotonic() - begun < seconds:
        if restarts and restarts[0][0] <= time.monotonic() - begun:
            cluster.restart(restarts.pop(0)[1], choose)
        cluster.kill_a_worker(choose)
        kills += 1
        time.sleep(choose.uniform(0.5, 1.5) * arguments.kill_every)
    print(f"{kills} kills of workers or children, {arguments.restarts} restarts of PostgreSQL and of Redis")
    wait_until_told(cluster, 10 * arguments.lease + 2 * arguments.interval)


def wait_until_told(cluster: Cluster, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    left: Any = None
    with psycopg.connect(cluster.database(), autocommit=True) as connection:
        while time.monotonic() < give_up_at:
            left = connection.execute(
                "SELECT (SELECT count(*) FROM wxaudit_auditwatch WHERE next_check_at IS NOT NULL),"
                " (SELECT count(*) FROM wxaudit_auditchange WHERE delivered_at IS NULL)"
            ).fetchone()
            if left == (0, 0):
                return
            time.sleep(0.5)
    print(f"after {seconds:.0f} s more, watches and changes are left: {left}")


def read(cluster: Cluster) -> tuple[Any, Any, Any]:
    with psycopg.connect(cluster.database(), autocommit=True) as connection:
        watches = connection.execute("SELECT auditid, state, phase, decided_at FROM wxaudit_auditwatch")
        changes = connection.execute(
            "SELECT auditid, c.sequence, old_state, new_state"
            " FROM wxaudit_auditchange c JOIN wxaudit_auditwatch w ON w.id = c.watch_id"
        )
        deliveries = connection.execute("SELECT key, signal, old_state, new_state FROM delivery ORDER BY id")
        return (
            {auditid: (state, phase, at) for auditid, state, phase, at in watches},
            changes.fetchall(),
            deliveries.fetchall(),
        )


if __name__ == "__main__":
    sys.exit(main())
