"""The example notebook, run without a browser and shown in JupyterLab.

Its numbers and its files are right, all of it shows without a network, no text runs, no token is anywhere.
"""

from __future__ import annotations

import re
import runpy
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import nbformat
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from nbconvert import HTMLExporter

import wxaudit
from support.browser.chromium import Chromium
from support.browser.example_notebook import ExampleNotebook
from support.browser.html_page import Page
from support.browser.jupyter_lab import JupyterLab, execute, write
from support.browser.notebook_file import EXAMPLES, committed_form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page as BrowserPage

HOSTILE_TITLE = '页面含有脚本 <img src=x onerror="window.hacked=1">'
# Of the chart: its corner, which is its background, and its darkest point. Bars have colours.
PIXEL = "it => Array.from(it.getContext('2d').getImageData(2, 2, 1, 1).data.slice(0, 3))"
DARKEST = """it => {
    const data = it.getContext('2d').getImageData(0, 0, it.width, it.height).data;
    let darkest = 255;
    for (let at = 0; at < data.length; at += 4)
        darkest = Math.min(darkest, Math.max(data[at], data[at + 1], data[at + 2]));
    return darkest;
}"""
RAW = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture(scope="module")
def notebook(state: Path, tmp_path_factory: pytest.TempPathFactory) -> ExampleNotebook:
    """Run from top to bottom."""
    notebook = ExampleNotebook(tmp_path_factory.mktemp("notebooks"), state / "tokens.json")
    execute(notebook.path, state)
    return notebook


@pytest.fixture(scope="module")
def lab(notebook: ExampleNotebook, state: Path) -> Iterator[JupyterLab]:
    with JupyterLab(notebook.path.parent, state) as lab:
        yield lab


WIDGET = "application/vnd.jupyter.widget-view+json"


def frame(notebook: ExampleNotebook, cell_id: str) -> list[list[str]]:
    """The rows of a frame as a notebook shows it, heads included."""
    source = notebook.shown(cell_id)["text/html"]
    Page(source[source.index("<table") : source.index("</table>") + len("</table>")])
    rows = source.split("<tr")[1:]
    return [[Page(f"<{cell}").text for cell in re.findall(r"<(t[hd].*?</t[hd]>)", row, re.S)] for row in rows]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == committed_form(text), (
        "bring it into this form: python tests/support/browser/notebook_file.py"
    )


def test_every_cell_ran_and_none_complained(notebook: ExampleNotebook) -> None:
    cells = notebook.code_cells
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            bar = cell.id == "batch" and output.output_type == "display_data"
            assert bar or output.output_type in ("stream", "execute_result")
            assert output.get("name") != "stderr"
            if bar:
                assert set(output.data) == {"text/plain", WIDGET}
                assert re.fullmatch(r" *\d+%\|[^|]*\| \d+/2000 \[.*audit/s\]", output.data["text/plain"])


def test_the_same_2000_audits_every_morning(notebook: ExampleNotebook) -> None:
    fake, submitted = runpy.run_path(str(EXAMPLES / "morning.py"))["morning"]()
    with fake.client() as client:
        batch = client.get_audit_statuses(wxaudit.queries_from_frame(submitted, fake.token_source))
    fake.stop()
    assert len(batch) == sum(batch.counts().values()) == 2000
    assert submitted["appid"].nunique() == 300
    counts = ", ".join(f"{count} {name}" for name, count in batch.counts().items())
    assert notebook.shown("batch")["text/plain"] == f"<AuditBatch of 2000: {counts}>"
    assert {type(error).__name__ for error in batch.errors} == {
        "ArgumentError",
        "AuditNotFoundError",
        "AuthorizationLostError",
        "MinuteQuotaError",
    }


def test_what_is_stuck_comes_first(notebook: ExampleNotebook) -> None:
    head, *rows = frame(notebook, "pending")
    assert head == ["", "appid", "auditid", "label", "waiting", "reason"]
    waiting = [pd.Timedelta(row[4]) for row in rows]
    assert waiting == sorted(waiting, reverse=True)
    assert waiting[0] > pd.Timedelta(days=5)


def test_reasons_for_rejection_are_counted(notebook: ExampleNotebook) -> None:
    _, _, *rows = frame(notebook, "titles")
    counts = [int(row[1]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    [rejected] = re.findall(r"(\d+) REJECTED", notebook.shown("batch")["text/plain"])
    assert sum(counts) > int(rejected) > counts[0]
    assert HOSTILE_TITLE in [row[0] for row in rows]
    assert len(frame(notebook, "details")) == 2 + 8


def test_one_rejection_names_its_pictures(notebook: ExampleNotebook) -> None:
    source = notebook.shown("rejection")["text/html"]
    assert len(re.findall(r"<code>[\w-]{64}</code>", source)) >= 2
    assert source.count('<li lang="zh-Hans">') >= 2


def test_errors_say_what_to_do_in_both_languages(notebook: ExampleNotebook) -> None:
    _, *rows = frame(notebook, "errors")
    assert [row[1:3] for row in rows] == [
        ["ArgumentError", ""],
        ["AuditNotFoundError", "85012"],
        ["AuthorizationLostError", "61003"],
        ["MinuteQuotaError", "45011"],
    ]
    assert all(row[3] and re.search("[一-鿿]", row[4]) for row in rows)
    assert [row[6] for row in rows] == ["1", "1", "3", "1"]


def test_in_the_end_nothing_is_pending(notebook: ExampleNotebook) -> None:
    printed = "".join(output.get("text", "") for output in notebook.outputs("decisions"))
    asked = [int(count) for count in re.findall(r"asked 查询 +(\d+)", printed)]
    assert asked == sorted(asked, reverse=True)
    _, *rows = frame(notebook, "decisions")
    before, after = ({row[0]: int(row[column]) for row in rows} for column in (1, 2))
    assert sum(before.values()) == sum(after.values()) == 2000
    assert before["IN_REVIEW"] + before["DELAYED"] == asked[0]
    assert after["IN_REVIEW"] == after["DELAYED"] == 0


def test_parquet_keeps_the_lists(notebook: ExampleNotebook) -> None:
    assert notebook.shown("parquet")["text/plain"] == "True"
    table = pq.read_table(notebook.exports / "audits.parquet")
    assert table.num_rows == 2000
    assert table["reasons"][4].as_py() == [
        {"title": HOSTILE_TITLE, "details": ["\x1b[31m<script>alert()</script>\x1b[0m"]}
    ]


def test_excel_gets_texts_and_no_formulas(notebook: ExampleNotebook) -> None:
    book = openpyxl.load_workbook(notebook.exports / "audits.xlsx")
    head, *rows = book.active.iter_rows()
    assert len(rows) == 2000
    columns = {cell.value: cell.column - 1 for cell in head}
    assert {cell.data_type for row in rows for cell in row} == {"s", "inlineStr", "n", "d"}
    assert list(columns)[:3] == ["appid", "auditid", "submitted_at (Beijing)"]
    reasons: list[Any] = [rows[position][columns["reason"]].value for position in (4, 7)]
    assert reasons == [
        f"1:{HOSTILE_TITLE}:<br>(1):\\x1b[31m<script>alert()</script>\\x1b[0m",
        '=HYPERLINK("http://localhost/","点此查看原因")',
    ]
    with zipfile.ZipFile(notebook.exports / "audits.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_no_token_is_in_the_notebook_or_its_files(notebook: ExampleNotebook) -> None:
    assert len(notebook.tokens()) > 300
    assert list(notebook.leaks(["…" + min(notebook.tokens())[5:30]])) != []
    texts = [notebook.path.read_text("utf-8")]
    with zipfile.ZipFile(notebook.exports / "audits.xlsx") as archive:
        texts += [archive.read(name).decode() for name in archive.namelist()]
    # The values, since pages are compressed; and the file, for what stands beside them.
    parquet = notebook.exports / "audits.parquet"
    texts += [str(pq.read_table(parquet).to_pylist()), parquet.read_bytes().decode("latin-1")]
    assert list(notebook.leaks(texts)) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_export_shows_everything_too(notebook: ExampleNotebook, theme: str) -> None:
    """To HTML by nbconvert, which cannot draw Vega-Lite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exporter: Any = HTMLExporter  # without types
        html, _ = exporter(theme=theme).from_filename(str(notebook.path))
    path = notebook.exports / f"{theme}.html"
    path.write_text(html, "utf-8")
    with Chromium() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        chart = page.locator('img[src^="data:image/svg+xml;base64,"]')
        assert chart.evaluate("it => it.decode().then(() => it.naturalWidth)") == 800
        assert page.locator(".wxaudit-batch tbody tr").count() == 20
        assert page.locator(".wxaudit-status img").count() >= 2
        assert page.evaluate("window.hacked") is None
        for name, part in {"batch": ".wxaudit-batch", "rejection": ".wxaudit-status"}.items():
            browser.picture(page.locator(part), f"export-{theme}-{name}")
        browser.picture(chart, f"export-{theme}-chart")
    assert list(notebook.leaks([html])) == []


def check_shown(lab: JupyterLab, page: BrowserPage) -> None:
    """Tables have their rows, the chart is drawn, no text runs, and nobody was asked for anything."""
    batch = page.locator(".wxaudit-batch")
    batch.wait_for()
    assert batch.locator("tbody tr").count() == 20
    assert "1980 more" in batch.inner_text()
    assert '<img src=x onerror="window.hacked=1">' in batch.inner_text()
    assert page.locator("table.dataframe").count() == 7
    # The pictures of one rejection, and nothing else that loads or runs.
    pictures = page.locator('.jp-OutputArea-output img[src^="data:image/png;base64,"]')
    assert pictures.count() >= 2
    assert all(picture.evaluate("it => it.naturalWidth") == 180 for picture in pictures.all())
    active = page.locator('.jp-OutputArea-output :is(img:not([src^="data:"]), script, [onerror])')
    assert active.count() == 0
    canvas = page.locator(".jp-RenderedVegaLite canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] > 600
    assert box["height"] > 600
    assert canvas.evaluate(PIXEL) == ([255] * 3 if lab.theme_is_light(page) else [51] * 3)
    assert page.evaluate("window.hacked") is None
    assert lab.outside_requests == []
    assert lab.dialogs == []
    assert [complaint for complaint in lab.complaints if "vega" in complaint.lower()] == []


def test_a_saved_notebook_shows_everything_without_being_trusted(
    lab: JupyterLab, notebook: ExampleNotebook
) -> None:
    page = lab.open(notebook.path.name)
    check_shown(lab, page)
    assert not lab.is_trusted(page)
    cells = [cell for cell in page.locator(".jp-CodeCell").all() if cell.locator("table, canvas").count()]
    for number, cell in enumerate(cells, 1):
        lab.picture(cell, f"notebook-{number}")
    page.close()


def test_a_saved_notebook_follows_the_dark_theme(lab: JupyterLab, notebook: ExampleNotebook) -> None:
    page = lab.open(notebook.path.name)
    lab.set_theme(page, "JupyterLab Dark")
    page.close()
    page = lab.open(notebook.path.name)
    assert not lab.theme_is_light(page)
    check_shown(lab, page)
    assert page.locator(".jp-RenderedVegaLite canvas").evaluate(DARKEST) >= 0x33
    cells = [cell for cell in page.locator(".jp-CodeCell").all() if cell.locator("table, canvas").count()]
    for number, cell in enumerate(cells, 1):
        lab.picture(cell, f"notebook-dark-{number}")
    lab.set_theme(page, "JupyterLab Light")
    page.close()


def test_a_notebook_run_in_the_browser_shows_and_saves_the_same(lab: JupyterLab, tmp_path: Path) -> None:
    notebook = ExampleNotebook(lab.directory, tmp_path / "tokens.json", "run.ipynb")
    page = lab.open(notebook.path.name)
    lab.run_all(page)
    assert lab.is_trusted(page)
    check_shown(lab, page)
    # The bar is a widget. In a notebook that is not trusted its text is shown.
    assert "2000/2000" in page.locator(".jp-OutputArea-output .jupyter-widgets").first.inner_text()
    lab.picture(
        page.locator(".jp-OutputArea").filter(has=page.locator(".jupyter-widgets")).first, "notebook-bar"
    )
    lab.save(page)
    page.close()
    nbformat.validate(nbformat.read(notebook.path, as_version=4))
    assert all(cell.outputs for cell in notebook.code_cells)
    assert list(notebook.leaks([notebook.path.read_text("utf-8")])) == []


def test_raw_html_runs_in_a_trusted_notebook_only(lab: JupyterLab) -> None:
    """Jupyter's own rule, and the proof that `window.hacked` would tell."""
    path = write(lab.directory / "raw.ipynb", [f"from IPython.display import HTML\nHTML({RAW!r})"])
    raw = nbformat.read(path, as_version=4)
    raw.cells[0].outputs = [nbformat.v4.new_output("display_data", {"text/html": RAW})]
    nbformat.write(raw, path)
    page = lab.open(path.name)
    page.locator(".jp-RenderedHTMLCommon img").wait_for(state="attached")
    assert page.locator(".jp-RenderedHTMLCommon script, [onerror]").count() == 0
    assert page.evaluate("window.hacked") is None
    lab.run_all(page)
    page.wait_for_function("window.hacked === 1")
    page.close()
