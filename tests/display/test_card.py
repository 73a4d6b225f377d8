"""How one audit shows itself in a notebook: complete, and harmless whatever WeChat wrote."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from support.browser.html_page import HOSTILE, HOSTILE_SHOWN, Page
from wxaudit import AuditState, AuditStatus
from wxaudit._models.screenshot import fetched

MOMENT = datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc)

pytestmark = pytest.mark.usefixtures("beijing")


def card(audit: AuditStatus) -> Page:
    return Page(audit._repr_html_())


def test_shows_all_that_is_known_in_both_languages() -> None:
    page = card(
        AuditStatus(
            441617767,
            1,
            "1:账号信息不符合规范:<br>(1):包含色情因素<br>2:服务类目不一致:<br>(1):标签不相关<br>(2):范围不符<br>",
            ("media-1", "media-2"),
            appid="wx01",
            observed_at=MOMENT,
        )
    )
    for shown in (
        "rejected",
        "审核被拒绝",
        "441617767",
        "wx01",
        "2026-11-24 20:30:15 +0800",
        "media-1",
        "media-2",
    ):
        assert shown in page.text
    for shown in ("账号信息不符合规范", "包含色情因素", "服务类目不一致", "标签不相关", "范围不符"):
        assert shown in page.texts
    assert ("datetime", "2026-11-24T12:30:15+00:00") in page.attributes
    assert page.tags.count("li") == 5


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 7, -1])
def test_each_state_has_its_words_and_colour(status: int) -> None:
    page = card(AuditStatus(5, status, observed_at=MOMENT))
    assert AuditState(status).label("en") in page.text
    assert AuditState(status).label("zh") in page.text
    assert "reasons" not in page.text
    assert "screenshots" not in page.text
    assert "appid" not in page.text


def test_no_two_known_states_look_alike() -> None:
    badges = {
        card(AuditStatus(5, status, observed_at=MOMENT)).source.split("background:")[1][:7]
        for status in range(6)
    }
    assert len(badges) == 6


def test_nothing_that_wechat_wrote_becomes_markup() -> None:
    page = card(
        AuditStatus(5, 1, f"1:{HOSTILE}:<br>(1):{HOSTILE}<br>", (HOSTILE,), appid=HOSTILE, observed_at=MOMENT)
    )
    assert {"script", "img"}.isdisjoint(page.tags)
    assert "'" not in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    assert page.text.count(HOSTILE_SHOWN) == 4


def test_loads_nothing_and_runs_nothing() -> None:
    page = card(AuditStatus(5, 1, "1:标题:<br>(1):细节<br>", ("media",), appid="wx01", observed_at=MOMENT))
    assert set(page.tags) <= {"div", "span", "code", "time", "ol", "ul", "li", "br"}
    assert {name for name, _ in page.attributes} <= {"class", "style", "lang", "datetime"}
    assert "url(" not in page.source
    assert "http" not in page.source


def test_a_flood_of_screenshots_stays_a_card() -> None:
    page = card(AuditStatus(5, 1, None, tuple(f"media-{n}" for n in range(10_000)), observed_at=MOMENT))
    assert "media-11" in page.texts
    assert "media-12" not in page.texts
    assert "9988 more" in page.text
    assert "另有 9988 个" in page.text


def test_the_end_of_the_calendar_is_shown() -> None:
    """Where it is already the year 10000."""
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    assert "9999-12-31 23:59:59 +0000" in card(AuditStatus(5, 0, observed_at=end)).text


def test_pictures_that_were_fetched_stand_side_by_side() -> None:
    pictures = [fetched(f"media-{number}", b"\x89PNG" + bytes(number), "image/png") for number in (1, 2)]
    page = card(AuditStatus(5, 1, None, ("media-1", "media-2", "media-3"), observed_at=MOMENT))
    beside = page.source.split('<div style="display:flex;flex-wrap:wrap')[1]
    row, rest = beside.split("</div></div>", 1)
    assert row.count('<div style="width:10em') == row.count("<img ") == len(pictures)
    assert "media-3" in rest
