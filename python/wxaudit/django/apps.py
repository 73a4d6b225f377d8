"""The app's name in Django: label `wxaudit`, tables `wxaudit_…`."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WxauditConfig(AppConfig):
    name = "wxaudit.django"
    label = "wxaudit"
    verbose_name: Any = _("WeChat audits")
    default_auto_field: str = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks as _checks  # noqa: F401  # they register themselves
