"""The asyncio client's part of the soak: calls, batches, waits, sources and cancelled calls, in one loop."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from typing import TYPE_CHECKING

import wxaudit
from soak.threads import DAYS, TIMEOUT
from soak.world import ALLOWED, AUDITIDS, HELD_AUDITID, AsyncSource
from wxaudit.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from soak.tally import Tally
    from soak.world import World


class AsyncSoak:
    """What tasks do, each its kind; the loop runs in a thread of its own."""

    def __init__(self, world: World, tally: Tally) -> None:
        self._world = world
        self._tally = tally
        self._auditids = itertools.cycle(AUDITIDS)
        self._source = AsyncSource(world, "wxasyncsource")
        self._random = random.Random(3)  # noqa: S311  # the same at each run
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="soak asyncio")

    def start(self) -> None:
        self._thread.start()

    def join(self, seconds: float) -> list[str]:
        self._thread.join(seconds)
        return [self._thread.name] if self._thread.is_alive() else []

    async def _main(self) -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self._tally.wrong("event loop", repr(context))
        )
        urls = self._world.urls
        self._clients = {
            name: wxaudit.AsyncClient(base_url=urls[name], timeout=TIMEOUT, trust_env=False)
            for name in ALLOWED
        }
        works: list[Awaitable[None]] = []
        for name in ALLOWED:
            works.append(
                self._repeat(f"asyncio calls, {name}", lambda kind, name=name: self.calls(kind, name))  # type: ignore[misc]
            )
            works.append(
                self._repeat(f"asyncio batches, {name}", lambda kind, name=name: self.batch(kind, name), 0.2)  # type: ignore[misc]
            )
        works += [
            self._repeat("cancelled asyncio calls", self.cancelled),
            self._repeat("asyncio batches that are left", self.left_batch, 0.2),
            self._repeat("asyncio waits", self.wait, 0.2),
            self._repeat("expired tokens, asyncio", self.expired_token, 0.5),
        ]
        await asyncio.gather(*works)
        for client in self._clients.values():
            await client.close()

    async def _repeat(self, kind: str, work: Callable[[str], Awaitable[None]], pause: float = 0.05) -> None:
        while not self._tally.stop.is_set():
            try:
                await work(kind)
            except Exception as error:
                self._tally.check_error(kind, error)
            await asyncio.sleep(pause)

    async def calls(self, kind: str, name: str) -> None:
        """Four calls at once."""

        async def call(auditid: int) -> None:
            begun = time.monotonic()
            try:
                audit = await self._clients[name].get_audit_status(self._world.token, auditid)
            except wxaudit.WxAuditError as error:
                self._tally.check_error(kind, error, ALLOWED[name])
            else:
                self._tally.check(kind, audit, auditid, begun)

        await asyncio.gather(*(call(next(self._auditids)) for _ in range(4)))

    async def batch(self, kind: str, name: str) -> None:
        begun, queries = time.monotonic(), self._world.queries(name)
        async for result in self._clients[name].iter_audit_statuses(queries, max_concurrency=8):
            self._tally.check_result(kind, result, ALLOWED[name], begun)

    async def left_batch(self, kind: str) -> None:
        queries = ((self._world.token, next(self._auditids)) for _ in itertools.count())
        results = self._clients["healthy"].iter_audit_statuses(queries, max_concurrency=8)
        left = self._random.randrange(1, 30)
        async for result in results:
            self._tally.check_result(kind, result)
            left -= 1
            if left == 0:
                break
        await results.aclose()

    async def cancelled(self, kind: str) -> None:
        """Cancelled anywhere between submitting and answering; the held one never gets an answer."""
        client = self._clients["healthy"]
        auditid = self._random.choice([HELD_AUDITID, next(self._auditids)])
        task = asyncio.ensure_future(client.get_audit_status(self._world.token, auditid))
        await asyncio.sleep(self._random.choice([0, 0, 0.001, 0.01]))
        task.cancel()
        try:
            self._tally.check(kind, await task, auditid)
        except asyncio.CancelledError as error:
            self._tally.check_error(kind, error, (asyncio.CancelledError,))

    async def wait(self, kind: str) -> None:
        auditid = self._world.new_auditid()
        life = [{"state": "rejected", "after_polls": 2, "reason": f"audit {auditid}"}]
        await asyncio.to_thread(self._world.submit, auditid, life=life)
        audit = await self._clients["healthy"].wait_for_decision(
            self._world.token, auditid, timeout=DAYS, clock=FakeClock()
        )
        self._tally.check(kind, audit, auditid)

    async def expired_token(self, kind: str) -> None:
        """One refresh for all calls at once on one source."""
        before = self._source.refreshes
        await asyncio.to_thread(self._source.expire)

        async def call(auditid: int) -> None:
            audit = await self._clients["healthy"].get_audit_status(self._source, auditid)
            self._tally.check(kind, audit, auditid)

        await asyncio.gather(*map(call, self._source.auditids))
        if self._source.refreshes != before + 1:
            self._tally.wrong(kind, f"{self._source.refreshes - before} refreshes for an expired token")
