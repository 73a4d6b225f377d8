"""The Celery application of the project. Beat asks for a round of polls each second."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaos_settings")

from chaos_settings import CHAOS  # after the variable above

app = Celery("chaos")
app.conf.update(
    broker_url=CHAOS["broker"],
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_prefetch_multiplier=1,
    # A message of a killed worker is not missed: the rows fall due again.
    task_acks_late=False,
    beat_schedule={"poll": {"task": "wxaudit.poll_due", "schedule": 1.0, "options": {"expires": 10}}},
)
app.autodiscover_tasks()
