"""What happens when WeChat has answered. A signal may come twice; the log has each key once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.dispatch import receiver

from wxaudit.django import audit_changed, audit_overdue

from .models import OrderLog, Release

if TYPE_CHECKING:
    from wxaudit.django.models import AuditChange, AuditWatch


@receiver(audit_changed, dispatch_uid="shop.state_changed")
def state_changed(watch: AuditWatch, change: AuditChange, key: str, **_: Any) -> None:
    """WeChat has decided, or delayed the review."""
    audit = change.audit
    text = audit.status.label()
    if audit.reasons:
        text += ": " + "; ".join(reason.title for reason in audit.reasons)
    log(watch, key, text, status=audit.status.label())


@receiver(audit_overdue, dispatch_uid="shop.review_takes_long")
def review_takes_long(watch: AuditWatch, key: str, **_: Any) -> None:
    log(watch, key, "the review takes longer than promised")


def log(watch: AuditWatch, key: str, text: str, **changes: str) -> None:
    """Write the log and the release in one transaction: once, or not at all, and the signal comes again."""
    with transaction.atomic():
        release = Release.objects.get(auditid=watch.auditid)
        _, is_new = OrderLog.objects.get_or_create(key=key, defaults={"release": release, "text": text})
        if is_new:
            Release.objects.filter(pk=release.pk).update(**changes or {"status": release.status})
