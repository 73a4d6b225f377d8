"""The same tasks for Django's own task framework (`django.tasks`), which came with Django 6.0.

    from wxaudit.django.background_tasks import poll_due
    poll_due.enqueue()

Django has no scheduler: let a cron job, or the one of your backend, enqueue `poll_due`.
"""

from __future__ import annotations

import django

from ._polling import chunks

if django.VERSION < (6, 0):
    raise ImportError(
        f"wxaudit.django.background_tasks needs Django 6.0 or newer, and this is {django.get_version()}; use "
        "manage.py wxaudit_poll or Celery (wxaudit.django.tasks)"
    )
from django.tasks import task


@task
def poll_chunk() -> dict[str, int]:
    """Asks about one chunk of the audits that are due, and tells receivers."""
    return chunks.poll_chunk()


@task
def poll_due() -> dict[str, int]:
    """Asks about the audits that are due: one chunk here, and the others in any worker, by `poll_chunk`."""
    return chunks.poll_and_share(poll_chunk.enqueue)
