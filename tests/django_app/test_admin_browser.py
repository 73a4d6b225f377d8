"""The admin in a real browser: in both languages, in two widths, under a strict Content-Security-Policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from support.browser.chromium import Chromium
from support.django import rows as django_rows
from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

    from wxaudit.django.models import AuditWatch

_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_APPID = django_rows.appid(1)
# WeChat does not know the last one.
_SCREENSHOTS = 3


@pytest.fixture
def address(settings: Any, live_server: LiveServer) -> str:
    """Of the site. The browser knows no names."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    return live_server.url.replace("localhost", "127.0.0.1")


@pytest.fixture
def rejected(settings: Any, transactional_db: None) -> Iterator[AuditWatch]:  # noqa: ARG001
    """One of many watches: a rejected one with hostile texts, three screenshots, and one that fails."""
    with FakeWeChat() as fake:
        token = fake.token(_APPID)
        settings.WXAUDIT = {"TOKEN_SOURCE": lambda _: token, "CLIENT": {"base_url": fake.base_url}}
        django_rows.create_month()
        shots = [fake.keep_media(appid=_APPID) for _ in range(_SCREENSHOTS)]
        yield django_rows.create_rejected(_APPID, [*shots, "unknown"])


@pytest.fixture
def session(transactional_db: None) -> str:  # noqa: ARG001
    """Of a superuser who is logged in."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client.session.session_key or ""


def _check(browser: Chromium, page: Page) -> None:
    """Nothing has run, nothing was refused by the policy, and nobody else was asked for anything."""
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("window.violations") == []
    assert page.locator("#content :is(script:not([src]), style, [onerror], [onmouseover])").count() == 0
    assert browser.outside_requests == []
    assert browser.dialogs == []


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    ("locale", "state", "title"),
    [("en-US", "rejected", "Audits in numbers"), ("zh-CN", "审核被拒绝", "审核数据")],
    ids=["english", "chinese"],
)
def test_pages(
    address: str,
    rejected: AuditWatch,
    session: str,
    locale: str,
    state: str,
    title: str,
    width: int,
) -> None:
    name = f"admin-{locale[:2]}-{width}"
    with Chromium(locale, width, 2000) as browser:
        browser.set_cookie(address, "sessionid", session)
        page = browser.new_page()
        page.add_init_script(_VIOLATIONS)

        page.goto(f"{address}/admin/wxaudit/auditwatch/?state=1")
        assert page.locator("#result_list tbody tr").count() == 50
        assert page.locator(".field-state_and_phase .wxaudit-badge").first.inner_text() == state
        _check(browser, page)
        page.goto(f"{address}/admin/wxaudit/auditwatch/")
        browser.picture(page.locator("#container"), f"{name}-watches")
        _check(browser, page)

        page.goto(f"{address}/admin/wxaudit/auditwatch/{rejected.pk}/change/")
        # Unfolding asks for the pictures, and nothing has before.
        assert [url for url in browser.requests if "/screenshots/" in url] == []
        page.locator(".wxaudit-screenshots summary").click()
        pictures = page.locator(".wxaudit-screenshots img")
        for picture, width_of_picture in zip(pictures.all(), (180, 180, 180, 320), strict=True):
            expect(picture).to_have_js_property("naturalWidth", width_of_picture)
        browser.picture(page.locator("#container"), f"{name}-watch")
        _check(browser, page)
        # The error by itself, as a link opens it.
        page.goto(f"{address}/admin/wxaudit/auditwatch/{rejected.pk}/screenshots/4/")
        assert "40007" in (page.locator("svg").text_content() or "")

        page.goto(f"{address}/admin/wxaudit/auditchange/?delivery=failed")
        browser.picture(page.locator("#container"), f"{name}-changes")
        _check(browser, page)

        page.goto(f"{address}/admin/wxaudit/auditwatch/")
        page.get_by_role("link", name=title).click()
        assert page.locator("#content h1").inner_text() == title
        browser.picture(page.locator("#container"), f"{name}-numbers")
        _check(browser, page)
        page.emulate_media(color_scheme="dark")
        browser.picture(page.locator("#container"), f"{name}-numbers-dark")
        # Wide tables scroll by themselves.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
