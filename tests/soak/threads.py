"""The blocking client's part of the soak: calls, batches, waits, sources, quotas and forks, in threads."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from typing import TYPE_CHECKING

from forking import in_child

import wxaudit
from soak.world import ALLOWED, AUDITIDS, HELD_AUDITID, QUOTA_AUDITID, Source
from wxaudit.testing import FakeClock

if TYPE_CHECKING:
    from soak.tally import Tally, Workers
    from soak.world import World

DAYS = 3 * 24 * 3600
# Nothing here hangs but the machine: a call that takes a minute says that it is too busy.
TIMEOUT = wxaudit.Timeout(total=60, connect=None, read=None)
FORK_INTERVAL_SECONDS = 5.0


class BlockingSoak:
    """What threads do, each its kind."""

    def __init__(self, world: World, tally: Tally) -> None:
        self._world = world
        self._tally = tally
        self._clients = {name: self._client(name) for name in ALLOWED}
        self._auditids = itertools.cycle(AUDITIDS)
        self._source = Source(world, "wxsource")
        self._forking = self._client("healthy")
        self._random = random.Random(2)  # noqa: S311  # the same at each run

    def _client(self, name: str) -> wxaudit.Client:
        return wxaudit.Client(base_url=self._world.urls[name], timeout=TIMEOUT, trust_env=False)

    def add_to(self, workers: Workers) -> None:
        for name in ALLOWED:
            workers.add(f"blocking calls, {name}", lambda kind, name=name: self.call(kind, name))  # type: ignore[misc]
            workers.add(f"batches, {name}", lambda kind, name=name: self.batch(kind, name), pause=0.2)  # type: ignore[misc]
        for _ in range(2):
            workers.add("blocking calls, healthy", lambda kind: self.call(kind, "healthy"))
        workers.add("batches that are left", self.left_batch, pause=0.2)
        workers.add("blocking calls that run out of time", self.out_of_time, pause=0.1)
        workers.add("waits", self.wait, pause=0.2)
        workers.add("waits for several", self.wait_for_several, pause=0.5)
        workers.add("expired tokens", self.expired_token, pause=0.5)
        workers.add("quotas", self.quota, pause=1)
        workers.add("short-lived clients", self.short_lived_client, pause=0.5)
        workers.add("forks", self.fork, pause=FORK_INTERVAL_SECONDS)

    def call(self, kind: str, name: str) -> None:
        auditid, begun = next(self._auditids), time.monotonic()
        try:
            audit = self._clients[name].get_audit_status(self._world.token, auditid)
        except wxaudit.WxAuditError as error:
            self._tally.check_error(kind, error, ALLOWED[name])
        else:
            self._tally.check(kind, audit, auditid, begun)

    def batch(self, kind: str, name: str) -> None:
        begun = time.monotonic()
        for result in self._clients[name].iter_audit_statuses(self._world.queries(name), max_concurrency=8):
            self._tally.check_result(kind, result, ALLOWED[name], begun)

    def left_batch(self, kind: str) -> None:
        """Left at a random place; the rest is cancelled."""
        queries = ((self._world.token, next(self._auditids)) for _ in itertools.count())
        results = self._clients["healthy"].iter_audit_statuses(queries, max_concurrency=8)
        for result in itertools.islice(results, self._random.randrange(1, 30)):
            self._tally.check_result(kind, result)
        results.close()

    def out_of_time(self, kind: str) -> None:
        try:
            self._clients["healthy"].get_audit_status(self._world.token, HELD_AUDITID, timeout=0.1)
            self._tally.wrong(kind, "an answer that was held")
        except wxaudit.RequestTimeout as error:
            self._tally.check_error(kind, error, (wxaudit.RequestTimeout,))

    def wait(self, kind: str) -> None:
        auditid = self._submit_with_life()
        client = self._clients["healthy"]
        audit = client.wait_for_decision(self._world.token, auditid, timeout=DAYS, clock=FakeClock())
        self._tally.check(kind, audit, auditid)

    def wait_for_several(self, kind: str) -> None:
        auditids = [self._submit_with_life() for _ in range(5)]
        queries = [(self._world.token, auditid) for auditid in auditids]
        for result in self._clients["healthy"].wait_for_decisions(queries, timeout=DAYS, clock=FakeClock()):
            self._tally.check_result(kind, result)

    def _submit_with_life(self) -> int:
        auditid = self._world.new_auditid()
        life = [
            {"state": "delayed", "after_polls": 1},
            {"state": "rejected", "after_polls": 2, "reason": f"audit {auditid}"},
        ]
        self._world.submit(auditid, life=life)
        return auditid

    def expired_token(self, kind: str) -> None:
        """One refresh for all queries on one source."""
        before = self._source.refreshes
        self._source.expire()
        queries = [(self._source, auditid) for auditid in self._source.auditids]
        for result in self._clients["healthy"].get_audit_statuses(queries):
            self._tally.check_result(kind, result)
        if self._source.refreshes != before + 1:
            self._tally.wrong(kind, f"{self._source.refreshes - before} refreshes for an expired token")

    def quota(self, kind: str) -> None:
        """After one refusal nothing is sent for a minute, and then calls are answered again."""
        with self._client("healthy") as client:
            self._world.fake.fail_next(1, auditid=QUOTA_AUDITID, errcode=45011)
            retry_at = 0.0
            while not self._tally.stop.is_set():
                try:
                    audit = client.get_audit_status(self._world.token, QUOTA_AUDITID, timeout=10)
                except wxaudit.MinuteQuotaError as error:
                    if error.attempts and time.time() < retry_at:
                        self._tally.wrong(kind, f"{error.attempts} requests after a refusal")
                    retry_at = error.retry_at.timestamp() if error.retry_at else 0
                    self._tally.check_error(kind, error, (wxaudit.MinuteQuotaError,))
                except wxaudit.RequestTimeout as error:
                    # The machine is busy.
                    self._tally.check_error(kind, error, (wxaudit.RequestTimeout,))
                else:
                    self._tally.check(kind, audit, QUOTA_AUDITID)
                    # A call may wait for the last second of a block.
                    if time.time() < retry_at - 0.05:
                        self._tally.wrong(kind, "a call was sent that the quota forbids")
                    return
                self._tally.stop.wait(2)

    def short_lived_client(self, kind: str) -> None:
        auditid = next(self._auditids)
        with self._client("healthy") as client:
            self._tally.check(kind, client.get_audit_status(self._world.token, auditid), auditid)

    def fork(self, kind: str) -> None:
        """A child asks with what it inherited, while calls are in flight, and with clients of its own."""
        auditid = next(self._auditids)

        def work() -> None:
            for client in (self._forking, self._clients["healthy"], self._client("healthy")):
                audit = client.get_audit_status(self._world.token, auditid)
                assert (audit.auditid, audit.reason) == (auditid, f"audit {auditid}")
            inherited = wxaudit.AsyncClient(base_url=self._world.urls["healthy"], trust_env=False)
            audit = asyncio.run(inherited.get_audit_status(self._world.token, auditid))
            assert (audit.auditid, audit.reason) == (auditid, f"audit {auditid}")

        self._forking.get_audit_status(self._world.token, auditid)
        in_child(work)
        self._tally.right(kind)
