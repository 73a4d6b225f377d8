"""Notebooks in a real JupyterLab without a network: tables and charts show, and no text of theirs runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from jupyter_lab import JupyterLab, execute, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

TABLE = f"""\
import html
import pandas as pd

class Table:
    def _repr_html_(self):
        rows = [("1234567", "审核被拒绝"), ("1234568", {HOSTILE!r})]
        cells = ("".join(f"<td>{{html.escape(text)}}</td>" for text in row) for row in rows)
        return "<table class='audits'>" + "".join(f"<tr>{{row}}</tr>" for row in cells) + "</table>"

Table()
"""
FRAME = f"""\
pd.DataFrame({{"auditid": [1, 2, 3], "reason": ["审核中", {HOSTILE!r}, None]}})
"""
CHART = """\
import altair as alt
from IPython.display import display

data = pd.DataFrame({"状态": ["审核成功", "审核被拒绝", "审核中"], "数量": [5, 3, 2]})
chart = alt.Chart(data, title="审核状态").mark_bar().encode(x="数量:Q", y="状态:N", color="状态:N")
specification = chart.to_dict() | {"$schema": "https://vega.github.io/schema/vega-lite/v5.json"}
display({"application/vnd.vegalite.v5+json": specification, "text/plain": "chart"}, raw=True)
"""
RAW = f"""\
from IPython.display import HTML
HTML({HOSTILE!r})
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    directory = tmp_path_factory.mktemp("notebooks")
    state = tmp_path_factory.mktemp("jupyter")
    execute(write(directory / "shown.ipynb", [TABLE, FRAME, CHART]), state)
    execute(write(directory / "raw.ipynb", [RAW]), state)
    write(directory / "run.ipynb", [TABLE, FRAME, CHART])
    with JupyterLab(directory, state) as lab:
        yield lab


def check_shown(page: Page) -> None:
    """Both tables have their rows, the chart is drawn, and no text became script."""
    audits = page.locator("table.audits")
    audits.wait_for()
    assert audits.locator("tr").count() == 2
    assert HOSTILE in audits.inner_text()
    frame = page.locator("table.dataframe")
    assert frame.locator("tbody tr").count() == 3
    assert frame.locator("img, script").count() == 0
    canvas = page.locator(".jp-OutputArea-output canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] > 200
    assert box["height"] > 50
    assert page.evaluate("window.hacked") is None


def test_a_saved_notebook_shows_tables_and_charts_without_being_run(lab: JupyterLab) -> None:
    page = lab.open("shown.ipynb")
    check_shown(page)
    lab.picture(page, "saved-notebook")
    page.close()
    assert lab.outside_requests == []
    assert lab.dialogs == []


def test_a_notebook_run_in_the_browser_shows_the_same(lab: JupyterLab) -> None:
    page = lab.open("run.ipynb")
    lab.run_all(page)
    check_shown(page)
    lab.picture(page, "notebook-run")
    page.close()
    assert lab.outside_requests == []
    assert lab.dialogs == []


def test_raw_html_runs_in_a_trusted_notebook_only(lab: JupyterLab) -> None:
    """Jupyter's own rule, and the proof that `window.hacked` would tell."""
    page = lab.open("raw.ipynb")
    page.locator(".jp-RenderedHTMLCommon img").wait_for(state="attached")
    assert page.locator(".jp-RenderedHTMLCommon script, [onerror]").count() == 0
    assert page.evaluate("window.hacked") is None
    lab.run_all(page)
    page.wait_for_function("window.hacked === 1")
    page.close()


def test_a_notebook_saved_in_the_browser_keeps_its_outputs(lab: JupyterLab) -> None:
    page = lab.open("run.ipynb")
    lab.run_all(page)
    lab.save(page)
    page.close()
    saved = nbformat.read(lab.directory / "run.ipynb", as_version=4)
    assert [output.output_type for cell in saved.cells for output in cell.outputs] == [
        "execute_result",
        "execute_result",
        "display_data",
    ]
