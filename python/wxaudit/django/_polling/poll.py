"""Ask about all audits that are due, record the answers, and tell receivers."""

from __future__ import annotations

import random
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections, router

from ..._validation import check_whole_number
from .. import _clock, _settings
from ..models import AuditChange, AuditWatch
from . import transactions
from .asking import ask
from .claims import claim
from .delivery import deliver_due
from .outage import outage
from .outcomes import apply
from .recording import park_and_resume, record, release
from .report import PollReport
from .retention import delete_old

if TYPE_CHECKING:
    from collections.abc import Callable

    from .outcomes import Outcome

# How long a database that refuses a claim is tried again, in seconds.
_PATIENCE = 10.0


def poll_due(
    *, limit: int | None = None, using: str | None = None, should_stop: Callable[[], bool] | None = None
) -> PollReport:
    """Asks WeChat about the watches that are due, until none is, and tells receivers of the changes.

    Any number of processes and threads may run it at once: each takes other watches. One that is killed loses
    nothing: its watches fall due again at the end of their lease.

    - `limit`: ask about this many watches at most
    - `using`: the alias of the database; by default the one that the routers name for `AuditWatch`
    - `should_stop`: called between two chunks and two deliveries; what is left stays due

    Raises `RuntimeError` inside a transaction, `django.db.OperationalError` if the database is gone for more
    than a few seconds, and `ImproperlyConfigured`. Failed calls and receivers are only counted.
    """
    if limit is not None:
        limit = check_whole_number("limit", limit, "200")
    alias = router.db_for_write(AuditWatch) if using is None else using
    if not connections[alias].in_atomic_block:
        # In a long-lived process: the server may have closed it.
        connections[alias].close_if_unusable_or_obsolete()
    check = partial(transactions.check_no_transaction, alias, "poll_due()")
    transactions.repeat(alias, check, patience=_PATIENCE)
    return _Poll(alias, limit, should_stop or (lambda: False)).run()


class _Poll:
    """One call of `poll_due`."""

    def __init__(self, using: str, limit: int | None, should_stop: Callable[[], bool]) -> None:
        self._using = using
        self._limit = limit
        self._should_stop = should_stop
        self._watch = _settings.read().watch
        self._counts: Counter[str] = Counter()
        self._now = transactions.repeat(using, partial(_clock.timer, using), patience=_PATIENCE)

    def run(self) -> PollReport:
        while not self._should_stop() and self._poll_chunk():
            pass
        self._deliver()
        if not self._should_stop():
            self._counts["deleted"] += delete_old(self._using, self._now())
        return PollReport(**self._counts)

    def _poll_chunk(self) -> bool:
        """Whether more may be due."""
        wanted = max(self._watch.batch_size, 1)
        if self._limit is not None:
            wanted = min(wanted, self._limit - self._counts["claimed"])
        wanted = outage.allow(wanted, self._now()) if wanted > 0 else 0
        if wanted == 0:
            return False
        claimed_at = time.monotonic()
        lease, rows = transactions.repeat(self._using, partial(self._claim, wanted), patience=_PATIENCE)
        self._counts["claimed"] += len(rows)
        if rows and self._work_on(lease, rows, claimed_at):
            # Soon told: what comes after this chunk may take long.
            self._deliver()
        return len(rows) == wanted

    def _claim(self, wanted: int) -> tuple[str, list[AuditWatch]]:
        now = self._now()
        due = AuditWatch.objects.using(self._using).filter(next_check_at__lte=now)
        return claim(due, "next_check_at", wanted, now + self._watch.lease)

    def _work_on(self, lease: str, rows: list[AuditWatch], claimed_at: float) -> bool:
        """Whether there are changes to tell."""
        seconds = self._watch.lease.total_seconds()
        outcomes: list[Outcome] = []
        try:
            # The rest of the lease is for the writing.
            for row, result, now in ask(rows, self._now, 0.8 * seconds):
                chance = random.random()  # noqa: S311  # not for secrets
                outcomes.append(apply(row, result, now, self._watch, chance))
        except BaseException:
            # Of a signal handler, for example. The answers so far are asked for again.
            self._give_back(lease, rows)
            raise
        patience = claimed_at + seconds - time.monotonic()
        written = record(self._using, lease, outcomes, patience) if outcomes else []
        told = {outcome.row.pk for outcome in outcomes}
        release(self._using, lease, [row for row in rows if row.pk not in told], self._now(), patience)
        park_and_resume(self._using, written, self._now(), patience)
        self._count(rows, written)
        return any(outcome.changes for outcome in written)

    def _give_back(self, lease: str, rows: list[AuditWatch]) -> None:
        try:
            release(self._using, lease, rows, self._now(), 1)
        except DatabaseError:
            # They fall due by themselves, and the exception that led here matters more.
            return

    def _count(self, rows: list[AuditWatch], written: list[Outcome]) -> None:
        counts = self._counts
        counts["skipped"] += len(rows) - len(written)
        for outcome in written:
            kinds = [change["kind"] for change in outcome.changes]
            counts["failed" if outcome.failed else "answered"] += 1
            counts["changed"] += AuditChange.Kind.STATE in kinds
            counts["overdue"] += AuditChange.Kind.OVERDUE in kinds
            counts["decided"] += outcome.decided

    def _deliver(self) -> None:
        deliver_due(self._using, self._now, self._counts, self._should_stop)
