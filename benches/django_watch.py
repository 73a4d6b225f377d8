"""Measure the watch of `wxaudit.django` on PostgreSQL, against nginx and its one fixed answer.

    make bench-django
    make bench-django BENCH_ARGUMENTS='--rows 5000 --large 100000 --memory-rows 20000'

One worker, which is this process, asks about rows that are all due. PostgreSQL writes durably (fsync). Rates
are those of the wall clock, so they need an idle machine; CPU times say what a row costs on a busy one too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import psutil
from django.conf import settings

from support.servers.nginx_server import Nginx
from support.servers.postgresql_server import PostgresqlServer

if TYPE_CHECKING:
    from collections.abc import Callable

_HTTP = """\
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    access_log off;
    server {
        listen 127.0.0.1:{port};
        location = /wxa/get_auditstatus { return 200 '{"errcode":0,"errmsg":"ok","status":2}'; }
    }
"""
_DUE_ROWS = 1_000
_ROUNDS = 7


@dataclass
class Cost:
    """Wall and CPU seconds of some work; of this process, of PostgreSQL, of nginx."""

    wall: float
    worker: float
    database: float
    nginx: float

    @property
    def cpu(self) -> float:
        return self.worker + self.database + self.nginx


class Meter:
    def __init__(self, database: int, nginx: int) -> None:
        self._pids = (os.getpid(), database, nginx)

    def measure(self, work: Callable[[], object]) -> Cost:
        before, start = self._times(), time.perf_counter()
        work()
        wall = time.perf_counter() - start
        return Cost(wall, *(after - earlier for after, earlier in zip(self._times(), before, strict=True)))

    def _times(self) -> list[float]:
        return [sum(map(_cpu, _family(pid))) for pid in self._pids]


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process] if pid == os.getpid() else [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="wxaudit-bench-") as text:
        folder = Path(text)
        nginx = Nginx(folder, _HTTP)
        with nginx, PostgresqlServer(folder, fsync="on", max_wal_size="4GB") as server:
            _set_up(folder, nginx.base_url)
            meter = Meter(server.pid, nginx.pid)
            load = os.getloadavg()[0]
            print(f"{os.cpu_count()} cores; load before: {load:.1f}; niceness {os.nice(0)}")
            _measure_rate(meter, options.rows)
            _measure_scale(meter, options.large)
            _measure_memory(options.memory_rows)
            print(f"load after: {os.getloadavg()[0]:.1f}")
            _close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=50_000, help="rows of the first measurement")
    parser.add_argument("--large", type=int, default=1_000_000, help="rows of the large table")
    parser.add_argument("--memory-rows", type=int, default=100_000, help="rows of the last measurement")
    return parser.parse_args()


def _set_up(folder: Path, base_url: str) -> None:
    settings.configure(
        USE_TZ=True,
        INSTALLED_APPS=["wxaudit.django"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "postgres",
                "HOST": str(folder),
                "CONN_MAX_AGE": None,
            }
        },
        WXAUDIT={"TOKEN_SOURCE": lambda appid: f"token-of-{appid}", "CLIENT": {"base_url": base_url}},
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _execute(statement: str, *values: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _fill(rows: int, *, due: bool) -> None:
    """Replaces the table by rows of 1 000 mini programs, which are due, or will be within a year."""
    _execute("TRUNCATE wxaudit_auditwatch CASCADE")
    later = "NOW() + INTERVAL '1 day' + n * (INTERVAL '360 days' / %s)"
    moment = "NOW() - INTERVAL '1 hour'" if due else later
    # Submitted three days ago, and answered yesterday.
    statement = f"""
        INSERT INTO wxaudit_auditwatch (appid, auditid, note, phase, state, reason, screenshots, created_at,
            checked_at, next_check_at, lease, failures, last_error, sequence)
        SELECT 'wx' || LPAD((n %% 1000)::text, 16, '0'), n, '', 'watching', 2, '', '[]',
            NOW() - INTERVAL '3 days', NOW() - INTERVAL '1 day', {moment}, '', 0, '', 0
        FROM generate_series(1, %s) AS n"""  # noqa: S608  # no text from outside
    _execute(statement, *([rows] if due else [rows, rows]))
    _execute("VACUUM ANALYZE wxaudit_auditwatch")


def _measure_rate(meter: Meter, rows: int) -> None:
    from wxaudit.django import poll_due

    _fill(1_000, due=True)
    poll_due()
    _fill(rows, due=True)
    cost = meter.measure(lambda: _expect(poll_due().answered, rows))
    each = 1e6 / rows
    print(f"{rows} rows claimed, asked and written in {cost.wall:.1f} s: {rows / cost.wall:.0f} a second")
    print(
        f"CPU time of a row: {cost.cpu * each:.0f} us (worker {cost.worker * each:.0f}, PostgreSQL "
        f"{cost.database * each:.0f}, nginx {cost.nginx * each:.0f}): one after the other on idle cores, "
        f"{rows / cost.cpu:.0f} a second"
    )


def _measure_scale(meter: Meter, large: int) -> None:
    medians = []
    for rows in (10_000, large):
        _fill(rows, due=False)
        costs = [_measure_due(meter, rows) for _ in range(_ROUNDS)]
        cpu = statistics.median(cost.cpu for cost in costs)
        wall = statistics.median(cost.wall for cost in costs)
        medians.append(cpu)
        print(
            f"{_DUE_ROWS} due of {rows}: {wall * 1e3:.0f} ms, CPU {cpu * 1e3:.0f} ms (medians of {_ROUNDS})"
        )
    print(f"the large table costs {medians[1] / medians[0]:.2f} times the CPU time of the small one")


def _measure_due(meter: Meter, rows: int) -> Cost:
    from wxaudit.django import poll_due

    # Rows from everywhere in the table.
    _execute(
        "UPDATE wxaudit_auditwatch SET next_check_at = NOW() - INTERVAL '1 minute' WHERE auditid %% %s = 0",
        rows // _DUE_ROWS,
    )
    _execute("VACUUM ANALYZE wxaudit_auditwatch")
    _execute("CHECKPOINT")
    return meter.measure(lambda: _expect(poll_due().answered, _DUE_ROWS))


def _measure_memory(rows: int) -> None:
    from wxaudit.django import poll_due

    _fill(rows, due=True)
    process = psutil.Process()
    part = rows // 10
    sizes = []
    for _ in range(10):
        _expect(poll_due(limit=part).answered, part)
        sizes.append(process.memory_info().rss / 2**20)
    shown = ", ".join(f"{size:.1f}" for size in sizes)
    print(f"resident memory after each {part} of {rows} rows, in MiB: {shown}")


def _expect(answered: int, rows: int) -> None:
    assert answered == rows, f"{answered} of {rows} rows were answered"


def _close() -> None:
    from django.db import connection

    connection.close()


if __name__ == "__main__":
    main()
