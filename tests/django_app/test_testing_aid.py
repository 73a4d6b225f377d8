"""`wxaudit.testing.django`: the fake behind the settings of a project, and its clock behind the watch."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client, TestCase
from django.urls import path

import wxaudit
from wxaudit import AuditState
from wxaudit.django import _clock, audit_changed, audit_decided, awatch, get_client, poll_due, watch
from wxaudit.django.models import AuditChange, AuditWatch
from wxaudit.django.views import AuditEventsView
from wxaudit.testing import Fault
from wxaudit.testing.django import DjangoFakeWeChat, WxauditTestMixin, fake_behind_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPID = "wx5b97b03f7e2c4d18"
REASON = "1:账号信息不符合规范:<br>(1):包含色情因素<br>"
URL = "/wechat/$APPID$/events/"

urlpatterns = [path("wechat/<str:appid>/events/", AuditEventsView.as_view())]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def told() -> Iterator[list[tuple[str, str]]]:
    """The key and the state of each decision that is told."""
    told: list[tuple[str, str]] = []

    def receive(*, change: AuditChange, key: str, **_: Any) -> None:
        told.append((key, change.audit.status.label()))

    audit_decided.connect(receive)
    yield told
    audit_decided.disconnect(receive)


def test_a_decision_is_told_at_the_next_poll(
    wxaudit_django: DjangoFakeWeChat, told: list[tuple[str, str]]
) -> None:
    audit = wxaudit_django.submit(APPID)
    row = watch(APPID, audit.auditid)
    assert poll_due().answered == 1
    assert poll_due().claimed == 0
    wxaudit_django.decide(audit, AuditState.REJECTED, REASON, [wxaudit_django.media_id()])
    report = poll_due()
    assert (report.claimed, report.changed, report.decided, report.delivered) == (1, 1, 1, 1)
    assert told == [(f"{APPID}:{audit.auditid}:1", "rejected")]
    row.refresh_from_db()
    assert row.audit == get_client().get_audit_status(wxaudit_django.token(APPID), audit.auditid, appid=APPID)
    assert row.changes.get().audit.reasons == row.audit.reasons != ()


@pytest.mark.parametrize(("state", "decided"), [(0, True), (1, True), (3, True), (4, False)])
def test_each_change_that_wechat_makes(wxaudit_django: DjangoFakeWeChat, state: int, decided: bool) -> None:
    # The project's own code submitted it: the fake does not know it.
    row = watch(APPID, 1234567)
    audit = wxaudit_django.decide(row, state)
    assert (audit.appid, audit.auditid, audit.state) == (APPID, 1234567, state)
    report = poll_due()
    assert (report.changed, report.decided) == (1, decided)
    assert wxaudit_django.audits == [audit]


def test_decide_moves_the_clock_to_the_check_of_this_watch_alone(wxaudit_django: DjangoFakeWeChat) -> None:
    early, late = wxaudit_django.submit(APPID), wxaudit_django.submit("wx2")
    watch(APPID, early.auditid)
    poll_due()
    wxaudit_django.clock.advance(50)
    watch("wx2", late.auditid)
    poll_due()
    wxaudit_django.decide(late)
    row = AuditWatch.objects.get(auditid=late.auditid)
    assert wxaudit_django.clock.now() == row.next_check_at
    poll_due()
    assert [audit.polls for audit in (early, late)] == [2, 2]
    # A watch that is due, or has ended, leaves the clock alone.
    now = wxaudit_django.clock.now()
    wxaudit_django.decide(watch("wx3", 3))
    assert wxaudit_django.clock.now() == now


def test_what_wechat_never_does_is_refused(wxaudit_django: DjangoFakeWeChat) -> None:
    audit = wxaudit_django.submit(APPID, state=AuditState.APPROVED)
    for state in (AuditState.REJECTED, AuditState.IN_REVIEW):
        with pytest.raises(ValueError, match="APPROVED is final"):
            wxaudit_django.decide(audit, state)
    # Of another mini program.
    with pytest.raises(ValueError, match="exists already"):
        wxaudit_django.decide(watch("wx2", audit.auditid))


def test_the_clock_advances_to_the_next_check_or_delivery(wxaudit_django: DjangoFakeWeChat) -> None:
    with pytest.raises(LookupError, match=r"call watch\(\) first"):
        wxaudit_django.advance_to_next_check()
    audit = wxaudit_django.submit(APPID)
    row = watch(APPID, audit.auditid)
    now = wxaudit_django.clock.now()
    # Due already.
    assert wxaudit_django.advance_to_next_check() == now
    poll_due()
    moved = wxaudit_django.advance_to_next_check() - now
    assert timedelta(seconds=54) <= moved <= timedelta(seconds=66)
    keys: list[str] = []

    def receive(*, key: str, **_: Any) -> None:
        keys.append(key)
        if len(keys) == 1:
            raise RuntimeError("not now")

    audit.approve()
    audit_changed.connect(receive)
    try:
        assert poll_due().undelivered == 1
        assert poll_due().delivered == 0
        wxaudit_django.advance_to_next_check()
        assert poll_due().delivered == 1
    finally:
        audit_changed.disconnect(receive)
    assert keys == [f"{row}:1"] * 2
    with pytest.raises(LookupError):
        wxaudit_django.advance_to_next_check()


@pytest.mark.parametrize("given", ["audit", "watch", "name"])
def test_a_push_makes_the_audit_due(wxaudit_django: DjangoFakeWeChat, given: str) -> None:
    audit = wxaudit_django.submit(APPID)
    row = watch(APPID, audit.auditid)
    wxaudit_django.clock.advance(timedelta(days=400))
    poll_due()
    audit.reject(REASON)
    now = wxaudit_django.clock.now()
    pushed: Any = {"audit": audit, "watch": row, "name": "weapp_audit_fail"}[given]
    answer = wxaudit_django.push_event(pushed, URL, APPID if given == "name" else None)
    assert (answer.status_code, answer.content) == (200, b"success")
    assert wxaudit_django.advance_to_next_check() <= now + timedelta(seconds=5)
    assert poll_due().decided == 1


def test_a_push_of_another_platform_is_refused(wxaudit_django: DjangoFakeWeChat) -> None:
    audit = wxaudit_django.submit(APPID, state=AuditState.APPROVED)
    push = wxaudit_django.make_push(
        audit, token="other", encoding_aes_key="a" * 43, component_appid="wx2c2769f8efd9abc2"
    )
    answer = Client().post(f"/wechat/{APPID}/events/?{push.query}", push.body, "text/xml")
    assert answer.status_code == 403


def test_the_options_of_the_project_are_kept_except_the_ways_to_wechat(settings: Any) -> None:
    before = {
        "TOKEN_SOURCE": "nowhere.at_all",
        "CLIENT": {
            "base_url": "https://api.weixin.qq.com",
            "fallback_urls": wxaudit.WECHAT_HOSTS,
            "proxy": "http://127.0.0.1:1",
            "ca_file": "/nowhere",
            "max_retries": 0,
        },
        "WATCH": {"BATCH_SIZE": 7},
        "EVENTS": {"token": "ours", "encoding_aes_key": "b" * 43, "component_appid": "wx2c2769f8efd9abc2"},
    }
    settings.WXAUDIT = before
    with fake_behind_settings() as fake:
        during = django_settings.WXAUDIT  # type: ignore[misc]  # the tests' settings have none
        assert during["WATCH"] == before["WATCH"]
        assert set(during["CLIENT"]) == {"base_url", "trust_env", "max_retries"}
        assert during["EVENTS"] == {**before["EVENTS"], "clock": fake.clock.timestamp}  # type: ignore[dict-item]
        audit = fake.submit(APPID)
        status = get_client().get_audit_status(during["TOKEN_SOURCE"](APPID), audit.auditid)
        assert status.is_pending
        # One source for each mini program.
        assert during["TOKEN_SOURCE"](APPID) is during["TOKEN_SOURCE"](APPID)
        assert _clock.replacement is not None
    assert settings.WXAUDIT is before
    assert _clock.replacement is None
    assert not fake.running


def test_an_outage_of_one_test_is_forgotten_in_the_next(db: None, settings: Any) -> None:
    del db
    settings.WXAUDIT = {"CLIENT": {"max_retries": 0}}
    with fake_behind_settings() as fake:
        rows = [watch(APPID, fake.submit(APPID).auditid) for _ in range(20)]
        fake.fail_next(Fault(errcode=-1), times=None)
        assert poll_due().failed < len(rows)
    with fake_behind_settings() as fake:
        for row in rows:
            fake.decide(row)
        fake.clock.advance(timedelta(hours=1))
        assert poll_due().decided == len(rows)


class MixinTests(WxauditTestMixin, TestCase):
    """As a user writes it; it also runs under `manage.py test`."""

    def setUp(self) -> None:
        super().setUp()
        self.audit = self.fake.submit(APPID)

    def test_a_decision(self) -> None:
        watch(APPID, self.audit.auditid)
        self.fake.decide(self.audit)
        assert poll_due().decided == 1

    async def test_with_asyncio(self) -> None:
        row = await awatch(APPID, self.audit.auditid)
        assert row.created_at == self.fake.clock.now()

    def test_each_test_has_its_own(self) -> None:
        assert self.fake.audits == [self.audit]
        assert not AuditWatch.objects.exists()


def test_without_pytest_django_the_fixture_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "test_use.py").write_text("def test_one(wxaudit_django):\n    pass\n", "utf-8")
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_two(fake_wechat):\n    assert 'django' not in sys.modules\n", "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
    )
    assert "fixture 'db' not found" in done.stdout
    assert "1 passed, 1 error" in done.stdout
