"""Closes loops with calls in flight. Arguments: BASE_URL TOKEN LOOPS uvloop|asyncio HELD_AUDITID.

Written is how many threads and descriptors the process had before, at most, and in the end. The server never
answers for HELD_AUDITID.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import time
from typing import TYPE_CHECKING

from numbered_audits import ARGUMENTS, AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPS, HELD_AUDITID = int(ARGUMENTS[0]), int(ARGUMENTS[2])
new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
if ARGUMENTS[1] == "uvloop":
    import uvloop_quiet

    new_event_loop = uvloop_quiet.new_event_loop

# A call whose loop is closed ends at its time limit at the latest.
TIME_LIMIT = 0.5

client = wxaudit.AsyncClient(base_url=BASE_URL, timeout=TIME_LIMIT)


def resources() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


async def call_for_ever(auditid: int, begun: asyncio.Event) -> None:
    for _ in itertools.count():
        check(await client.get_audit_status(TOKEN, auditid, timeout=60), auditid)
        begun.set()


async def begin() -> asyncio.Future[object]:
    begun = asyncio.Event()
    calls: list[object] = [call_for_ever(auditid, begun) for auditid in AUDITIDS]
    calls += [client.get_audit_status(TOKEN, HELD_AUDITID) for _ in range(8)]
    # Tasks of a gather may be dropped while they wait, without a word from asyncio.
    gathered: asyncio.Future[object] = asyncio.gather(*calls)  # type: ignore[call-overload]  # two kinds of calls
    await begun.wait()
    return gathered


def close_one() -> None:
    loop = new_event_loop()
    gathered = loop.run_until_complete(begin())
    assert not gathered.done()
    loop.close()


async def ask() -> None:
    check(await client.get_audit_status(TOKEN, 1001), 1001)


# uvloop keeps a pipe for the whole process: it is there before anything is counted.
loop = new_event_loop()
loop.run_until_complete(ask())
loop.close()
asyncio.run(ask())
before = resources()
most = before
for _ in range(LOOPS):
    close_one()
    gc.collect()
    most = max(most[0], resources()[0]), max(most[1], resources()[1])
    asyncio.run(ask())
after = resources()
deadline = time.monotonic() + 20
# Eight calls at once leave at most eight idle connections.
while after[1] > before[1] + len(AUDITIDS) and time.monotonic() < deadline:
    asyncio.run(ask())
    after = resources()
print(json.dumps({"before": before, "most": most, "after": after}))
