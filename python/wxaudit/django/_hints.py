"""Ask about the audits of a mini program soon, such as after a push."""

from __future__ import annotations

from datetime import timedelta

from django.db import router
from django.db.models import Case, F, Q, Value, When

from . import _clock
from .models import AuditWatch

# A watch is asked about at most so often, however many hints come. A push can be replayed.
SHORTEST_INTERVAL = timedelta(seconds=5)


def check_now(appid: str, *, using: str | None = None) -> int:
    """Makes the undecided watches of a mini program due, each at least 5 seconds after its last check.

    Returns how many it has moved: none of an appid that nobody watches. The next round of a driver asks
    WeChat.
    """
    alias = using or router.db_for_write(AuditWatch)
    now = _clock.now(alias)
    recent = Q(checked_at__gt=now - SHORTEST_INTERVAL)
    earliest = Case(When(recent, then=F("checked_at") + SHORTEST_INTERVAL), default=Value(now))
    # Never later than they are due anyway.
    pending = AuditWatch.objects.using(alias).pending().filter(appid=appid, next_check_at__gt=earliest)
    # A row that is claimed too: its worker may have asked before the decision. Without its lease it does not
    # write, so that it cannot put the check off again.
    moved: int = pending.update(next_check_at=earliest, lease="")
    return moved
