"""Delete decided watches that were kept long enough."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from .. import _settings
from ..models import AuditChange, AuditWatch
from . import transactions

if TYPE_CHECKING:
    from datetime import datetime

# At most so many at once: a long transaction would hold up others.
BATCH_SIZE = 500
_PATIENCE = 10.0


def delete_old(using: str, now: datetime) -> int:
    """Deletes some of the watches whose retention has passed, and returns how many.

    None of which receivers are still to be told of a change.
    """
    retention = _settings.read().watch.retention
    if retention is None:
        return 0
    return transactions.repeat(using, partial(_delete, using, now - retention), patience=_PATIENCE)


def _delete(using: str, before: datetime) -> int:
    every = AuditChange.objects.using(using)
    waiting = every.filter(watch=OuterRef("pk"), delivered_at__isnull=True, failed_at__isnull=True)
    old = (
        AuditWatch.objects.using(using)
        .decided()
        .filter(~Exists(waiting), decided_at__lt=before)
        .order_by("decided_at")
    )
    with transaction.atomic(using=using, durable=True):
        ids = list(old.values_list("pk", flat=True)[:BATCH_SIZE])
        every.filter(watch__in=ids).delete()
        AuditWatch.objects.using(using).filter(pk__in=ids).delete()
    return len(ids)
