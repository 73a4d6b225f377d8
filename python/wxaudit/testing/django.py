"""Test a Django project that uses `wxaudit.django`, without WeChat and without waiting.

    class ShopTests(WxauditTestMixin, TestCase):
        def test_a_rejection_reaches_the_merchant(self):
            audit = self.fake.submit("wx5b97b03f7e2c4d18")
            watch(audit.appid, audit.auditid)
            self.fake.decide(audit, AuditState.REJECTED, "1:…")
            poll_due()

With pytest, the fixture `wxaudit_django` is the same fake. It needs Django and, as a fixture, pytest-django.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.db import router
from django.test import Client, SimpleTestCase, override_settings

from .._models.state import AuditState
from ..django import _clock, _settings
from ..django.models import AuditChange, AuditWatch
from ._fake import FakeWeChat
from ._life import state_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from ._audits import FakeAudit

__all__ = ["DjangoFakeWeChat", "WxauditTestMixin", "fake_behind_settings"]

# For a project that has not set WXAUDIT["EVENTS"]: the examples of WeChat's documentation.
_EVENTS = {
    "token": "spamtest",
    "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "component_appid": "wx2c2769f8efd9abc2",
}
# What would lead elsewhere than to the fake.
_WAYS_TO_WECHAT = ("base_url", "fallback_urls", "proxy", "trust_env", "ca_file")


class DjangoFakeWeChat(FakeWeChat):
    """A `FakeWeChat` behind the settings of a Django project. Its clock is the clock of the watch."""

    def decide(
        self,
        audit: FakeAudit | AuditWatch,
        state: int = AuditState.APPROVED,
        reason: str | None = None,
        screenshots: Iterable[str] = (),
    ) -> FakeAudit:
        """Change the state of an audit, and move the clock to the time when its watch asks again: the next
        `poll_due()` sees it. An audit that the fake does not know is submitted.

        - `state`: an `AuditState`, or its number. It may be `AuditState.DELAYED` too, which is not final.
        - `reason`, `screenshots` (media_ids): what comes with a rejection or a delay.

        Raise `ValueError` for a change that WeChat never makes.
        """
        watches = AuditWatch.objects.using(_alias()).filter(appid=audit.appid, auditid=audit.auditid)
        submitted = self._known(audit)
        submitted._change(state_number(state), reason, screenshots)
        self._advance_to(*watches.values_list("next_check_at", flat=True))
        return submitted

    def advance_to_next_check(self) -> datetime:
        """Move the clock to the time of the next check or delivery, and return the time: the next
        `poll_due()` has something to do. If something is due already, the clock stays.

        Raise `LookupError` if there is nothing to wait for.
        """
        using = _alias()
        checks = AuditWatch.objects.using(using).order_by("next_check_at")
        deliveries = AuditChange.objects.using(using).order_by("next_delivery_at")
        times = [
            *checks.filter(next_check_at__isnull=False).values_list("next_check_at", flat=True)[:1],
            *deliveries.filter(next_delivery_at__isnull=False).values_list("next_delivery_at", flat=True)[:1],
        ]
        if not times:
            raise LookupError("no watch waits for a check or a delivery: call watch() first")
        self._advance_to(min(time for time in times if time is not None))
        return self.clock.now()

    def push_event(self, audit: FakeAudit | AuditWatch | str, url: str, appid: str | None = None) -> Any:
        """Post the push event of an audit to a view of the project, through Django's test client, and return
        its response. It is encrypted and signed as `WXAUDIT["EVENTS"]` demands.

        - `audit`: one that is approved, rejected or delayed, or the name of an event for `appid`.
        - `url`: the path of the view. `$APPID$` is replaced, as WeChat does it.
        """
        if isinstance(audit, AuditWatch):
            audit = self.audit(audit.auditid)
        events = _settings.section("EVENTS")
        push = self.make_push(
            audit,
            appid,
            token=events["token"],
            encoding_aes_key=events["encoding_aes_key"],
            component_appid=events["component_appid"],
        )
        path = url.replace("$APPID$", push.appid)
        path += ("&" if "?" in path else "?") + push.query
        # As WeChat, which has no CSRF token.
        client = Client(enforce_csrf_checks=True)
        return client.post(path, push.body, content_type="text/xml")

    def _known(self, audit: FakeAudit | AuditWatch) -> FakeAudit:
        for known in self.audits:
            if (known.appid, known.auditid) == (audit.appid, audit.auditid):
                return known
        return self.submit(audit.appid, auditid=audit.auditid)

    def _advance_to(self, *times: datetime | None) -> None:
        for moment in times:
            if moment is not None and moment > self.clock.now():
                self.clock.advance(moment - self.clock.now())


class WxauditTestMixin(SimpleTestCase):
    """Puts a fake WeChat, `self.fake`, behind the settings for each test of a Django `TestCase`.

    Write it before `TestCase`. A class with a `setUp` of its own calls `super().setUp()` first.
    """

    fake: DjangoFakeWeChat

    def setUp(self) -> None:
        super().setUp()
        with ExitStack() as stack:
            self.fake = stack.enter_context(fake_behind_settings())
            self.addCleanup(stack.pop_all().close)


@contextmanager
def fake_behind_settings() -> Iterator[DjangoFakeWeChat]:
    """Run a fake, and let `WXAUDIT` lead to it: the client, the token source and the clock of the watch.

    The other options of the project are kept. `WxauditTestMixin` and the fixture `wxaudit_django` do this.
    """
    with (
        DjangoFakeWeChat() as fake,
        override_settings(**{_settings.NAME: _leading_to(fake)}),
        patch.object(_clock, "replacement", fake.clock.now),
    ):
        yield fake


def _leading_to(fake: FakeWeChat) -> dict[str, Any]:
    from django.conf import settings

    given: Mapping[str, Any] = getattr(settings, _settings.NAME, {})
    client = {name: value for name, value in given.get("CLIENT", {}).items() if name not in _WAYS_TO_WECHAT}
    return {
        **given,
        "CLIENT": {**client, "base_url": fake.base_url, "trust_env": False},
        # One source for each mini program, as a test that counts refreshes expects.
        "TOKEN_SOURCE": cache(fake.token_source),
        "EVENTS": {**_EVENTS, **given.get("EVENTS", {}), "clock": fake.clock.timestamp},
    }


def _alias() -> str:
    return router.db_for_write(AuditWatch)
