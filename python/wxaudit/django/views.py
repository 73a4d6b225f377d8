"""Receive WeChat's pushes about audits. A push is a hint to ask now: it can get lost, and it can be replayed.

    path("wechat/<str:appid>/events/", AuditEventsView.as_view())

is the address https://…/wechat/$APPID$/events/ in WeChat's console; it replaces `$APPID$` by the appid. A
platform with a single address overrides `find_appid`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from .._escape import truncate
from ..events import SUCCESS, EventRejected
from ..events._receiver import MAX_BODY_SIZE
from ._events import get_receiver
from ._hints import check_now
from .models import MAX_APPID_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..events import AuditEvent

_logger = logging.getLogger("wxaudit.django")


# With ATOMIC_REQUESTS, a failed commit would come after `success`.
@method_decorator([csrf_exempt, transaction.non_atomic_requests], name="dispatch")
class AuditEventsView(View):
    """Verifies a push with `WXAUDIT["EVENTS"]`, makes the watches of its mini program due, and answers
    `success`.

    403 for what is not WeChat's, without a query of the database; 413 for a body that is too large. A push
    that was accepted before, and one that is not about an audit, is answered with `success`.
    """

    http_method_names: Sequence[str] = ("get", "post")

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """WeChat's check of the address."""
        try:
            echo = get_receiver().echo(request.META["QUERY_STRING"])
        except EventRejected as error:
            return self._refused(request, error)
        return HttpResponse(echo, content_type="text/plain; charset=utf-8", headers=_NOT_HTML)

    def post(self, request: HttpRequest, appid: str | None = None, **_: Any) -> HttpResponse:
        """A push."""
        receiver, query = get_receiver(), request.META["QUERY_STRING"]
        body = _read_body(request)
        if body is None:
            return HttpResponse(status=413)
        try:
            event = receiver.receive(query, body)
        except EventRejected as error:
            return _succeeded() if error.replayed else self._refused(request, error)
        if event is not None:
            try:
                self.handle(event, appid)
            except BaseException:
                # WeChat sends it again.
                receiver.forget(query)
                raise
        return _succeeded()

    def handle(self, event: AuditEvent, appid: str | None) -> None:
        """Makes the watches of the mini program due. What this raises is answered with 500, and WeChat
        repeats it."""
        appid = self.find_appid(event) if appid is None else appid
        if appid is None or not (appid.isprintable() and len(appid) <= MAX_APPID_LENGTH):
            _logger.warning(
                "a push about an audit of %s has no appid, so that no watch is asked about",
                truncate(event.original_id, 40),
            )
            return
        count = check_now(appid)
        _logger.info(
            "a push (%s) about %s: asking about %d audits now", event.kind, truncate(appid, 64), count
        )

    def find_appid(self, event: AuditEvent) -> str | None:
        """The appid of the mini program `event.original_id`, for an address without `<str:appid>`. Override
        it."""
        del event
        return None

    def _refused(self, request: HttpRequest, error: EventRejected) -> HttpResponse:
        _logger.warning("%s %s was refused: %s", request.method, truncate(request.path, 200), error)
        return HttpResponse(status=403)


_NOT_HTML = {"X-Content-Type-Options": "nosniff"}


def _read_body(request: HttpRequest) -> bytes | None:
    """The body, or None for one that is too large, which is not read: `request.body` would read all of it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and len(length) < 10 and int(length) > MAX_BODY_SIZE:
        return None
    body = request.read(MAX_BODY_SIZE + 1)
    return body if len(body) <= MAX_BODY_SIZE else None


def _succeeded() -> HttpResponse:
    return HttpResponse(SUCCESS, content_type="text/plain")
