"""The chart of a batch: the right numbers, few whatever the batch, texts of WeChat nowhere but in values."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from support.browser.html_page import HOSTILE, HOSTILE_SHOWN
from wxaudit import AuditBatch, AuditResult, AuditStatus
from wxaudit._display.plot import _INK
from wxaudit._errors.tree import api_error

if TYPE_CHECKING:
    import altair as alt

MOMENT = datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc)
BEIJING = timezone(timedelta(hours=8))
RED, BLUE, AMBER = "#cf222e", "#0969da", "#9a6700"


def batch_of(*outcomes: int | str | wxaudit.WxAuditError) -> AuditBatch:
    """A state, the reason of a rejection, or an error for each."""
    results = []
    for index, outcome in enumerate(outcomes):
        audit = error = None
        if isinstance(outcome, wxaudit.WxAuditError):
            error = outcome
        elif isinstance(outcome, str):
            audit = AuditStatus(5 + index, 1, outcome, observed_at=MOMENT)
        else:
            audit = AuditStatus(5 + index, outcome, observed_at=MOMENT)
        results.append(AuditResult(5 + index, f"wx{index}", audit, error, index, 1))
    return AuditBatch(results)


def ago(**time: float) -> datetime:
    return MOMENT - timedelta(**time)


class Drawn:
    """The specification of a chart, valid by the schema of Vega-Lite, panel by panel."""

    def __init__(self, chart: alt.VConcatChart) -> None:
        self.specification: dict[str, Any] = chart.to_dict(validate=True)
        self.panels: list[dict[str, Any]] = self.specification["vconcat"]

    def values(self, panel: int) -> list[dict[str, Any]]:
        data = self.panels[panel].get("data") or self.panels[panel]["layer"][0]["data"]
        values: list[dict[str, Any]] = data.get("values") or self.specification["datasets"][data["name"]]
        return values

    def bars(self, panel: int) -> dict[str, int]:
        return {value["name"]: value["count"] for value in self.values(panel)}

    def subtitle(self, panel: int) -> str:
        return "\n".join(self.panels[panel]["title"]["subtitle"])


def test_outcomes_are_counted_in_the_colours_of_the_badges() -> None:
    token = api_error(40001, "invalid credential", None)
    drawn = Drawn(
        batch_of(0, 0, 2, "1:标题:<br>", 7, token, wxaudit.RequestTimeout("too late"), token).plot()
    )
    assert drawn.bars(0) == {
        "approved · 审核成功": 2,
        "rejected · 审核被拒绝": 1,
        "under review · 审核中": 1,
        "unknown (7) · 未知状态（7）": 1,
        "RequestTimeout · 请求超时": 1,
        "TokenError · 令牌无效": 2,
    }
    assert list(drawn.bars(0))[-1] == "TokenError · 令牌无效"
    assert [value["colour"] for value in drawn.values(0)][1:3] == [RED, BLUE]
    assert drawn.subtitle(0) == "8 queries · 共 8 个查询"
    assert len(drawn.panels) == 2


def test_reasons_are_counted_once_an_audit_and_the_most_frequent_come_first() -> None:
    twice = "1:账号信息不符合规范:<br>(1):细节<br>2:服务类目不一致:<br>3:账号信息不符合规范:<br>"
    drawn = Drawn(batch_of(twice, "1:账号信息不符合规范:<br>", 1, 4, 0).plot())
    assert list(drawn.bars(1).items()) == [
        ("账号信息不符合规范", 2),
        ("(no reason given) · （未给出原因）", 1),
        ("服务类目不一致", 1),
    ]
    assert drawn.subtitle(1) == "3 rejected · 3 个被拒绝"


def test_ten_reasons_are_shown_and_the_number_of_all_is_told() -> None:
    drawn = Drawn(batch_of(*(f"标题{n}" for n in range(15)), "标题7").plot())
    assert len(drawn.values(1)) == 10
    assert next(iter(drawn.bars(1))) == "标题7"
    assert "the 10 most frequent of 15 reasons" in drawn.subtitle(1)
    assert "共 15 种原因" in drawn.subtitle(1)


def test_a_long_title_is_short_on_the_axis_and_whole_in_the_tooltip() -> None:
    title = "涉及未经用户同意收集个人信息，请如实声明" * 10
    drawn = Drawn(batch_of(f"1:{title}:<br>").plot())
    assert drawn.bars(1) == {title: 1}
    encoding = drawn.panels[1]["layer"][0]["encoding"]
    assert encoding["y"]["axis"]["labelLimit"] < 400
    assert {"field": "name", "title": "reason · 原因", "type": "nominal"} in encoding["tooltip"]


def test_ages_are_counted_by_hours_from_submission_to_observation() -> None:
    batch = batch_of(2, 2, 4, 0, 2, wxaudit.TransportError("refused"))
    drawn = Drawn(batch.plot([ago(minutes=30), ago(hours=5.5), ago(hours=5.2), ago(hours=9), None, None]))
    assert [(v["from"], v["to"], v["state"], v["count"]) for v in drawn.values(2)] == [
        (0, 1, "under review · 审核中", 1),
        (5, 6, "under review · 审核中", 1),
        (5, 6, "delayed · 审核延后", 1),
    ]
    assert drawn.panels[2]["layer"][0]["encoding"]["color"]["scale"] == {
        "domain": ["under review · 审核中", "delayed · 审核延后"],
        "range": [BLUE, AMBER],
    }
    assert drawn.subtitle(2) == (
        "4 pending, 1 without a time of submission · 4 个未出结果，1 个没有提交时间\n"
        "longest 5.5 hours · 最久 5.5 小时: 6 (wx1)"
    )


@pytest.mark.parametrize("days", [0.01, 1, 4, 20, 100, 700_000])
def test_any_age_fits_into_a_few_bins(days: float) -> None:
    batch = batch_of(*[2, 4] * 500)
    drawn = Drawn(batch.plot([ago(days=days * n / 1000) for n in range(1000)]))
    assert sum(value["count"] for value in drawn.values(2)) == 1000
    assert len(drawn.values(2)) <= 2 * 24
    assert ("days" in drawn.subtitle(2)) == (days >= 4)
    assert all(value["to"] > value["from"] >= 0 for value in drawn.values(2))


def test_ages_below_zero_are_shown_for_what_they_are() -> None:
    drawn = Drawn(batch_of(2).plot([MOMENT + timedelta(hours=8)]))
    assert drawn.values(2)[0]["from"] == -8
    assert drawn.panels[2]["layer"][0]["encoding"]["x"]["scale"]["domain"][0] == -8


AWARE = [ago(hours=3), None, ago(hours=1).astimezone(BEIJING)]


@pytest.mark.parametrize(
    "column",
    [
        AWARE,
        tuple(AWARE),
        iter(AWARE),
        pd.Series(AWARE, index=[7, 8, 9], dtype="datetime64[us, UTC]"),
        pd.Series(AWARE, dtype=object),
        pd.DatetimeIndex(AWARE[::2], tz="Asia/Shanghai").insert(1, pd.NaT),
        pl.Series(AWARE, dtype=pl.Datetime("us", "Asia/Shanghai")),
        pa.chunked_array([pa.array(AWARE, pa.timestamp("us", "UTC"))]),
        np.array(AWARE, dtype=object),
        [ago(hours=3), float("nan"), ago(hours=1)],
        [ago(hours=3), np.datetime64("NaT"), ago(hours=1)],
        [ago(hours=3), pd.NA, ago(hours=1)],
    ],
    ids=[
        *("list", "tuple", "iterator", "pandas", "pandas-objects", "pandas-index", "polars", "pyarrow"),
        *("numpy-objects", "nan", "numpy-nat", "pandas-na"),
    ],
)
def test_columns_of_any_library_say_when_audits_were_submitted(column: object) -> None:
    drawn = Drawn(batch_of(2, 2, 4).plot(column))
    assert [(value["from"], value["count"]) for value in drawn.values(2)] == [(1, 1), (3, 1)]
    assert "1 without a time" in drawn.subtitle(2)


NAIVE = datetime(2026, 11, 24)  # noqa: DTZ001  # the point of these tests


@pytest.mark.parametrize(
    "column",
    [
        [NAIVE, None],
        pd.Series([NAIVE, NAIVE]),
        pl.Series([NAIVE, NAIVE]),
        np.array(["2026-11-24", "2026-11-24"], dtype="datetime64[s]"),
    ],
    ids=["list", "pandas", "polars", "numpy"],
)
def test_times_without_a_zone_are_refused(column: object) -> None:
    with pytest.raises(wxaudit.ArgumentError, match="at position 0, which names no time zone; give it one"):
        batch_of(2, 2).plot(column)


@pytest.mark.parametrize("column", [[], [None], [None] * 3])
def test_a_column_of_another_length_is_refused(column: list[None]) -> None:
    with pytest.raises(
        wxaudit.ArgumentError, match=f"each of the 2 results, in their order, got {len(column)}$"
    ):
        batch_of(2, 2).plot(column)


@pytest.mark.parametrize("column", [5, MOMENT, "today", [5, None], ["2026-11-24T00:00:00Z", None]])
def test_what_is_not_a_column_of_times_is_refused(column: object) -> None:
    with pytest.raises(wxaudit.ArgumentError, match="submitted_at must hold") as caught:
        batch_of(2, 2).plot(column)
    # A text may be a token.
    assert not any(text in str(caught.value) for text in ("today", "2026-11-24T"))


@pytest.mark.parametrize(
    ("batch", "notes"),
    [
        (batch_of(), ["no results · 没有查询结果", "no rejections · 没有被拒绝的审核单"]),
        (batch_of(0), [None, "no rejections · 没有被拒绝的审核单"]),
        (batch_of(wxaudit.TransportError("refused")), [None, "no rejections · 没有被拒绝的审核单"]),
    ],
    ids=["empty", "approved", "failed"],
)
def test_a_panel_without_bars_says_so(batch: AuditBatch, notes: list[str | None]) -> None:
    drawn = Drawn(batch.plot([None] * len(batch)))
    for panel, note in enumerate([*notes, "nothing pending · 没有未出结果的审核单"]):
        assert (drawn.values(panel) == [{"note": note}]) == (note is not None)
        assert ("y" in drawn.panels[panel]["layer"][0]["encoding"]) == (note is None)


def test_pending_audits_without_any_time_say_so() -> None:
    assert "都没有提交时间" in Drawn(batch_of(2).plot([None])).values(2)[0]["note"]


def test_texts_of_wechat_are_values_and_visible() -> None:
    hostile = AuditStatus(5, 1, f"1:{HOSTILE}:<br>", appid=HOSTILE, observed_at=MOMENT)
    pending = AuditStatus(6, 2, appid=HOSTILE[:30], observed_at=MOMENT)
    batch = AuditBatch(
        [
            AuditResult(5, HOSTILE, hostile, None, 0, 1),
            AuditResult(6, HOSTILE, pending, None, 1, 1),
            AuditResult(7, HOSTILE, None, wxaudit.APIError(HOSTILE, errmsg=HOSTILE, rid=HOSTILE), 2, 1),
        ]
    )
    drawn = Drawn(batch.plot([None, ago(hours=1), None]))
    assert drawn.bars(1) == {HOSTILE_SHOWN: 1}
    text = json.dumps(drawn.specification, ensure_ascii=False)
    assert text.count(json.dumps(HOSTILE_SHOWN)[1:-1]) == 1
    # The only expression is our own.
    text = text.replace(json.dumps({"expr": _INK}), "")
    for part in ("\x1b", "\\u001b", "\u202e", '"expr"', '"href"', '"url"', '"labelExpr"', '"signal"'):
        assert part not in text


@pytest.mark.parametrize(
    "title", ["datum.count", "{'expr': '1'}", "a.b[0]", "https://example.com/", "__proto__"]
)
def test_a_title_is_neither_an_expression_nor_a_field(title: str) -> None:
    drawn = Drawn(batch_of(title).plot())
    assert drawn.bars(1) == {title: 1}
    assert json.dumps(drawn.specification).count(json.dumps(title)) == 1


def test_a_chart_of_many_audits_is_as_small_as_one_of_few() -> None:
    batch = batch_of(*range(200), *(f"{n}:" + "很长的原因" * 500 for n in range(5_000)))
    chart = batch.plot([ago(minutes=n) for n in range(len(batch))])
    assert len(json.dumps(chart.to_dict(), ensure_ascii=False)) < 30_000


def test_chinese_has_fonts_on_every_system() -> None:
    font = Drawn(batch_of(0).plot()).specification["config"]["font"]
    for name in ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei"):
        assert name in font
    assert font.endswith(", sans-serif")


def test_needs_no_pandas_and_loads_altair_only_to_draw() -> None:
    program = """
import sys
sys.modules["pandas"] = None
import wxaudit
assert "altair" not in sys.modules
audit = wxaudit.AuditStatus(5, 1, "1:标题:<br>")
wxaudit.AuditBatch([wxaudit.AuditResult(5, None, audit)]).plot().to_dict()
assert "altair" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


def test_without_altair_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match=r"pip install 'wxaudit\[notebook\]'"):
        batch_of(0).plot()
