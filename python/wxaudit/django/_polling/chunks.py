"""Split what is due among the workers of a task queue.

A task takes no arguments: it claims watches in the database when it runs. A message that is lost, late or
delivered twice does no harm, and holds nothing secret.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import router

from .. import _clock, _settings
from ..models import AuditWatch
from .poll import poll_due

if TYPE_CHECKING:
    from collections.abc import Callable

# The chunks of one round: the rest is due in the next one. A queue must not fill with what a database knows.
MAX_CHUNKS = 100


def poll_chunk() -> dict[str, int]:
    """Asks about one chunk of what is due, and tells receivers. Returns the counts of `PollReport`."""
    return asdict(poll_due(limit=_settings.read().watch.batch_size))


def poll_and_share(send: Callable[[], object]) -> dict[str, int]:
    """The same, after it has called `send` for each further chunk that is due, for other workers."""
    for _ in range(1, _count_chunks()):
        send()
    return poll_chunk()


def _count_chunks() -> int:
    alias = router.db_for_write(AuditWatch)
    size = _settings.read().watch.batch_size
    due = AuditWatch.objects.using(alias).filter(next_check_at__lte=_clock.now(alias))
    # Counting ends where it makes no difference any more.
    count: int = due[: size * MAX_CHUNKS].count()
    return -(-count // size)
