"""Claim rows that are due, so that no other worker takes them before the lease ends.

A claim moves the time when a row is due to the end of the lease: the rows of a worker that died fall due by
themselves. It marks them with a value of its own, by which the worker sees later which still are its own.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connections, models, transaction

if TYPE_CHECKING:
    from datetime import datetime

_Model = TypeVar("_Model", bound=models.Model)


def claim(
    due: models.QuerySet[_Model], time_field: str, limit: int, until: datetime, **changes: Any
) -> tuple[str, list[_Model]]:
    """The lease, and at most `limit` of the rows `due`, with the values from before.

    - `time_field`: the name of the field that says when a row is due
    - `until`: the end of the lease
    - `changes`: other changes of the claimed rows
    """
    lease = uuid.uuid4().hex
    changes = {time_field: until, "lease": lease, **changes}
    due = due.order_by(time_field)
    every = due.model._default_manager.using(due.db)
    if connections[due.db].features.has_select_for_update_skip_locked:
        with transaction.atomic(using=due.db, durable=True):
            rows = list(due.select_for_update(skip_locked=True)[:limit])
            if rows:
                every.filter(pk__in=[row.pk for row in rows]).update(**changes)
        return lease, rows
    rows = list(due[:limit])
    ids = [row.pk for row in rows]
    # Another worker may have claimed some of them since.
    if rows and due.filter(pk__in=ids).order_by().update(**changes) < len(rows):
        own = set(every.filter(pk__in=ids, lease=lease).values_list("pk", flat=True))
        rows = [row for row in rows if row.pk in own]
    return lease, rows
