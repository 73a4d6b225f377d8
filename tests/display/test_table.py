"""How a batch shows itself in a notebook: what it came to, a row for each query, no word taken for markup."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

import pytest

import wxaudit
from support.browser.html_page import HOSTILE, HOSTILE_SHOWN, Page
from wxaudit import AuditBatch, AuditResult, AuditState, AuditStatus
from wxaudit._display import labels
from wxaudit._errors.tree import api_error, make_error

MOMENT = datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc)
REASONS = "1:账号信息不符合规范:<br>(1):包含色情因素<br>2:服务类目不一致:<br>(1):标签不相关<br>"

pytestmark = pytest.mark.usefixtures("beijing")


def result(
    status: int, reason: str | None = None, screenshots: tuple[str, ...] = (), index: int = 0
) -> AuditResult:
    audit = AuditStatus(441617767 + index, status, reason, screenshots, observed_at=MOMENT)
    return AuditResult(audit.auditid, f"wx{index:016x}", audit, None, index, 1)


def failed(error: wxaudit.WxAuditError, index: int = 0, appid: str | None = "wx01") -> AuditResult:
    return AuditResult(441617767 + index, appid, None, error, index, 3)


def page_of(*results: AuditResult) -> Page:
    source = AuditBatch(results)._repr_html_()
    # As strict as it gets: each tag closed, each attribute quoted, each ampersand escaped.
    tree(source)
    return Page(source)


def tree(source: str) -> ElementTree.Element:
    return ElementTree.fromstring(source.replace("<br>", "<br/>"))  # noqa: S314  # made here


def test_the_header_counts_every_outcome_in_both_languages() -> None:
    page = page_of(
        *(result(status, index=index) for index, status in enumerate([0, 0, 0, 1, 2, 2, 3, 4, 7])),
        failed(api_error(40001, "invalid credential", None), 9),
        failed(wxaudit.RequestTimeout("too late"), 10),
        failed(wxaudit.RequestTimeout("too late"), 11),
    )
    header = page.text[: page.text.index("#")]
    assert header.startswith("12 queries, 3 failed · 共 12 个查询，3 个失败")
    for counted in (
        "approved · 审核成功 3",
        "rejected · 审核被拒绝 1",
        "under review · 审核中 2",
        "withdrawn · 已撤回 1",
        "delayed · 审核延后 1",
        "unknown (7) · 未知状态（7） 1",
        "RequestTimeout · 请求超时 2",
        "TokenError · 令牌无效 1",
    ):
        assert counted in header


def test_an_empty_batch_says_so_in_both_languages() -> None:
    assert page_of().text == "no results · 没有查询结果"


def test_a_row_says_whose_audit_it_is_and_how_it_stands() -> None:
    page = page_of(result(1, REASONS, ("media-1", "media-2"), index=3))
    row = page.text[page.text.index("截图") :]
    for shown in ("3", "wx0000000000000003", "441617770", "rejected", "审核被拒绝", "2026-11-24", "20:30:15"):
        assert shown in row
    assert row.endswith("2026-11-2420:30:15 +08002")  # two screenshots, in the last cell
    assert page.source.count("<tr>") == 2


def test_the_first_reason_is_seen_and_all_of_them_unfold() -> None:
    page = page_of(result(1, REASONS))
    summary = re.search(r"<summary[^>]*>(.*?)</summary>", page.source)
    assert summary is not None
    assert Page(summary[1]).text == "账号信息不符合规范 +1"
    for point in ("账号信息不符合规范", "包含色情因素", "服务类目不一致", "标签不相关"):
        assert point in page.texts
    assert "<ol" in page.source.split("</summary>")[1]


def test_a_short_reason_needs_no_unfolding() -> None:
    page = page_of(result(4, "近期提交量较大"))
    assert "近期提交量较大" in page.texts
    assert "details" not in page.tags


def test_a_rejection_without_a_reason_says_so() -> None:
    assert "no reason given · 未给出原因" in page_of(result(1)).text
    assert "no reason given" not in page_of(result(2)).text


def test_an_error_shows_what_wechat_said_and_unfolds_what_to_do() -> None:
    rid = "6743-5a1f-22"
    error = api_error(40001, f"invalid credential rid: {rid}", rid, auditid=441617767, appid="wx01")
    page = page_of(failed(error))
    row = page.text[page.text.index("截图") :]
    for shown in ("TokenError", "令牌无效", "40001 invalid credential", error.hint, error.hint_zh, rid):
        assert shown in row
    assert row.count(error.hint) == 1
    assert "requests sent 已发送请求: 3" in row


def test_an_error_without_an_errcode_shows_its_message() -> None:
    error = make_error(wxaudit.TransportError, "connection refused", auditid=5)
    summary = page_of(failed(error)).source.split("<summary")[1].split("</summary>")[0]
    assert summary.endswith(">connection refused (audit 5)")


def test_what_a_query_lacked_leaves_its_cell_empty() -> None:
    error = wxaudit.ArgumentError("auditid must be an int")
    page = page_of(AuditResult(None, None, None, error, 0, 0))
    assert "None" not in page.text
    assert "code" not in page.tags


@pytest.mark.parametrize("total", [19, 20, 21, 300])
def test_twenty_rows_are_shown_and_the_rest_is_told(total: int) -> None:
    page = page_of(*(result(index % 5, index=index) for index in range(total)))
    assert page.tags.count("tr") == min(total, 20) + 1
    assert f"{total} queries · 共 {total} 个查询" in page.text
    told = f"… {total - 20} more · 另有 {total - 20} 条未显示: batch.to_pandas()"
    assert (told in page.text) == (total > 20)


def test_failures_and_rejections_come_first() -> None:
    errors = [failed(wxaudit.TransportError("no"), index) for index in (27, 29)]
    page = page_of(
        *(result(index % 2 * 2, index=index) for index in range(27)),
        errors[0],
        result(1, index=28),
        errors[1],
    )
    heads = re.findall(r'<th scope="row"[^>]*>(\d+)</th>', page.source)
    assert heads == [*map(str, (27, 28, 29)), *map(str, range(17))]


@pytest.mark.parametrize("kind", [wxaudit.APIError, wxaudit.TokenError, wxaudit.QuotaError])
def test_nothing_that_came_from_outside_becomes_markup(kind: type[wxaudit.APIError]) -> None:
    rejected = AuditStatus(
        5, 1, f"1:{HOSTILE}:<br>(1):{HOSTILE}<br>", (HOSTILE,), appid=HOSTILE, observed_at=MOMENT
    )
    error = kind(HOSTILE, errcode=1, errmsg=HOSTILE, rid=HOSTILE)
    page = page_of(
        AuditResult(5, HOSTILE, rejected, None, 0, 1),
        failed(error, 1, HOSTILE),
        failed(wxaudit.TransportError(HOSTILE), 2, HOSTILE),
    )
    assert {"script", "img"}.isdisjoint(page.tags)
    assert "'" not in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    # A title (seen, and unfolded) and its detail; twice a message, an errmsg; what is longer is cut.
    assert page.text.count(HOSTILE_SHOWN) >= 6
    assert page.text.count("<script>alert(1)</script>") >= 10


def test_loads_nothing_and_runs_nothing() -> None:
    page = page_of(
        result(1, REASONS, ("media",)), failed(api_error(45009, "reach max api daily quota limit", "r"))
    )
    assert set(page.tags) <= {
        *("div", "span", "code", "b", "br", "ol", "ul", "li", "details", "summary"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
    # What JupyterLab leaves to a notebook that it does not trust.
    assert {name for name, _ in page.attributes} <= {"class", "style", "lang", "scope"}
    assert "url(" not in page.source
    assert "http" not in page.source
    for value in ("anywhere", "currentcolor", "var("):
        assert value not in page.source


def test_a_reader_without_eyes_finds_caption_and_heads() -> None:
    table = tree(AuditBatch([result(1, REASONS)])._repr_html_()).find("table")
    assert table is not None
    assert table[0].tag == "caption"
    assert [head.get("scope") for head in table.iter("th")] == ["col"] * 6 + ["row"]


@pytest.mark.parametrize("state", [*range(6), -1])
def test_badges_can_be_read(state: int) -> None:
    for outcome in (labels.of_state(AuditState(state)), labels.of_error(wxaudit.APIError("x"))):
        channels = [int(outcome.colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminance = sum(
            weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )
        assert 1.05 / (luminance + 0.05) >= 4.5


def test_every_error_has_a_word_in_chinese() -> None:
    kinds: list[Any] = [
        kind
        for name in wxaudit.__all__
        if isinstance(kind := getattr(wxaudit, name), type) and issubclass(kind, wxaudit.WxAuditError)
    ]
    audit = AuditStatus(5, 1, observed_at=MOMENT)
    errors = [kind("x", audit=audit) if kind is wxaudit.ReviewRejected else kind("x") for kind in kinds]
    words = [labels.of_error(error).chinese for error in errors]
    assert len(words) == len(set(words)) > 15


def test_an_error_of_ones_own_has_the_word_of_its_kind() -> None:
    class StaleTokenError(wxaudit.TokenError):
        pass

    outcome = labels.of_error(StaleTokenError("x"))
    assert (outcome.english, outcome.chinese) == ("StaleTokenError", "令牌无效")


@pytest.mark.parametrize("letter", ["审", '"', "\u202e"])
def test_floods_stay_a_table(letter: str) -> None:
    long = letter * 400
    reason = "".join(f"{n + 1}:{long}:<br>(1):{long}<br>" for n in range(50))
    flooded = (long,) * 10_000
    page = page_of(
        *(result(1, reason, flooded, index) for index in range(50)),
        *(
            failed(wxaudit.APIError(long, errcode=5, errmsg=long, rid=long), index, long)
            for index in range(100)
        ),
    )
    assert len(page.source.encode()) < 1_000_000
    assert "more · 另有" in page.text


def test_twenty_points_unfold_and_the_rest_is_told() -> None:
    page = page_of(result(1, "".join(f"{n + 1}:标题{n}:<br>(1):细节{n}<br>" for n in range(50))))
    assert "细节9" in page.texts
    assert "标题10" not in page.texts
    assert "80 more · 另有 80 条" in page.text


def test_states_without_end_do_not_make_the_header_grow() -> None:
    page = page_of(*(result(status, index=status) for status in range(300)))
    assert "276 other outcomes · 另有 276 种结果 276" in page.text
    assert len(page.source) < 200_000


def test_shows_no_token_of_any_query() -> None:
    class Source:
        def get_token(self, *, refresh: bool = False) -> str:  # noqa: ARG002  # what it is asked for
            return "canary-7f3a"

    with wxaudit.Client(base_url="http://127.0.0.1:9", max_retries=0, timeout=2) as client:
        batch = client.get_audit_statuses([("canary-7f3a", 5), (Source(), 6, "wx01"), ("canary-7f3a", "?")])
    assert len(batch) == 3
    assert "canary" not in Page(batch._repr_html_()).source
