"""The admin of watches: list, actions, screenshots and the page of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.db.models import Q
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import smart_split
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import _clock
from ..models import AuditChange, AuditWatch
from . import display
from .changes import ChangeInline
from .filters import AppidFilter, OverdueFilter, StateFilter
from .messages import report, report_delivery
from .numbers_page import chosen_window, page_context
from .screenshots import screenshot_response

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    from .._querysets import AuditWatchQuerySet
    from .changes import Options

    _Base = admin.ModelAdmin[AuditWatch]
else:
    _Base = admin.ModelAdmin

_APPID_LENGTH = 18

_ANSWER_FIELDS = ("state_badge", "reasons", "pictures", "checked_at", "decided_at")
_WATCH_FIELDS = (
    "phase",
    "created_at",
    "deadline",
    "overdue_at",
    "next_check_at",
    "failures",
    "shown_error",
)


class AuditWatchAdmin(_Base):
    """Watches are made by `watch()`: here they are read, noted, checked and stopped."""

    list_display: Options = ("audit", "state_and_phase", "age", "next_check", "failures_in_a_row")
    list_display_links: Options = ("audit",)
    list_filter: ClassVar[Any] = (StateFilter, "phase", OverdueFilter, AppidFilter)
    list_per_page = 50
    search_fields: ClassVar[Options] = ("appid", "auditid", "note")
    search_help_text: ClassVar[Any] = _("an appid, an auditid, or words of the note")
    # Other columns have no index.
    sortable_by: ClassVar[Options] = ("age", "next_check")
    # Neither counts nor choices read the whole table.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions: Options = ("check_now", "stop_watching", "deliver_again")
    inlines: ClassVar[Any] = (ChangeInline,)

    class Media:
        css: ClassVar[dict[str, Options]] = {"all": ("wxaudit/admin.css",)}

    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("appid", "auditid", "note")}),
        (_("WeChat's answer"), {"fields": _ANSWER_FIELDS}),
        (_("Watch"), {"fields": _WATCH_FIELDS}),
    )
    # All but the note.
    readonly_fields: ClassVar[Options] = ("appid", "auditid", *_ANSWER_FIELDS, *_WATCH_FIELDS)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        now = _clock.now(changes.queryset.db)
        row: Any
        for row in changes.result_list:
            # For the columns that tell a time from now on.
            row.now = now
        return changes

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's
        queryset: QuerySet[AuditWatch],
        search_term: str,
    ) -> tuple[QuerySet[AuditWatch], bool]:
        """Whole appids use their index. Django's own search reads every row for every column."""
        for word in smart_split(search_term):
            queryset = queryset.filter(_matching(word.strip("\"'")))
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's
        return False

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("wxaudit.change_auditchange")

    def save_model(self, request: HttpRequest, obj: AuditWatch, form: Any, change: bool) -> None:  # noqa: ARG002  # Django's
        # Only what was edited: a worker may have written the rest in the meantime.
        obj.save(update_fields=form.changed_data)

    def get_urls(self) -> list[URLPattern]:
        numbers = self.admin_site.admin_view(self.numbers_view)
        # Its responses say themselves how long they are kept.
        screenshot = self.admin_site.admin_view(self.screenshot_view, cacheable=True)
        for alias in connections:
            # No transaction stays open while WeChat is asked.
            screenshot = transaction.non_atomic_requests(using=alias)(screenshot)
        return [
            path("numbers/", numbers, name="wxaudit_auditwatch_numbers"),
            path("<int:pk>/screenshots/<int:number>/", screenshot, name="wxaudit_auditwatch_screenshot"),
            *super().get_urls(),
        ]

    def numbers_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        watches: Any = self.get_queryset(request)
        changes = AuditChange.objects.using(watches.db)
        days = chosen_window(request.GET.get("days"))
        context = page_context(watches, changes, _clock.now(watches.db), days, self.admin_site)
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/wxaudit/auditwatch/numbers.html", context)

    def screenshot_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Only of this audit: a media_id that somebody writes into an address is not asked for."""
        watch = self.get_object(request, str(pk))
        if not self.has_view_or_change_permission(request, watch):
            raise PermissionDenied
        if watch is None or not 1 <= number <= len(watch.screenshots):
            raise Http404
        return screenshot_response(watch.appid, watch.screenshots[number - 1])

    @admin.display(description=_("audit"))
    def audit(self, watch: AuditWatch) -> Any:
        note = format_html(" <small>{}</small>", display.short_text(watch.note)) if watch.note else ""
        return format_html("<code>{}</code> <code>{}</code>{}", watch.appid, watch.auditid, note)

    @admin.display(description=_("state"))
    def state_and_phase(self, watch: AuditWatch) -> Any:
        return format_html("{} <small>{}</small>", display.badge(watch.state), watch.get_phase_display())

    @admin.display(description=_("state"))
    def state_badge(self, watch: AuditWatch) -> Any:
        return display.badge(watch.state)

    # The oldest have the smallest id, and its index.
    @admin.display(description=_("age"), ordering="-id")
    def age(self, watch: Any) -> Any:
        return display.age(watch.created_at, watch.decided_at or watch.now)

    @admin.display(description=_("next check"), ordering="next_check_at")
    def next_check(self, watch: Any) -> Any:
        return display.next_check(watch.next_check_at, watch.now)

    @admin.display(description=_("failures"))
    def failures_in_a_row(self, watch: AuditWatch) -> Any:
        if not watch.last_error:
            return watch.failures
        return format_html("{} <small>{}</small>", watch.failures, display.short_text(watch.last_error))

    @admin.display(description=_("reasons"))
    def reasons(self, watch: AuditWatch) -> Any:
        return display.reason_list(watch.state, watch.reason)

    @admin.display(description=_("screenshots"))
    def pictures(self, watch: AuditWatch) -> Any:
        name = f"{self.admin_site.name}:wxaudit_auditwatch_screenshot"
        numbers = range(1, len(watch.screenshots) + 1)
        return display.screenshot_list([reverse(name, args=(watch.pk, number)) for number in numbers])

    @admin.display(description=_("last error"))
    def shown_error(self, watch: AuditWatch) -> str:
        return display.safe_text(watch.last_error)

    @admin.action(permissions=["change"], description=_("Check now"))
    def check_now(self, request: HttpRequest, queryset: AuditWatchQuerySet[AuditWatch]) -> None:
        count = queryset.check_now()
        report(
            self,
            request,
            count,
            ngettext(
                "%(count)d audit will be checked in the next round of the worker.",
                "%(count)d audits will be checked in the next round of the worker.",
                count,
            ),
            _("All selected audits are decided: there is nothing to check."),
        )

    @admin.action(permissions=["change"], description=_("Stop watching"))
    def stop_watching(self, request: HttpRequest, queryset: AuditWatchQuerySet[AuditWatch]) -> None:
        count = queryset.stop()
        report(
            self,
            request,
            count,
            ngettext(
                "%(count)d audit is no longer watched. “Check now” watches it again.",
                "%(count)d audits are no longer watched. “Check now” watches them again.",
                count,
            ),
            _("No selected audit is being watched."),
        )

    @admin.action(permissions=["deliver"], description=_("Deliver failed changes again"))
    def deliver_again(self, request: HttpRequest, queryset: AuditWatchQuerySet[AuditWatch]) -> None:
        failed = AuditChange.objects.using(queryset.db).failed().filter(watch__in=queryset.values("pk"))
        report_delivery(self, request, failed.deliver_again())


def _matching(word: str) -> Q:
    if len(word) == _APPID_LENGTH and word.startswith("wx"):
        return Q(appid=word)
    condition = Q(appid__startswith=word) | Q(note__icontains=word)
    # No database holds more digits than these in an auditid.
    return condition | Q(auditid=int(word)) if word.isdecimal() and len(word) < 19 else condition
