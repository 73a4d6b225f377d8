"""Queries of audits that were submitted to a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wxaudit

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat


def submitted(fake: FakeWeChat, count: int) -> list[tuple[str, int]]:
    """Queries of that many audits, every other of which is rejected with its own number for a reason."""
    token = fake.token()
    audits = []
    for number in range(count):
        rejection: dict[str, Any] = {"state": wxaudit.AuditState.REJECTED, "reason": f"number {number}"}
        audits.append(fake.submit(**(rejection if number % 2 else {})))
    return [(token, audit.auditid) for audit in audits]
