"""Ten thousand calls, half of which fail. Arguments: BASE_URL TOKEN blocking|asyncio EXPIRED_TOKEN.

Written is how much the memory of the process grew meanwhile, in bytes, and which outcomes there were. The
server cuts the answers for 1010 before they begin, and those for 1011 in the middle of the body.
"""

from __future__ import annotations

import asyncio
import collections
import gc
import json
import os

from numbered_audits import ARGUMENTS, BASE_URL, TOKEN

import wxaudit

CALLS = 10_000
KIND, EXPIRED = ARGUMENTS


class Source:
    """Knows the expired token alone, until it is asked for a fresh one."""

    same_thread = True

    def get_token(self, *, refresh: bool = False) -> str:
        return TOKEN if refresh else EXPIRED


QUESTIONS: list[tuple[object, object]] = [
    *[(TOKEN, 1001 + number) for number in range(5)],
    (Source(), 1006),
    (EXPIRED, 1001),
    (TOKEN, 1010),
    (TOKEN, 1011),
    (TOKEN, "no number"),
    (TOKEN, 999),
    (b"no text", 1001),
]

outcomes: collections.Counter[str] = collections.Counter()


def ask_blocking(calls: int) -> None:
    client = wxaudit.Client(base_url=BASE_URL, max_retries=0, on_event=lambda _: None)
    for number in range(calls):
        token, auditid = QUESTIONS[number % len(QUESTIONS)]
        try:
            client.get_audit_status(token, auditid)  # type: ignore[arg-type]  # wrong on purpose
            outcomes["AuditStatus"] += 1
        except wxaudit.WxAuditError as failure:
            outcomes[type(failure).__name__] += 1


def ask_async(calls: int) -> None:
    client = wxaudit.AsyncClient(base_url=BASE_URL, max_retries=0, on_event=lambda _: None)

    async def work(numbers: range) -> None:
        for number in numbers:
            token, auditid = QUESTIONS[number % len(QUESTIONS)]
            try:
                await client.get_audit_status(token, auditid)  # type: ignore[arg-type]  # wrong on purpose
                outcomes["AuditStatus"] += 1
            except wxaudit.WxAuditError as failure:
                outcomes[type(failure).__name__] += 1

    async def main() -> None:
        await asyncio.gather(*(work(range(start, calls, 8)) for start in range(8)))

    asyncio.run(main())


def resident() -> int:
    """The resident memory of this process, in bytes."""
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


ask = ask_blocking if KIND == "blocking" else ask_async
# Until allocator, pools and caches have what they keep.
ask(2000)
outcomes.clear()
before = resident()
ask(CALLS)
print(
    json.dumps(
        {"growth": resident() - before, "outcomes": outcomes, "threads": len(os.listdir("/proc/self/task"))}
    )
)
