"""Connect the receivers when Django starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db import connection

from wxaudit.django import audit_changed, audit_decided

if TYPE_CHECKING:
    from wxaudit.django.models import AuditChange


class ReceiversConfig(AppConfig):
    name = "receivers"

    def ready(self) -> None:
        audit_changed.connect(write_changed, dispatch_uid="chaos")
        audit_decided.connect(write_decided, dispatch_uid="chaos")


def write_changed(change: AuditChange, key: str, **_: Any) -> None:
    write("changed", change, key)


def write_decided(change: AuditChange, key: str, **_: Any) -> None:
    write("decided", change, key)


def write(signal: str, change: AuditChange, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery (key, signal, old_state, new_state) VALUES (%s, %s, %s, %s)",
            [key, signal, change.old_state, change.new_state],
        )
