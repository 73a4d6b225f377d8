"""A batch as an Excel workbook for people: texts and no formulas, times in a named zone, all or nothing."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest

import wxaudit
from secrecy.canary import TOKEN, find
from wxaudit import AuditBatch, AuditResult, AuditStatus
from wxaudit._frames import excel
from wxaudit._frames.columns import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 11, 24, 20, 30, 15, 999_999, tzinfo=timezone.utc)
LONG = 10**15 + 1
REASON = "1:=1+1:<br>(1):甲\x1b[31m<br>(2):乙<br>2:@SUM(A1):<br>"
BATCH = AuditBatch(
    [
        AuditResult(
            7, "=HYPERLINK(1)", AuditStatus(7, 1, REASON, ["-a", "b"], observed_at=MOMENT), None, 0, 1
        ),
        AuditResult(
            LONG,
            None,
            AuditStatus(LONG, 4, '=HYPERLINK("http://localhost/")', observed_at=MOMENT),
            None,
            1,
            1,
        ),
        AuditResult(8, "wx1", None, wxaudit.TokenError("no", errcode=40001, rid="6-abc"), 2, 2),
    ]
)


def sheet_of(file: Any) -> Any:
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    return sheet


def rows_of(file: Any) -> list[dict[str, Any]]:
    head, *rows = sheet_of(file).iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_people_can_read_it_and_nothing_runs(tmp_path: Path) -> None:
    path = tmp_path / "audits.xlsx"
    BATCH.to_excel(path)
    sheet = sheet_of(path)
    assert sheet.freeze_panes == "C2"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "inlineStr", "n", "d"}
    rejected, delayed, failed = rows_of(path)
    assert list(rejected) == [name.replace("_at", "_at (Beijing)") for name in COLUMNS]
    assert rejected["appid"] == "=HYPERLINK(1)"
    assert rejected["reasons"] == "1. =1+1: 甲\\x1b[31m, 乙; 2. @SUM(A1)"
    assert rejected["screenshots"] == "-a; b"
    assert rejected["observed_at (Beijing)"] == datetime(2026, 11, 25, 4, 30, 15)  # noqa: DTZ001  # as Excel has it
    assert (delayed["auditid"], delayed["reason"]) == (str(LONG), '=HYPERLINK("http://localhost/")')
    assert failed["error"] == f"TokenError: {BATCH.errors[0].message}"
    assert (failed["errcode"], failed["rid"], failed["state"]) == (40001, "6-abc", None)
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_zone_and_the_times_of_submission(tmp_path: Path) -> None:
    submitted = pd.Series([MOMENT, pd.NaT, MOMENT - timedelta(days=1)])
    BATCH.to_excel(
        tmp_path / "x.XLSX", submitted_at=submitted, time_zone=timezone(timedelta(hours=-3, minutes=-30))
    )
    rows = rows_of(tmp_path / "x.XLSX")
    assert list(rows[0])[:3] == ["appid", "auditid", "submitted_at (UTC-03:30)"]
    assert [row["submitted_at (UTC-03:30)"] for row in rows] == [
        datetime(2026, 11, 24, 17, 0, 15),  # noqa: DTZ001  # as Excel has it
        None,
        datetime(2026, 11, 23, 17, 0, 15),  # noqa: DTZ001  # as Excel has it
    ]


def test_a_file_is_replaced_when_the_new_one_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audits.xlsx"
    BATCH[:1].to_excel(str(path))
    BATCH.to_excel(path)
    before = path.read_bytes()
    assert len(rows_of(path)) == 3
    monkeypatch.setattr(excel.ExcelTable, "end", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        BATCH.to_excel(path)
    assert (path.read_bytes(), [file.name for file in tmp_path.iterdir()]) == (before, ["audits.xlsx"])
    with pytest.raises(FileNotFoundError):
        BATCH.to_excel(tmp_path / "missing" / "x.xlsx")


def test_an_open_file_and_an_empty_batch_will_do() -> None:
    file = io.BytesIO()
    AuditBatch().to_excel(file)
    assert sheet_of(file).max_row == 1


@pytest.mark.parametrize(
    ("path", "options", "problem"),
    [
        ("x.csv", {}, r"path must end in \.xlsx"),
        (None, {}, r"path must end in \.xlsx"),
        ("x.xlsx", {"time_zone": "Asia/Shanghai"}, "time_zone must be a tzinfo, got str"),
        ("x.xlsx", {"submitted_at": [MOMENT]}, "for each of the 3 results"),
    ],
)
def test_what_is_wrong_with_the_call(path: Any, options: Any, problem: str) -> None:
    with pytest.raises(wxaudit.ArgumentError, match=problem):
        BATCH.to_excel(path, **options)


def test_what_a_sheet_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "LARGEST", 2)
    with pytest.raises(wxaudit.ArgumentError, match=r"at most 2 rows, and the batch has 3; write batch\."):
        BATCH.to_excel("x.xlsx")


def test_without_openpyxl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"to_excel\(\) needs openpyxl.*install 'wxaudit\[notebook\]'"
    ):
        BATCH.to_excel("x.xlsx")


def test_no_token_is_in_the_file() -> None:
    file = io.BytesIO()
    with wxaudit.Client(base_url="http://127.0.0.1:9", max_retries=0, timeout=2) as client:
        client.get_audit_statuses([(TOKEN.text(), 5, "wx1"), (TOKEN.text(), "?")]).to_excel(file)
    with zipfile.ZipFile(file) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist()]
    assert any("TransportError" in text for text in texts)
    assert list(find(texts)) == []


def test_pandas_makes_a_table_of_a_batch_and_of_results() -> None:
    for frame in (pd.DataFrame(BATCH), pd.DataFrame(iter(BATCH)), pd.DataFrame(list(BATCH))):
        assert list(frame.columns) == list(COLUMNS)
        wanted = [{name: value or None for name, value in row.items()} for row in BATCH.to_records()]
        missing = frame.astype(object).where(frame.notna(), None)
        found: list[dict[Any, Any]] = missing.to_dict("records")
        assert [{name: value or None for name, value in row.items()} for row in found] == wanted
    assert pd.DataFrame(AuditBatch()).empty


def test_a_result_is_a_named_tuple_of_its_row() -> None:
    [row, *_] = BATCH.to_records()
    result = BATCH[0]
    assert dict(zip(result._fields, result, strict=True)) == row
    assert (len(result), result[1], result[-1], result[:2]) == (13, 7, 1, ("=HYPERLINK(1)", 7))
    with pytest.raises(IndexError):
        result[13]
    match result:
        case [_, _]:
            raise AssertionError("it has more values")
        case AuditResult(auditid, appid):
            assert (auditid, appid) == (7, "=HYPERLINK(1)")
        case _:
            raise AssertionError("it is a result")
    # Still one value where a result stands in a column.
    assert pd.Series(list(BATCH)).shape == (3,)
