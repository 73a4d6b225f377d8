"""Celery's tasks: `wxaudit.poll_due` for beat, and `wxaudit.poll_chunk`, which it sends where much is due.

    app.conf.beat_schedule = {"audits": {"task": "wxaudit.poll_due", "schedule": 10}}

Celery finds this module by itself (`app.autodiscover_tasks()`). The messages are JSON and hold no arguments.
Nothing is scheduled in the broker: the database knows what is due. Needs Celery 5.5 or newer: pip install
'wxaudit[celery]'.
"""

from __future__ import annotations

from .._optional import import_optional
from ._polling import chunks

import_optional("celery", "wxaudit.django.tasks")
from celery import shared_task  # noqa: E402  # the line above says what is missing

# A message that waits longer has been overtaken by those of later rounds, in seconds.
EXPIRES = 60


@shared_task(name="wxaudit.poll_chunk", serializer="json", ignore_result=True, expires=EXPIRES)  # type: ignore[untyped-decorator]
def poll_chunk() -> dict[str, int]:
    """Asks about one chunk of the audits that are due, and tells receivers."""
    return chunks.poll_chunk()


@shared_task(name="wxaudit.poll_due", serializer="json", ignore_result=True, expires=EXPIRES)  # type: ignore[untyped-decorator]
def poll_due() -> dict[str, int]:
    """Asks about the audits that are due: one chunk here, and the others in any worker, by
    `wxaudit.poll_chunk`."""
    return chunks.poll_and_share(poll_chunk.delay)
