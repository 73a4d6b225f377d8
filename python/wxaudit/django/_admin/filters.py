"""Filters of the lists. None of them reads the table to find out what can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import SimpleListFilter
from django.utils.translation import gettext_lazy as _

from ..._models.state import AuditState
from ..models import MAX_APPID_LENGTH
from .display import state_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin import ModelAdmin
    from django.contrib.admin.views.main import ChangeList
    from django.http import HttpRequest

_UNKNOWN = "unknown"


class StateFilter(SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002  # Django's
        states = [(str(state), state_label(state)) for state in AuditState]
        return [*states, (_UNKNOWN, _("another state"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002  # Django's
        value = self.value()
        if value == _UNKNOWN:
            return queryset.exclude(state__in=list(AuditState))
        return queryset.filter(state=value) if value in {str(state) for state in AuditState} else queryset


class OverdueFilter(SimpleListFilter):
    title = _("overdue")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002  # Django's
        return [("yes", _("overdue")), ("no", _("not overdue"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002  # Django's
        if self.value() == "yes":
            return queryset.overdue()
        return queryset.pending().filter(overdue_at__isnull=True) if self.value() == "no" else queryset


class DeliveryFilter(SimpleListFilter):
    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002  # Django's
        return [("waiting", _("waiting")), ("delivered", _("delivered")), ("failed", _("failed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002  # Django's
        conditions: dict[str | None, dict[str, bool]] = {
            "waiting": {"delivered_at__isnull": True, "failed_at__isnull": True},
            "delivered": {"delivered_at__isnull": False},
            "failed": {"failed_at__isnull": False},
        }
        return queryset.filter(**conditions.get(self.value(), {}))


class AppidFilter(SimpleListFilter):
    """A field to type an appid into: a list of all of them would be long, and slow to find."""

    title = _("appid")
    template = "wxaudit/appid_filter.html"
    max_length = MAX_APPID_LENGTH

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        # Of the changes, it is the appid of their watch.
        self.parameter_name = "appid"
        self._field = "appid" if hasattr(model, "appid") else "watch__appid"
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:  # noqa: ARG002  # Django's
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The other parameters of the page, which the form sends along."""
        for name, values in changelist.filter_params.items():
            if name != self.parameter_name:
                yield from ({"name": name, "value": value} for value in values)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002  # Django's
        appid = (self.value() or "").strip()
        return queryset.filter(**{self._field: appid}) if appid else queryset
