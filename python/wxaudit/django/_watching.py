"""Begin to watch an audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import router
from django.utils import timezone

from .._errors.tree import ArgumentError
from .._native import AuditQuery
from .._validation import shown
from . import _clock
from .models import MAX_APPID_LENGTH, MAX_NOTE_LENGTH, AuditWatch

if TYPE_CHECKING:
    from typing import SupportsIndex

_Phase = AuditWatch.Phase
# The phases from which a watch goes on when it is watched again.
_RESUMED = (_Phase.STOPPED, _Phase.PARKED, _Phase.FAILED)


def watch(
    appid: str,
    auditid: SupportsIndex | str | float,
    *,
    deadline: datetime | timedelta | None = None,
    note: str = "",
    using: str | None = None,
) -> AuditWatch:
    """Watches an audit from now on, which `submit_audit` has returned, and returns its row.

    Watching it again changes nothing, except that a watch that was stopped, parked or has failed goes on,
    with the deadline and the note if they are given. Inside a transaction of the caller it begins with its
    commit.

    - `appid`, `auditid`: the mini program and its audit
    - `deadline`: when receivers of `audit_overdue` are told if WeChat has not decided: an aware `datetime`,
      or a `timedelta` from now; None stands for `WXAUDIT["WATCH"]["OVERDUE"]`
    - `note`: a text of yours, at most 200 characters
    - `using`: the alias of the database; by default the one that the routers name

    Raises `ArgumentError` before anything is written.
    """
    number = _check_audit(appid, auditid)
    _check_note(note)
    alias = router.db_for_write(AuditWatch) if using is None else using
    now = _clock.now(alias)
    given: dict[str, Any] = {"note": note} if note else {}
    if deadline is not None:
        given["deadline"] = _check_deadline(deadline, now)
    every = AuditWatch.objects.using(alias)
    row: AuditWatch
    row, created = every.get_or_create(
        appid=appid, auditid=number, defaults={"created_at": now, "next_check_at": now, **given}
    )
    if not created and row.phase in _RESUMED:
        if deadline is not None:
            given["overdue_at"] = None
        # Only if WeChat has not decided since.
        every.filter(pk=row.pk, phase__in=_RESUMED).update(
            phase=_Phase.WATCHING, next_check_at=now, failures=0, last_error="", lease="", **given
        )
        row.refresh_from_db(using=alias)
    return row


async def awatch(
    appid: str,
    auditid: SupportsIndex | str | float,
    *,
    deadline: datetime | timedelta | None = None,
    note: str = "",
    using: str | None = None,
) -> AuditWatch:
    """As `watch`, for asyncio."""
    return await sync_to_async(watch)(appid, auditid, deadline=deadline, note=note, using=using)


def _check_audit(appid: object, auditid: Any) -> int:
    if not isinstance(appid, str) or not appid.strip() or not appid.isprintable() or " " in appid:
        raise ArgumentError(
            f"appid must be the appid of a mini program, got {_shown(appid)}; write "
            "appid='wx0123456789abcdef'"
        )
    if len(appid) > MAX_APPID_LENGTH:
        raise ArgumentError(f"appid must have at most {MAX_APPID_LENGTH} characters, got {len(appid)}")
    # The checks of a call, with a text in the place of a token.
    return AuditQuery("unused", auditid, appid).auditid


def _check_note(note: object) -> None:
    if not isinstance(note, str):
        raise ArgumentError(f"note must be a text, got {shown(note)}; write note='order 17'")
    if len(note) > MAX_NOTE_LENGTH or "\0" in note:
        raise ArgumentError(
            f"note must have at most {MAX_NOTE_LENGTH} characters and no NUL, got {len(note)}"
        )


def _check_deadline(deadline: object, now: datetime) -> datetime:
    if isinstance(deadline, timedelta):
        try:
            return now + deadline
        except OverflowError:
            raise ArgumentError(f"deadline is too far away, got {shown(deadline)}") from None
    if not isinstance(deadline, datetime):
        raise ArgumentError(
            f"deadline must be a datetime or a timedelta, got {shown(deadline)}; write "
            "deadline=timedelta(days=7)"
        )
    if settings.USE_TZ and timezone.is_naive(deadline):
        raise ArgumentError(
            "deadline must be an aware datetime, got a naive one; write deadline=timezone.now() + "
            "timedelta(days=7)"
        )
    return _clock.as_stored(deadline) if timezone.is_aware(deadline) else deadline


def _shown(appid: object) -> str:
    return "a text that is empty or has blanks" if isinstance(appid, str) else shown(appid)
