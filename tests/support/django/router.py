"""Send the models of wxaudit to the database that a test asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model


class Router:
    # The alias of the database under test.
    alias = "default"

    def db_for_read(self, model: type[Model], **_: Any) -> str | None:
        return type(self).alias if model._meta.app_label == "wxaudit" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        return db == "default" or app_label == "wxaudit"
