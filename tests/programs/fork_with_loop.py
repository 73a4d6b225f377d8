"""Forks between two calls in one event loop, which the child uses too. Arguments: BASE_URL TOKEN."""

from __future__ import annotations

import asyncio
import os

from numbered_audits import AUDITIDS, BASE_URL, TOKEN, check

import wxaudit

client = wxaudit.AsyncClient(base_url=BASE_URL, timeout=20)
loop = asyncio.new_event_loop()


async def ask() -> None:
    for auditid in AUDITIDS:
        check(await client.get_audit_status(TOKEN, auditid), auditid)
    await asyncio.gather(*[client.get_audit_status(TOKEN, auditid) for auditid in AUDITIDS])


loop.run_until_complete(ask())
print("parent: right", flush=True)
pid = os.fork()
if pid == 0:
    loop.run_until_complete(ask())
    print("child: right", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
loop.run_until_complete(ask())
print("parent: right", flush=True)
loop.close()
