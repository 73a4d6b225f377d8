"""The view for WeChat's pushes: what is WeChat's makes the watches due, and nothing else costs a query."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from support.push_platform import APPID, KEY, NOW, TOKEN, envelope, now_push, query, sealed, signature
from wxaudit.django import _hints, check_now
from wxaudit.django.models import AuditWatch
from wxaudit.django.views import AuditEventsView

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_django.fixtures import DjangoAssertNumQueries

    from support.django.watched_fake import WatchedFake
    from wxaudit.events import AuditEvent

OTHER = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content></xml>"
ORIGINAL_ID = "gh_fb9688c2a4b2"


class AtOneAddress(AuditEventsView):
    def find_appid(self, event: AuditEvent) -> str | None:
        return "wx1" if event.original_id == ORIGINAL_ID else None


urlpatterns = [
    path("wechat/<str:appid>/events/", AuditEventsView.as_view()),
    path("wechat/events/", AtOneAddress.as_view()),
    path("wechat/elsewhere/", AuditEventsView.as_view()),
]
URL = "/wechat/wx1/events/"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def watch(database: str, watched: WatchedFake, settings: Any) -> AuditWatch:
    """A watch whose next check is far away."""
    del database
    events = {"token": TOKEN, "encoding_aes_key": KEY, "component_appid": APPID}
    settings.WXAUDIT = {**settings.WXAUDIT, "EVENTS": events}
    _, row = watched.submit("wx1")
    watched.submit("wx2")
    watched.poll()
    watched.advance(30)
    return row


def post(pushed: tuple[str, bytes], url: str = URL, **options: Any) -> Any:
    query_string, body = pushed
    client = Client(enforce_csrf_checks=True)
    return client.post(f"{url}?{query_string}", body, content_type="text/xml", **options)


def next_check(row: AuditWatch) -> datetime | None:
    row.refresh_from_db()
    return row.next_check_at


def test_a_push_makes_the_watches_of_its_mini_program_due(watch: AuditWatch, watched: WatchedFake) -> None:
    response = post(now_push())
    assert (response.status_code, response.content) == (200, b"success")
    assert next_check(watch) == watched.fake.clock.now()
    assert watched.poll().claimed == 1


@pytest.mark.parametrize("url", ["/wechat/events/", "/wechat/elsewhere/"])
def test_an_address_without_an_appid(watch: AuditWatch, watched: WatchedFake, url: str) -> None:
    before = next_check(watch)
    assert post(now_push(), url).content == b"success"
    found = url == "/wechat/events/"
    assert next_check(watch) == (watched.fake.clock.now() if found else before)


def test_a_push_is_answered_asynchronously_too(watch: AuditWatch, watched: WatchedFake) -> None:
    query_string, body = now_push()

    async def answer() -> bytes:
        response = await AsyncClient().post(f"{URL}?{query_string}", body, content_type="text/xml")
        # The view is a plain function, and runs in a thread with a connection of its own.
        await sync_to_async(connections.close_all)()
        return bytes(response.content)

    assert asyncio.run(answer()) == b"success"
    assert next_check(watch) == watched.fake.clock.now()


def test_replays_cost_no_query(
    watch: AuditWatch, watched: WatchedFake, database: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pushed = now_push()
    post(pushed)
    assert watched.poll().claimed == 1
    before = next_check(watch)
    with django_assert_num_queries(0, using=database):
        for _ in range(20):
            assert post(pushed).content == b"success"
    assert next_check(watch) == before


@pytest.mark.usefixtures("watch")
def test_many_pushes_ask_at_most_every_five_seconds(watched: WatchedFake) -> None:
    asked = 0
    for second in range(20):
        post(now_push(nonce=str(second)))
        asked += watched.poll().claimed
        watched.advance(1)
    assert asked == 4


def test_a_hint_never_delays_a_check(watch: AuditWatch, watched: WatchedFake, settings: Any) -> None:
    events = {"token": TOKEN, "encoding_aes_key": KEY, "component_appid": APPID}
    watched.configure(PACE=[(None, 2)])
    settings.WXAUDIT = {**settings.WXAUDIT, "EVENTS": events}
    watched.advance(60)
    watched.poll()
    before = next_check(watch)
    assert before is not None
    assert before < watched.fake.clock.now() + _hints.SHORTEST_INTERVAL
    assert post(now_push()).content == b"success"
    assert next_check(watch) == before


def test_a_hint_is_not_lost_because_it_comes_soon(watch: AuditWatch, watched: WatchedFake) -> None:
    post(now_push(nonce="1"))
    checked_at = watched.fake.clock.now()
    watched.poll()
    watched.advance(2)
    post(now_push(nonce="2"))
    assert watched.poll().claimed == 0
    assert next_check(watch) == checked_at + _hints.SHORTEST_INTERVAL


def test_a_claimed_watch_is_asked_about_again(watch: AuditWatch, watched: WatchedFake) -> None:
    """The answer that is on its way may be from before the decision."""
    AuditWatch.objects.filter(pk=watch.pk).update(lease="of another worker")
    assert check_now("wx1") == 1
    assert watched.poll().answered == 1


def test_decided_and_unknown_audits_stay_as_they_are(watch: AuditWatch, watched: WatchedFake) -> None:
    AuditWatch.objects.filter(pk=watch.pk).update(phase=AuditWatch.Phase.DECIDED, next_check_at=None)
    assert post(now_push(nonce="1")).content == b"success"
    assert post(now_push(nonce="2"), "/wechat/wx9/events/").content == b"success"
    assert post(now_push(nonce="3"), f"/wechat/{'x' * 100}/events/").content == b"success"
    assert post(now_push(nonce="4"), "/wechat/wx%00/events/").content == b"success"
    assert next_check(watch) is None
    assert watched.poll().claimed == 0


def forged() -> tuple[str, bytes]:
    query_string, body = now_push()
    return query_string.replace("msg_signature=", "msg_signature=0"), body


WRONG: dict[str, tuple[Any, int]] = {
    "another signature": (forged, 403),
    "another key": (lambda: now_push(key="9" * 43), 403),
    "another platform": (lambda: now_push(appid="wx0000000000000000"), 403),
    "an old push": (lambda: (query(sealed(OTHER), timestamp=str(NOW)), envelope(sealed(OTHER))), 403),
    "no parameters": (lambda: ("", now_push()[1]), 403),
    "no body": (lambda: (now_push()[0], b""), 403),
    "10 MB": (lambda: (now_push()[0], b"x" * 10_000_000), 413),
    "1 MiB and a byte": (lambda: (now_push()[0], b"x" * (1024 * 1024 + 1)), 413),
}


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_wechats_costs_no_query(
    django_assert_num_queries: DjangoAssertNumQueries, database: str, case: str
) -> None:
    make, status = WRONG[case]
    pushed = make()
    with django_assert_num_queries(0, using=database):
        response = post(pushed)
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.usefixtures("watch")
def test_a_body_of_unknown_length_is_read_up_to_its_limit() -> None:
    """As a server passes it that leaves chunked bodies without a length."""
    response = post((now_push()[0], b"x" * 10_000_000), CONTENT_LENGTH="")
    assert response.status_code in (403, 413)


@pytest.mark.usefixtures("watch")
def test_other_pushes_are_answered_without_a_query(
    django_assert_num_queries: DjangoAssertNumQueries, database: str
) -> None:
    with django_assert_num_queries(0, using=database):
        assert post(now_push(OTHER)).content == b"success"


@pytest.mark.usefixtures("watch")
def test_a_push_takes_one_query_and_one_for_the_time(database: str, watched: WatchedFake) -> None:
    del watched
    with CaptureQueriesContext(connections[database]) as queries:
        post(now_push())
    # Here, the time is that of the fake's clock.
    assert len(queries) == 1


def test_a_push_is_accepted_again_after_a_failure(
    watch: AuditWatch, watched: WatchedFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = now_push()

    def fail(*_: object) -> int:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("wxaudit.django.views.check_now", fail)
        with pytest.raises(OperationalError):
            post(pushed)
    assert post(pushed).content == b"success"
    assert next_check(watch) == watched.fake.clock.now()


def test_the_view_commits_before_it_answers() -> None:
    view: Any = AuditEventsView.as_view()
    assert "default" in view._non_atomic_requests
    assert view.csrf_exempt


def echo(**changed: str) -> Any:
    now = str(int(time.time()))
    parameters = {"signature": signature(now, "17"), "timestamp": now, "nonce": "17", "echostr": "4711"}
    return Client().get(f"{URL}?{urlencode({**parameters, **changed})}")


@pytest.mark.usefixtures("watch")
def test_the_check_of_an_address_is_answered(
    django_assert_num_queries: DjangoAssertNumQueries, database: str
) -> None:
    with django_assert_num_queries(0, using=database):
        response = echo()
        assert (response.status_code, response.content) == (200, b"4711")
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert echo(echostr="<script>").content == b"<script>"
        old = {"timestamp": str(NOW), "signature": signature(str(NOW), "17")}
        for changed in ({"signature": "0" * 40}, {"echostr": ""}, {"echostr": "x" * 300}, old):
            assert echo(**changed).status_code == 403


@pytest.mark.usefixtures("watch")
def test_no_secret_and_nothing_of_a_push_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pushes = [make() for make, _ in WRONG.values()] + [now_push(), now_push(OTHER, nonce="2")]
    for pushed in pushes:
        post(pushed)
        post(pushed, "/wechat/elsewhere/")
    echo(signature=TOKEN, echostr=KEY)
    assert len(caplog.records) > len(pushes)
    for record in caplog.records:
        if record.name == "django.db.backends":
            continue
        for secret in (TOKEN, KEY, "包含色情因素", "hello"):
            assert secret not in record.getMessage()


@pytest.mark.usefixtures("watch")
def test_what_is_refused_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "wxaudit.django"):
        post(forged(), "/wechat/wx%1B1/events/")
        post(now_push())
        post(now_push(nonce="2"), "/wechat/elsewhere/")
    messages = [record.getMessage() for record in caplog.records if record.name == "wxaudit.django"]
    assert messages[0].startswith("POST /wechat/wx\\x1b1/events/ was refused: the push is not one that")
    assert messages[1] == "a push (weapp_audit_fail) about wx1: asking about 1 audits now"
    assert (
        messages[2] == f"a push about an audit of {ORIGINAL_ID} has no appid, so that no watch is asked about"
    )


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_not_allowed(method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405
