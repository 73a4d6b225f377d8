"""Select watches by what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from typing_extensions import Self


class AuditWatchQuerySet(models.QuerySet[Any]):
    def pending(self) -> Self:
        """WeChat has not decided, and the watch goes on, or waits for the authorization."""
        phases = self.model.Phase
        found: Self = self.filter(phase__in=(phases.WATCHING, phases.PARKED))
        return found

    def decided(self) -> Self:
        """WeChat has approved, rejected or withdrawn them."""
        found: Self = self.filter(phase=self.model.Phase.DECIDED)
        return found

    def overdue(self) -> Self:
        """The deadline has passed, and WeChat has not decided."""
        found: Self = self.pending().filter(overdue_at__isnull=False)
        return found
