"""The admin of changes: what was told to receivers, and what could not be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..models import AuditChange, AuditWatch
from . import display
from .filters import AppidFilter, DeliveryFilter
from .messages import report_delivery

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .._querysets import AuditChangeQuerySet

    _Base = admin.ModelAdmin[AuditChange]
    _InlineBase = admin.TabularInline[AuditChange, AuditWatch]
    # As wide as Django's, for subclasses.
    Options = list[Any] | tuple[Any, ...]
else:
    _Base = admin.ModelAdmin
    _InlineBase = admin.TabularInline

_FIELDS = ("sequence", "states", "reasons", "observed_at", "delivery", "attempts", "shown_error")


class _Columns:
    """What both the list and the inline show of a change."""

    @admin.display(description=_("change"))
    def states(self, change: AuditChange) -> Any:
        if change.kind == str(AuditChange.Kind.OVERDUE):
            return change.get_kind_display()
        return format_html("{} → {}", display.badge(change.old_state), display.badge(change.new_state))

    @admin.display(description=_("reasons"))
    def reasons(self, change: AuditChange) -> Any:
        return display.reason_list(change.new_state, change.reason)

    @admin.display(description=_("delivery"))
    def delivery(self, change: AuditChange) -> Any:
        if change.failed_at is not None:
            return display.status(_("failed"), change.failed_at)
        if change.delivered_at is not None:
            return display.status(_("delivered"), change.delivered_at)
        return display.status(_("waiting until"), change.next_delivery_at)

    @admin.display(description=_("last error"))
    def shown_error(self, change: AuditChange) -> str:
        return display.safe_text(change.last_error)


class ChangeInline(_Columns, _InlineBase):
    """The changes of a watch, to read."""

    model = AuditChange
    fields = readonly_fields = _FIELDS
    ordering = ("sequence",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's
        return False


class AuditChangeAdmin(_Columns, _Base):
    list_display: Options = ("short_key", "states", "observed_at", "delivery", "attempts", "error")
    list_filter: ClassVar[Any] = (DeliveryFilter, "kind", AppidFilter)
    list_select_related: ClassVar[Options] = ("watch",)
    list_per_page = 50
    ordering: ClassVar[Options] = ("-id",)
    sortable_by: ClassVar[Options] = ()
    search_fields: ClassVar[Options] = ("=watch__appid", "watch__auditid__exact")
    search_help_text: ClassVar[Any] = _("an appid or an auditid")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions: Options = ("deliver_again",)
    fields: ClassVar[Options] = ("watch", "kind", *_FIELDS)
    readonly_fields: ClassVar[Options] = fields

    class Media:
        css: ClassVar[dict[str, Options]] = {"all": ("wxaudit/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of the list, for its action. A single change is only read."""
        return obj is None and super().has_change_permission(request)

    @admin.display(description=_("key"))
    def short_key(self, change: AuditChange) -> Any:
        watch = change.watch
        return format_html("<code>{}</code> <code>{}:{}</code>", watch.appid, watch.auditid, change.sequence)

    @admin.display(description=_("last error"))
    def error(self, change: AuditChange) -> str:
        return display.short_text(change.last_error)

    @admin.action(permissions=["change"], description=_("Deliver again"))
    def deliver_again(self, request: HttpRequest, queryset: AuditChangeQuerySet[AuditChange]) -> None:
        # Those that wait for it may be with a worker.
        done = queryset.filter(next_delivery_at__isnull=True)
        report_delivery(self, request, done.deliver_again())
