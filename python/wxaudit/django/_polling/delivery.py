"""Tell receivers of changes: at least once, in order for each watch, and again after one has raised."""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.db.models import Exists, F, OuterRef

from ..._signals import raised_by_signal
from .. import _settings
from ..models import AuditChange, AuditWatch
from ..signals import audit_changed, audit_decided, audit_overdue
from . import transactions
from .claims import claim

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from django.dispatch import Signal

_log = logging.getLogger("wxaudit.django")

# How many changes are claimed at once. Few: while a receiver is slow, the others wait.
BATCH_SIZE = 20
# Until a receiver that has raised is called again, in seconds.
_SHORTEST_BACKOFF, _LONGEST_BACKOFF = 10.0, 3600.0
# How long a database that refuses is tried again, in seconds.
_PATIENCE = 10.0


def deliver_due(
    using: str, now: Callable[[], datetime], counts: Counter[str], should_stop: Callable[[], bool]
) -> None:
    """Tells receivers of all changes that are due."""
    while not should_stop():
        lease, changes = transactions.repeat(using, partial(_claim, using, now()), patience=_PATIENCE)
        if not changes:
            return
        _deliver_claimed(using, lease, changes, now, counts, should_stop)


def _deliver_claimed(
    using: str,
    lease: str,
    changes: list[AuditChange],
    now: Callable[[], datetime],
    counts: Counter[str],
    should_stop: Callable[[], bool],
) -> None:
    end = now() + _settings.read().watch.lease / 2
    waiting = list(changes)
    try:
        # One at least, however short the lease is.
        while waiting and not should_stop() and (len(waiting) == len(changes) or now() < end):
            _deliver(using, lease, waiting[0], now, counts)
            del waiting[0]
    finally:
        # Also after the exception of a signal handler.
        _release(using, lease, waiting, now())


def _claim(using: str, now: datetime) -> tuple[str, list[AuditChange]]:
    every = AuditChange.objects.using(using)
    earlier = every.filter(
        watch=OuterRef("watch"),
        sequence__lt=OuterRef("sequence"),
        delivered_at__isnull=True,
        failed_at__isnull=True,
    )
    due = every.filter(~Exists(earlier), next_delivery_at__lte=now)
    until = now + _settings.read().watch.lease
    # Counted before receivers are called: one that ends the process has had its attempt.
    lease, claimed = claim(due, "next_delivery_at", BATCH_SIZE, until, attempts=F("attempts") + 1)
    if not claimed:
        return lease, []
    own = every.filter(pk__in=[change.pk for change in claimed], lease=lease)
    return lease, list(own.select_related("watch").order_by("pk"))


def _deliver(
    using: str, lease: str, change: AuditChange, now: Callable[[], datetime], counts: Counter[str]
) -> None:
    limit = _settings.read().watch.delivery_attempts
    if change.attempts > max(limit, 1):
        problem = change.last_error or "the worker ended while it called the receivers"
    else:
        problem = _tell(change)
    moment = now()
    ended: dict[str, Any] = {"lease": "", "last_error": problem}
    if not problem:
        ended |= {"delivered_at": moment, "next_delivery_at": None}
    elif change.attempts >= limit:
        ended |= {"failed_at": moment, "next_delivery_at": None}
    else:
        ended |= {"next_delivery_at": moment + _backoff(change.attempts)}
    own = AuditChange.objects.using(using).filter(pk=change.pk, lease=lease)
    is_ours = transactions.repeat(using, partial(own.update, **ended), patience=_PATIENCE)
    if not is_ours:
        # The lease ended while a receiver ran: another worker tells of it again.
        counts["skipped"] += 1
    elif not problem:
        counts["delivered"] += 1
    else:
        counts["undelivered"] += 1
        if "failed_at" in ended:
            _log.error("change %s is not delivered after %s attempts: %s", change, change.attempts, problem)


def _tell(change: AuditChange) -> str:
    """Calls all receivers; returns which of them failed. Lists show the beginning: the exception is first."""
    failed = [
        f"{type(response).__name__} raised by {_name(receiver)}"
        for signal in _signals_of(change)
        for receiver, response in _send(signal, change)
    ]
    return "; ".join(failed)


def _send(signal: Signal, change: AuditChange) -> Iterator[tuple[Any, Exception]]:
    sent = signal.send_robust(sender=AuditWatch, watch=change.watch, change=change, key=change.key)
    for receiver, response in sent:
        if isinstance(response, Exception):
            if raised_by_signal(response):
                raise response
            yield receiver, response


def _signals_of(change: AuditChange) -> tuple[Signal, ...]:
    if change.kind == AuditChange.Kind.OVERDUE:
        return (audit_overdue,)
    return (audit_changed, audit_decided) if change.is_decision else (audit_changed,)


def _release(using: str, lease: str, changes: list[AuditChange], now: datetime) -> None:
    """Gives back changes that were not told."""
    if not changes:
        return
    own = AuditChange.objects.using(using).filter(pk__in=[change.pk for change in changes], lease=lease)
    give_back = partial(own.update, lease="", next_delivery_at=now, attempts=F("attempts") - 1)
    try:
        transactions.repeat(using, give_back, patience=1)
    except DatabaseError:
        _log.warning("%s changes are delivered later, at the end of their lease", len(changes))


def _backoff(attempts: int) -> timedelta:
    seconds = min(_SHORTEST_BACKOFF * 2 ** min(attempts - 1, 20), _LONGEST_BACKOFF)
    return timedelta(seconds=seconds * random.uniform(0.9, 1.1))  # noqa: S311  # not for secrets


def _name(receiver: Any) -> str:
    module = getattr(receiver, "__module__", type(receiver).__module__)
    return f"{module}.{getattr(receiver, '__qualname__', type(receiver).__qualname__)}"
