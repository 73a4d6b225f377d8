"""Tell a person what an action has done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext, ngettext

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise


def report(
    model_admin: ModelAdmin[Any], request: HttpRequest, count: int, done: str, nothing: str | _StrPromise
) -> None:
    """`done`, with the number of rows in the place of its `%(count)d`; `nothing` if there are none."""
    if count:
        model_admin.message_user(request, done % {"count": count}, messages.SUCCESS)
    else:
        model_admin.message_user(request, nothing, messages.WARNING)


def report_delivery(model_admin: ModelAdmin[Any], request: HttpRequest, count: int) -> None:
    report(
        model_admin,
        request,
        count,
        ngettext(
            "%(count)d change will be delivered in the next round of the worker.",
            "%(count)d changes will be delivered in the next round of the worker.",
            count,
        ),
        gettext("There is no change to deliver again."),
    )
