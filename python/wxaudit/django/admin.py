"""What Django's admin shows of this app."""

from __future__ import annotations

from django.contrib import admin

from ._admin.changes import AuditChangeAdmin
from ._admin.watches import AuditWatchAdmin
from .models import AuditChange, AuditWatch

__all__ = ["AuditChangeAdmin", "AuditWatchAdmin"]

admin.site.register(AuditWatch, AuditWatchAdmin)
admin.site.register(AuditChange, AuditChangeAdmin)
