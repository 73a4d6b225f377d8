"""How the chart of a batch shows itself: without a network where it can, and as the user has it otherwise."""

from __future__ import annotations

import copy
import io
import json
import pickle
import sys
import types
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import altair as alt
import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter

from support.browser.html_page import HOSTILE, HOSTILE_SHOWN
from wxaudit import AuditBatch, AuditResult, AuditStatus

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT = datetime(2026, 11, 24, 12, 30, 15, tzinfo=timezone.utc)
DRAWN = "application/vnd.vegalite.v5+json"


@pytest.fixture
def chart() -> alt.VConcatChart:
    audits = [
        AuditStatus(5, 0, observed_at=MOMENT),
        AuditStatus(6, 1, f"1:{HOSTILE}:<br>", observed_at=MOMENT),
        AuditStatus(7, 2, observed_at=MOMENT),
    ]
    batch = AuditBatch(AuditResult(audit.auditid, "wx1", audit) for audit in audits)
    return batch.plot([None, None, MOMENT - timedelta(hours=2)])


def shown(chart: alt.VConcatChart) -> tuple[dict[str, Any], dict[str, Any]]:
    """What IPython makes of it: data and metadata by MIME type."""
    formatter: Any = DisplayFormatter()
    data, metadata = formatter.format(chart)
    return dict(data), dict(metadata)


def test_what_jupyter_draws_itself_stands_alone(chart: alt.VConcatChart) -> None:
    """HTML beside it would be preferred by JupyterLab, and that needs a CDN."""
    data, metadata = shown(chart)
    assert set(data) == {DRAWN, "text/plain", "image/svg+xml"}
    assert metadata == {}
    specification = chart.to_dict()
    assert data[DRAWN] == specification | {"$schema": "https://vega.github.io/schema/vega-lite/v5.json"}
    assert "jsdelivr" not in json.dumps(data)


def test_the_text_says_what_the_chart_does(chart: alt.VConcatChart) -> None:
    assert shown(chart)[0]["text/plain"].splitlines() == [
        "chart · 图表",
        "Outcomes · 查询结果: 3 queries · 共 3 个查询",
        "        1  approved · 审核成功",
        "        1  rejected · 审核被拒绝",
        "        1  under review · 审核中",
        "Reasons for rejection · 拒绝原因: 1 rejected · 1 个被拒绝",
        f"        1  {HOSTILE_SHOWN}",
        (
            "Age of what is pending · 未出结果的审核单已等待时间: 1 pending · 1 个未出结果; "
            "longest 2.0 hours · 最久 2.0 小时: 7 (wx1)"
        ),
    ]


def test_a_notebook_holds_it(chart: alt.VConcatChart) -> None:
    data, metadata = shown(chart)
    cell = nbformat.v4.new_code_cell(
        "", outputs=[nbformat.v4.new_output("execute_result", data, metadata=metadata)]
    )
    written = nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))
    read = nbformat.reads(written, as_version=4)
    nbformat.validate(read)
    assert read.cells[0].outputs[0].data[DRAWN] == data[DRAWN]


@pytest.mark.parametrize(
    "changed",
    [
        copy.copy,
        copy.deepcopy,
        lambda chart: pickle.loads(pickle.dumps(chart)),
        lambda chart: chart.copy(),
        lambda chart: chart.properties(title="week 48"),
        lambda chart: chart.configure_axis(labelFontSize=20),
        lambda chart: chart.resolve_scale(x="shared"),
        lambda chart: chart & alt.Chart(alt.InlineData(values=[{"n": 1}])).mark_bar().encode(x="n:Q"),
    ],
    ids=["copy", "deepcopy", "pickle", "altair-copy", "title", "configured", "resolved", "more"],
)
def test_copies_and_changed_ones_show_themselves_too(
    chart: alt.VConcatChart, changed: Callable[[alt.VConcatChart], alt.VConcatChart]
) -> None:
    data, _ = shown(changed(chart))
    assert set(data) == {DRAWN, "text/plain", "image/svg+xml"}
    assert data["text/plain"].startswith("chart · 图表\nOutcomes · 查询结果")


def test_the_picture_says_what_the_chart_does(chart: alt.VConcatChart) -> None:
    """For nbconvert: an XML file of its own, in which a control character would be an error."""
    picture = shown(chart)[0]["image/svg+xml"]
    tree = ElementTree.fromstring(picture)  # noqa: S314  # made here
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert tags == {"svg", "rect", "text"}
    texts = ["".join(element.itertext()) for element in tree.iter() if element.tag.endswith("text")]
    assert texts[0] == "Outcomes · 查询结果"
    assert texts[2:8] == [
        "approved · 审核成功",
        "1",
        "rejected · 审核被拒绝",
        "1",
        "under review · 审核中",
        "1",
    ]
    [title] = [text for text in texts if text.startswith("<script>")]
    assert HOSTILE_SHOWN.startswith(title.removesuffix("…"))
    assert "2 – 3 hours · 小时" in texts
    assert texts.count("■") == 2
    assert "http" not in picture.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "url(" not in picture
    assert "style" not in picture
    # Nothing is outside of it.
    width, height = int(tree.get("width", 0)), int(tree.get("height", 0))
    for bar in tree.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(bar.get("x", 0)) + float(bar.get("width", 0)) <= width
        assert float(bar.get("y", 0)) <= height


def test_without_bars_the_picture_has_the_notes() -> None:
    picture = shown(AuditBatch().plot())[0]["image/svg+xml"]
    assert "no results · 没有查询结果" in picture


@pytest.mark.parametrize("values", [[{"count": "{y}", "name": 5}], [{"count": None}], [5], [{"note": None}]])
def test_a_chart_whose_values_were_changed_shows_itself(chart: alt.VConcatChart, values: Any) -> None:
    chart.vconcat[0].data = alt.InlineData(values=values)
    assert "text/plain" in shown(chart)[0]


@pytest.mark.parametrize("renderer", ["html", "mimetype", "json"])
def test_a_renderer_that_is_enabled_has_its_way(chart: alt.VConcatChart, renderer: str) -> None:
    with alt.renderers.enable(renderer):
        data, _ = shown(chart)
        plain, _ = shown(alt.VConcatChart.from_dict(chart.to_dict()))
    assert set(data) == set(plain)
    assert DRAWN not in data


def test_options_of_the_default_renderer_are_kept(chart: alt.VConcatChart) -> None:
    with alt.renderers.set_embed_options(actions=False):
        assert shown(chart)[1] == {DRAWN: {"embed_options": {"actions": False}}}


@pytest.mark.parametrize(
    "name", ["COLAB_RELEASE_TAG", "DATABRICKS_RUNTIME_VERSION", "KAGGLE_KERNEL_RUN_TYPE"]
)
def test_services_that_draw_nothing_get_html(
    chart: alt.VConcatChart, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    assert set(shown(chart)[0]) == {"text/html", "text/plain"}


def test_colab_is_known_by_its_module_too(chart: alt.VConcatChart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert set(shown(chart)[0]) == {"text/html", "text/plain"}


def test_a_change_that_altair_refuses_is_told_in_its_way(
    chart: alt.VConcatChart, capsys: pytest.CaptureFixture[str]
) -> None:
    chart.spacing = "wide"
    assert set(shown(chart)[0]) == {"text/plain"}
    assert "'wide' is an invalid value for `spacing`" in "".join(capsys.readouterr())


def test_it_is_an_altair_chart_in_all_else(chart: alt.VConcatChart) -> None:
    assert isinstance(chart, alt.VConcatChart)
    page = io.StringIO()
    chart.save(page, format="html")
    assert "vegaEmbed" in page.getvalue()
    assert alt.VConcatChart.from_json(chart.to_json()).to_dict() == chart.to_dict()
