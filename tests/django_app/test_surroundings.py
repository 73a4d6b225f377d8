"""What surrounds the watch: views in transactions, time zones, signal handlers, secrets."""

from __future__ import annotations

import logging
import signal
import types
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.core import serializers
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import path

from wxaudit import Token
from wxaudit.django import poll_due, watch
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.django.watched_fake import WatchedFake

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


def _watch_view(request: HttpRequest) -> HttpResponse:
    watch("wx1", request.GET["auditid"])
    if "fail" in request.GET:
        raise LookupError("after watch")
    return HttpResponse("watched")


def _poll_view(_: HttpRequest) -> HttpResponse:
    return HttpResponse(str(poll_due().answered))


@pytest.fixture
def browser(settings: Any, database: str, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Requests to views that run in a transaction each."""
    urls: Any = types.ModuleType("urls")
    urls.urlpatterns = [
        path("watch/", _watch_view),
        path("poll/", _poll_view),
        # A function of its own: the decorator marks it.
        path("poll-outside/", transaction.non_atomic_requests(using=database)(partial(_poll_view))),
    ]
    settings.ROOT_URLCONF = urls
    monkeypatch.setitem(connections[database].settings_dict, "ATOMIC_REQUESTS", True)
    # What opens and closes connections around a request belongs to a server.
    return Browser(raise_request_exception=True)


def test_a_view_in_a_transaction_watches_if_it_succeeds(watched: WatchedFake, browser: Browser) -> None:
    audit = watched.fake.submit("wx1", state=0)
    with pytest.raises(LookupError, match="after watch"):
        browser.get("/watch/", {"auditid": str(audit.auditid), "fail": "yes"})
    assert watched.poll().claimed == 0
    assert browser.get("/watch/", {"auditid": audit.auditid}).content == b"watched"
    assert watched.poll().decided == 1


def test_a_view_in_a_transaction_cannot_poll_and_is_told_what_to_do(
    watched: WatchedFake, browser: Browser
) -> None:
    audit, _ = watched.submit(state=0)
    with pytest.raises(RuntimeError, match=r"decorate a view with transaction\.non_atomic_requests"):
        browser.get("/poll/")
    assert audit.polls == 0
    assert browser.get("/poll-outside/").content == b"1"


def test_a_project_without_time_zones_watches_too(watched: WatchedFake, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    settings.USE_TZ = False
    audit, row = watched.submit(deadline=30 * MINUTE)
    quota, _ = watched.submit("wx2")
    watched.fake.fail_next(Fault(errcode=45011), appid="wx2")
    assert watched.poll().answered == 1
    row.refresh_from_db()
    local = (watched.fake.clock.now() + timedelta(hours=8)).replace(tzinfo=None)
    assert row.checked_at == local
    assert row.deadline == local + 30 * MINUTE
    waiting = AuditWatch.objects.get(auditid=quota.auditid)
    assert waiting.next_check_at is not None
    assert timedelta(0) < waiting.next_check_at - local <= 2 * MINUTE
    watched.advance(30 * MINUTE)
    assert watched.poll().overdue == 1
    audit.approve()
    AuditWatch.objects.all().check_now()
    assert watched.poll().decided == 1
    frame = AuditWatch.objects.all().decided().to_pandas()
    assert frame["observed_at"][0] == watched.fake.clock.now()


class StopError(Exception):
    """Of a signal handler, as the soft time limit of Celery is."""


@pytest.fixture
def stop() -> Iterator[Any]:
    """A function that is interrupted by a signal handler, which raises."""

    def handle(_number: int, _frame: object) -> None:
        raise StopError

    before = signal.signal(signal.SIGUSR1, handle)
    yield lambda *_: signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def test_what_a_signal_handler_raises_in_a_receiver_ends_the_poll(watched: WatchedFake, stop: Any) -> None:
    watched.submit(state=0)
    watched.submit(state=0)
    watched.on_signal = stop
    with pytest.raises(StopError):
        watched.poll()
    assert list(AuditChange.objects.values_list("attempts", "last_error")) == [(0, ""), (0, "")]
    watched.on_signal = lambda *_: None
    assert watched.poll().delivered == 2


def test_what_a_signal_handler_raises_in_a_token_source_ends_the_poll(
    watched: WatchedFake, stop: Any
) -> None:
    watched.submit(state=0)
    watched.configure(token_source=stop)
    with pytest.raises(StopError):
        watched.poll()
    row = AuditWatch.objects.get()
    assert (row.failures, row.last_error) == (0, "")
    watched.configure()
    assert watched.poll().decided == 1


CANARY = "canary-token-5f3a9c"


def test_no_token_is_stored_logged_or_in_a_query(
    watched: WatchedFake, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each way in which a call fails, with a token that WeChat's text repeats."""

    class Source:
        def __init__(self, appid: str) -> None:
            self.appid = appid

        def get_token(self, *, refresh: bool = False) -> Token:
            if self.appid == "wx-raises":
                raise LookupError(f"no token but {CANARY} {refresh}")
            return Token(CANARY)

    def token_source(appid: str) -> Any:
        if appid == "wx-fails":
            raise LookupError(f"token {CANARY} expired")
        return CANARY if appid == "wx-text" else Source(appid)

    watched.configure(token_source=token_source)
    caplog.set_level(logging.DEBUG)
    errcodes = [0, -1, 40001, 40097, 45009, 45011, 48001, 61003, 61004, 85012]
    for appid in ("wx-raises", "wx-fails", "wx-text", "wx1"):
        for errcode in errcodes:
            audit, _ = watched.submit(appid)
            fault = Fault(errcode=errcode, errmsg=f"refused: {CANARY}") if errcode else None
            fields = {"status": 1, "reason": f"1:{CANARY}:", "screenshot": "m"}
            watched.fake.fail_next(fault or Fault(fields=fields), times=None, auditid=audit.auditid)
    with CaptureQueriesContext(connections[database]) as captured:
        for _ in range(3):
            watched.poll()
            watched.advance(timedelta(days=2))
    stored = serializers.serialize("json", [*AuditWatch.objects.all(), *AuditChange.objects.all()])
    said = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    queries = "\n".join(query["sql"] for query in captured.captured_queries)
    assert "refused" in stored
    for text in (stored, said, queries):
        assert CANARY not in text
