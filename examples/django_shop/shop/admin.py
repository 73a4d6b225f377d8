"""Shows the shop's own tables beside the watches."""

from __future__ import annotations

from django.contrib import admin

from .models import OrderLog, Release

admin.site.register(Release, list_display=("merchant", "version", "appid", "auditid", "status"))
admin.site.register(OrderLog, list_display=("release", "text", "key", "written_at"))
