"""Calls in eager tasks, which run as soon as they are made. Arguments: BASE_URL TOKEN. Needs Python 3.12."""

from __future__ import annotations

import asyncio
import sys

from numbered_audits import AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

assert sys.version_info >= (3, 12)


async def main() -> None:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    client = wxaudit.AsyncClient(base_url=BASE_URL)
    async with asyncio.TaskGroup() as group:
        tasks = {auditid: group.create_task(client.get_audit_status(TOKEN, auditid)) for auditid in AUDITIDS}
    for auditid, task in tasks.items():
        check(task.result(), auditid)
    cancelled = asyncio.create_task(client.get_audit_status(TOKEN, 1001))
    cancelled.cancel()
    assert await asyncio.gather(cancelled, return_exceptions=True)
    assert cancelled.cancelled()
    try:
        # Refused before anything is sent: within `create_task`.
        await asyncio.create_task(client.get_audit_status(TOKEN, -1))
    except wxaudit.ArgumentError:
        print("right")


asyncio.run(main())
