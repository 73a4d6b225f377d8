"""What the programs ask for: audits whose reason is their own number, so that no answer passes for another's.

Every program gets the address of a fake and a token of it as its first arguments.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import wxaudit

BASE_URL, TOKEN = sys.argv[1:3]
ARGUMENTS = sys.argv[3:]

AUDITIDS = range(1001, 1009)

# In debug mode asyncio warns of callbacks that take long, which tells of the machine's load. Errors show.
logging.getLogger("asyncio").setLevel(logging.ERROR)


def check(audit: wxaudit.AuditStatus, auditid: int) -> None:
    """Nothing but the right answer passes."""
    seen = (audit.auditid, int(audit.status), audit.reason)
    if seen != (auditid, 1, f"audit {auditid}"):
        raise AssertionError(f"asked for {auditid}, got {seen}")
