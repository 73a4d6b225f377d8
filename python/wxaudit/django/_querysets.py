"""Select watches by what became of them, and act on them and on their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, router

from . import _clock

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Self


_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class _Acting(models.QuerySet[_Row]):
    """Changes rows that a worker may have claimed."""

    model: Any  # that of the rows, which is defined by means of this module

    def _take(self, **changes: Any) -> int:
        # Without a lease, what a worker is about to write of the row is not written.
        return self.order_by().update(lease="", **changes)

    def _now(self) -> Any:
        # The alias that `using` has given.
        alias: str | None = getattr(self, "_db", None)
        return _clock.now(alias or router.db_for_write(self.model))


class AuditWatchQuerySet(_Acting[_Row]):
    def pending(self) -> Self:
        """WeChat has not decided, and the watch goes on, or waits for the authorization."""
        phases = self.model.Phase
        return self.filter(phase__in=(phases.WATCHING, phases.PARKED))

    def decided(self) -> Self:
        """WeChat has approved, rejected or withdrawn them."""
        return self.filter(phase=self.model.Phase.DECIDED)

    def overdue(self) -> Self:
        """The deadline has passed, and WeChat has not decided."""
        return self.pending().filter(overdue_at__isnull=False)

    def check_now(self) -> int:
        """Ask about them with the next poll; returns how many. Those that were stopped or have failed go on.

        Not about decided ones: WeChat has told.
        """
        phases = self.model.Phase
        ended = (phases.STOPPED, phases.FAILED)
        # The phase last: MySQL assigns in this order, and the others depend on it.
        anew = {"failures": 0, "last_error": "", "phase": phases.WATCHING}
        changes = {
            name: models.Case(
                models.When(phase__in=ended, then=models.Value(value)),
                default=models.F(name),
                output_field=self.model._meta.get_field(name),
            )
            for name, value in anew.items()
        }
        return self.exclude(phase=phases.DECIDED)._take(next_check_at=self._now(), **changes)

    def stop(self) -> int:
        """Ask about them no more, unless `watch` is called again; returns how many. Not the decided ones."""
        phases = self.model.Phase
        ongoing = self.filter(phase__in=(phases.WATCHING, phases.PARKED, phases.FAILED))
        return ongoing._take(phase=phases.STOPPED, next_check_at=None)

    def to_pandas(self) -> pd.DataFrame:
        """A `pandas.DataFrame` with the columns of `AuditBatch.to_pandas`, one row for each watch.

        `observed_at` is the last check. A watch whose last call failed has an `error` in place of a state.
        """
        from ._frame import to_pandas

        return to_pandas(self)


class AuditChangeQuerySet(_Acting[_Row]):
    def undelivered(self) -> Self:
        """Receivers are still to be told."""
        return self.filter(delivered_at__isnull=True, failed_at__isnull=True)

    def failed(self) -> Self:
        """Receivers have raised at every attempt."""
        return self.filter(failed_at__isnull=False)

    def deliver_again(self) -> int:
        """Tell receivers of them with the next poll, also what was delivered; returns how many."""
        return self._take(
            next_delivery_at=self._now(), attempts=0, delivered_at=None, failed_at=None, last_error=""
        )
