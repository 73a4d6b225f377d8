"""Write what became of claimed watches, many in one transaction, and only where the lease is still ours."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections, transaction

from ..._escape import truncate
from ..models import AuditChange, AuditWatch
from . import transactions
from .outcomes import Outcome, simplify
from .schedule import PARKED_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_log = logging.getLogger("wxaudit.django")

_Phase = AuditWatch.Phase
# What an answer may change, and the lease, which ends with it.
_WRITTEN = (
    "phase",
    "state",
    "reason",
    "screenshots",
    "checked_at",
    "decided_at",
    "overdue_at",
    "next_check_at",
    "lease",
    "failures",
    "last_error",
    "sequence",
)


def record(using: str, lease: str, outcomes: list[Outcome], patience: float) -> list[Outcome]:
    """Writes the rows and changes of one claim; returns what was written, without rows that others have now.

    `patience`: for how many seconds a database that refuses or restarts is tried again.
    """
    try:
        return transactions.repeat(using, partial(_write, using, lease, outcomes), patience=patience)
    except (DatabaseError, ValueError) as error:
        if transactions.is_passing(using, error) or connections[using].in_atomic_block:
            raise
    # One of them holds what this database does not store. It must not keep back the others.
    return [done for outcome in outcomes for done in _record_one(using, lease, outcome, patience)]


def _record_one(using: str, lease: str, outcome: Outcome, patience: float) -> list[Outcome]:
    """A decision is worth more than its text: texts are simplified for databases that are not UTF-8."""
    work = partial(_write, using, lease, [outcome])
    # What utf8mb3 of MySQL stores, and what every character set does.
    for last_character in ("\uffff", "\x7f", ""):
        try:
            return transactions.repeat(using, work, patience=patience)
        except (DatabaseError, ValueError) as error:
            if transactions.is_passing(using, error):
                raise
            _log.error("%s: the database refuses what WeChat answered: %s", outcome.row, type(error).__name__)
            simplify(outcome, last_character)
    return []


def release(using: str, lease: str, rows: Iterable[AuditWatch], now: datetime, patience: float) -> None:
    """Gives back rows that were not asked about: due at once, and not counted as a failure."""
    ids = [row.pk for row in rows]
    if ids:
        own = AuditWatch.objects.using(using).filter(pk__in=ids, lease=lease)
        transactions.repeat(using, partial(own.update, next_check_at=now, lease=""), patience=patience)


def park_and_resume(using: str, outcomes: list[Outcome], now: datetime, patience: float) -> None:
    """Extends to all watches of a mini program what an answer has told about its authorization."""
    authorized = {outcome.row.appid for outcome in outcomes if outcome.authorized}
    lost = {outcome.row.appid for outcome in outcomes if outcome.authorization_lost} - authorized
    every = AuditWatch.objects.using(using)
    if lost:
        for appid in sorted({o.row.appid for o in outcomes if o.newly_parked and o.row.appid in lost}):
            _log.warning(
                "%s has withdrawn its authorization; its audits are asked about once a day until the "
                "merchant authorizes the platform again",
                truncate(appid, 64),
            )
        tomorrow = now + PARKED_INTERVAL
        others = every.filter(
            appid__in=lost, phase__in=(_Phase.WATCHING, _Phase.PARKED), next_check_at__lt=tomorrow
        )
        park = partial(others.update, phase=_Phase.PARKED, next_check_at=tomorrow, lease="")
        transactions.repeat(using, park, patience=patience)
    if authorized:
        parked = every.filter(appid__in=authorized, phase=_Phase.PARKED)
        resume = partial(
            parked.update, phase=_Phase.WATCHING, next_check_at=now, failures=0, last_error="", lease=""
        )
        transactions.repeat(using, resume, patience=patience)


def _write(using: str, lease: str, outcomes: list[Outcome]) -> list[Outcome]:
    with transaction.atomic(using=using, durable=True):
        every = AuditWatch.objects.using(using)
        own = every.filter(pk__in=[outcome.row.pk for outcome in outcomes], lease=lease).order_by("pk")
        ids = set(own.select_for_update().values_list("pk", flat=True))
        written = [outcome for outcome in outcomes if outcome.row.pk in ids]
        _update(using, [outcome.row for outcome in written])
        changes = [AuditChange(**change) for outcome in written for change in outcome.changes]
        if changes:
            AuditChange.objects.using(using).bulk_create(changes)
    return written


def _update(using: str, rows: list[AuditWatch]) -> None:
    """One statement for all rows, each with its values: psycopg sends them without waiting for each."""
    if not rows:
        return
    connection = connections[using]
    quote = connection.ops.quote_name
    columns = [field for field in AuditWatch._meta.concrete_fields if field.name in _WRITTEN]
    assignments = ", ".join(f"{quote(str(field.column))} = %s" for field in columns)
    table = quote(AuditWatch._meta.db_table)
    # Names of our own columns; the values are parameters.
    statement = f"UPDATE {table} SET {assignments} WHERE {quote('id')} = %s"  # noqa: S608
    values = [
        (*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in columns), row.pk)
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
