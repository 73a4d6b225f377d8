"""The tasks for `django.tasks`, which Django has from 6.0 on."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import django
import pytest

from wxaudit.django.models import AuditWatch

if TYPE_CHECKING:
    from support.django.watched_fake import WatchedFake

NAME = "wxaudit.django.background_tasks"
HAS_TASKS = django.VERSION >= (6, 0)


def test_it_says_which_django_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    monkeypatch.setattr(django, "VERSION", (5, 2, 0, "final", 0))
    with pytest.raises(
        ImportError, match=r"needs Django 6\.0 or newer, .*; use manage.py wxaudit_poll or Celery"
    ):
        importlib.import_module(NAME)


def test_what_is_due_is_polled(database: str, watched: WatchedFake, settings: Any) -> None:
    """With Django 6, by its immediate backend; before, by what the tasks call. Each task is one chunk."""
    del database
    watched.configure(BATCH_SIZE=2)
    for _ in range(5):
        watched.submit()
    if HAS_TASKS:
        settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
        result = importlib.import_module(NAME).poll_due.enqueue()
        assert (str(result.status), result.errors) == ("SUCCESSFUL", [])
        report = result.return_value
    else:
        from wxaudit.django._polling import chunks

        report = chunks.poll_and_share(chunks.poll_chunk)
    assert report["claimed"] == 1
    assert AuditWatch.objects.exclude(checked_at=None).count() == 5
