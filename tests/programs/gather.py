"""Many calls in one gather. Arguments: BASE_URL TOKEN CALLS MAX_CONCURRENCY uvloop|asyncio.

Written is how many answers were right, how many threads the process had, and how many seconds it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS, MAX_CONCURRENCY = int(ARGUMENTS[0]), int(ARGUMENTS[1])
new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
if ARGUMENTS[2] == "uvloop":
    import uvloop_quiet

    new_event_loop = uvloop_quiet.new_event_loop

threads: list[int] = []


def count_threads() -> None:
    threads.append(len(os.listdir("/proc/self/task")))


async def work(client: wxaudit.AsyncClient, number: int) -> None:
    auditid = AUDITIDS[number % len(AUDITIDS)]
    check(await client.get_audit_status(TOKEN, auditid, timeout=60), auditid)
    count_threads()


async def main() -> None:
    client = wxaudit.AsyncClient(base_url=BASE_URL, max_concurrency=MAX_CONCURRENCY)
    await asyncio.gather(*(work(client, number) for number in range(CALLS)))


count_threads()
begun = time.perf_counter()
loop = new_event_loop()
loop.run_until_complete(main())
loop.close()
seconds = time.perf_counter() - begun
right = len(threads) - 1
print(json.dumps({"right": right, "threads": max(threads), "before": threads[0], "seconds": seconds}))
