"""Screenshots in the admin: fetched for a browser, as pictures and nothing else, and drawings of errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connections

from secrecy.canary import TOKEN, find
from support.browser.html_page import HOSTILE, HOSTILE_SHOWN
from support.django.staff import logged_in
from wxaudit.django.models import AuditWatch
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

    from support.django.watched_fake import WatchedFake
    from wxaudit.testing import FakeWeChat

LIST = "/admin/wxaudit/auditwatch/"
APPID = "wx0000000000000001"

pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture
def admin(db: None) -> Iterator[Client]:  # noqa: ARG001
    with logged_in("view_auditwatch") as client:
        yield client


def make(*media_ids: str) -> AuditWatch:
    watch: AuditWatch = AuditWatch.objects.create(
        appid=APPID, auditid=1, state=1, screenshots=list(media_ids)
    )
    return watch


def fetch(client: Client, watch: AuditWatch, number: int = 1) -> Any:
    return client.get(f"{LIST}{watch.pk}/screenshots/{number}/")


def drawn(response: Any) -> str:
    """The text of a drawing, which is well-formed."""
    assert response.status_code == 424
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["Cache-Control"] == "no-store"
    root = ElementTree.fromstring(response.content)  # noqa: S314  # it is ours
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "rect", "text"}
    return " ".join(element.text or "" for element in root.iter() if element.text)


def test_a_picture_is_sent_as_what_its_bytes_are(admin: Client, fake: FakeWeChat) -> None:
    photo = b"\xff\xd8\xff\xe0 and so on"
    watch = make(fake.keep_media(appid=APPID), fake.keep_media(photo, APPID))
    responses = [fetch(admin, watch, number) for number in (1, 2)]
    assert [response.headers["Content-Type"] for response in responses] == ["image/png", "image/jpeg"]
    assert responses[1].content == photo
    for response in responses:
        assert response.status_code == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Cache-Control"] == "private, max-age=86400, immutable"


def test_nothing_is_fetched_before_it_is_asked_for(admin: Client, fake: FakeWeChat) -> None:
    watch = make(fake.keep_media(appid=APPID))
    for path in (LIST, f"{LIST}{watch.pk}/change/"):
        assert admin.get(path).status_code == 200
    assert fake.requests_received == 0


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<script>alert(1)</script>"]
)
def test_what_is_not_a_picture_is_not_sent(admin: Client, fake: FakeWeChat, content: bytes) -> None:
    response = fetch(admin, make(fake.keep_media(content, APPID)))
    assert "DecodeError" in drawn(response)
    assert content not in response.content


def test_only_screenshots_of_the_audit_can_be_asked_for(admin: Client, fake: FakeWeChat) -> None:
    watch = make("media")
    for number in (0, 2, 10**30):
        assert fetch(admin, watch, number).status_code == 404
    assert admin.get(f"{LIST}{watch.pk}/screenshots/media/").status_code in (302, 404)
    assert admin.get(f"{LIST}999999/screenshots/1/").status_code == 404
    assert fake.requests_received == 0


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("AuthorizationLostError", "61003", "authorize")),
        ("zh-hans", ("授权已失效", "61003", "重新授权")),
    ],
)
def test_an_error_is_drawn_in_the_language_of_the_user(
    db: None,  # noqa: ARG001
    fake: FakeWeChat,
    watched: WatchedFake,
    language: str,
    expected: tuple[str, ...],
) -> None:
    watch = make(fake.keep_media(appid=APPID))
    watched.token_source(APPID)
    fake.deauthorize(APPID)
    with logged_in("view_auditwatch", language=language) as client:
        text = drawn(fetch(client, watch))
    for part in expected:
        assert part in text.replace(" ", "") or part in text


def test_a_hostile_error_is_only_text(admin: Client, fake: FakeWeChat) -> None:
    watch = make("media")
    fake.fail_next(Fault(errcode=40007, errmsg=HOSTILE))
    text = drawn(fetch(admin, watch)).replace(" ", "")
    assert "<script>alert(1)</script>" in text
    assert HOSTILE_SHOWN.replace(" ", "")[-20:] in text


def test_a_token_source_that_raises_is_named_and_its_text_is_not_shown(
    admin: Client, watched: WatchedFake, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: str) -> str:
        raise KeyError(TOKEN.text())

    watched.configure(token_source=refuse)
    caplog.set_level(logging.DEBUG)
    response = fetch(admin, make("media"))
    assert "KeyError" in drawn(response)
    assert list(find([response.content, response.serialize_headers(), caplog.text])) == []


@pytest.mark.parametrize("echo", [False, True])
def test_no_token_is_on_a_page_in_the_log_or_in_the_database(
    db: None,  # noqa: ARG001
    watched: WatchedFake,
    fake: FakeWeChat,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Any,
    echo: bool,
) -> None:
    """The canary: the fake refuses it, and repeats it in its answers."""
    watched.configure(token_source=lambda _: TOKEN.text())
    caplog.set_level(logging.DEBUG)
    _, watch = watched.submit(APPID)
    answer = Fault(errcode=40014, errmsg=f"invalid access_token {TOKEN.text()}")
    if echo:
        fake.fail_next(answer)
    watched.poll()
    AuditWatch.objects.update(screenshots=["media"])
    shown: list[str | bytes] = []
    with logged_in() as client:
        if echo:
            fake.fail_next(answer)
        shown.append(fetch(client, watch).content)
        form = {"note": "seen", "changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0"}
        assert client.post(f"{LIST}{watch.pk}/change/", form).status_code == 302
        client.post(LIST, {"action": "check_now", "_selected_action": [watch.pk]})
        change = f"{LIST}{watch.pk}/change/"
        for path in (LIST, change, f"{LIST}{watch.pk}/history/", f"{LIST}numbers/", "/admin/"):
            response = client.get(path)
            assert response.status_code == 200
            shown.append(response.content)
        assert LogEntry.objects.exists()
        dump = tmp_path / "dump.json"
        call_command("dumpdata", output=str(dump), verbosity=0)
        shown.append(dump.read_bytes())
    assert b"TokenError" in shown[1]
    assert fake.requests_received == 2
    assert list(find([*shown, caplog.text])) == []
    assert list(find([f"it would be found: {TOKEN.text()}"])) != []


@pytest.mark.parametrize("database", ["default"], indirect=True)
def test_no_transaction_is_open_while_wechat_is_asked(
    database: str, watched: WatchedFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections[database].settings_dict, "ATOMIC_REQUESTS", True)
    seen: list[bool] = []

    def token_source(appid: str) -> Any:
        seen.append(connections[database].in_atomic_block)
        return watched.token_source(appid)

    watched.configure(token_source=token_source)
    watch = make(watched.fake.keep_media(appid=APPID))
    with logged_in() as client:
        assert fetch(client, watch).status_code == 200
    assert seen == [False]
