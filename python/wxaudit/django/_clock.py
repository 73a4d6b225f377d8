"""Tell the time of the database, by which leases are compared: the clocks of hosts differ."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connections
from django.utils import timezone as django_timezone

if TYPE_CHECKING:
    from collections.abc import Callable

# What to ask in place of the database: the clock of a fake.
replacement: Callable[[], datetime] | None = None

_QUERIES = {
    # Inside a transaction too, where `now()` stands still.
    "postgresql": "SELECT CLOCK_TIMESTAMP()",
    # In the time zone of no session. Django does not set one.
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "sqlite": "SELECT STRFTIME('%Y-%m-%dT%H:%M:%f', 'now')",
}


def now(using: str) -> datetime:
    """The time of a database, as Django stores times: aware, or naive without `USE_TZ`."""
    return as_stored(_moment(using))


def timer(using: str) -> Callable[[], datetime]:
    """A function that tells the time of a database, which is asked once."""
    if replacement is not None:
        return lambda: now(using)
    start, since = now(using), time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - since)


def as_stored(moment: datetime) -> datetime:
    """An aware time as Django stores it."""
    return moment if settings.USE_TZ else django_timezone.make_naive(moment)


def from_host(moment: datetime, now: datetime) -> datetime:
    """A time by the clock of this host, as the database tells it, whose time is `now`."""
    return now + (moment - datetime.now(timezone.utc))


def _moment(using: str) -> datetime:
    if replacement is not None:
        return replacement()
    connection = connections[using]
    query = _QUERIES.get(connection.vendor, "SELECT CURRENT_TIMESTAMP")
    with connection.cursor() as cursor:
        cursor.execute(query)
        [told] = cursor.fetchone()
    moment: datetime = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment
