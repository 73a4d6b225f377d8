"""People who log in to the admin."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def logged_in(*permissions: str, language: str = "en") -> Iterator[Client]:
    """A member of the staff with these permissions, such as `view_auditwatch`; a superuser without any."""
    if permissions:
        user = User.objects.create_user("staff", is_staff=True)
        known = Permission.objects.filter(content_type__app_label="wxaudit", codename__in=permissions)
        assert known.count() == len(permissions)
        user.user_permissions.set(known)
    else:
        user = User.objects.create_superuser("admin")
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    try:
        yield client
    finally:
        LogEntry.objects.all().delete()
        Session.objects.all().delete()
        user.delete()
