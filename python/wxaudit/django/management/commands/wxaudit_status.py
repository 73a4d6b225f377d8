"""`manage.py wxaudit_status APPID`: what is known of the audits of a mini program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...._escape import escape_controls, truncate
from ...models import AuditWatch

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.management.base import CommandParser

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Shows the watched audits of a mini program, the newest first: what is known, without asking WeChat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("appid")
        parser.add_argument("--all", action="store_true", help=f"all of them, not only the newest {_SHOWN}")

    def handle(self, *_: Any, appid: str, all: bool, **__: Any) -> None:  # noqa: A002  # the name of the option
        audits = AuditWatch.objects.filter(appid=appid).order_by("-pk")
        count = audits.count()
        if not count:
            raise CommandError(
                f"no audit of {truncate(appid, 64)} is watched; wxaudit.django.watch(appid, auditid) begins"
            )
        for audit in audits if all else audits[:_SHOWN]:
            for line in _lines(audit):
                self.stdout.write(escape_controls(line))
        if count > _SHOWN and not all:
            self.stdout.write(f"… and {count - _SHOWN} older ones: --all shows them")


def _lines(audit: AuditWatch) -> list[str]:
    state = audit.audit_state.label("en")
    lines = [
        f"audit {audit.auditid}: {state}; {audit.get_phase_display()}"
        + (f" ({audit.note})" if audit.note else "")
    ]
    moments = {
        "watched since": audit.created_at,
        "last check": audit.checked_at,
        "decided": audit.decided_at,
        "next check": audit.next_check_at,
        "overdue since": audit.overdue_at,
    }
    lines.append("  " + ", ".join(f"{name} {_shown(moment)}" for name, moment in moments.items() if moment))
    lines += [f"  reason: {line}" for line in audit.reason.replace("<br>", "\n").splitlines() if line.strip()]
    if audit.failures:
        lines.append(f"  failures in a row: {audit.failures}, the last one: {audit.last_error}")
    return lines


def _shown(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return local.isoformat(" ", "seconds")
