"""A batch as a table of other libraries: the same rows, and types that do not depend on them."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import arro3.core
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wxaudit
from support.programs import environment
from wxaudit import AuditBatch, AuditResult, AuditStatus
from wxaudit._frames.columns import COLUMNS
from wxaudit._frames.writer import arrow_table
from wxaudit._optional import import_optional

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Microseconds that a float of seconds would not keep.
MOMENT = datetime(2026, 11, 24, 12, 30, 15, 123457, tzinfo=timezone(timedelta(hours=8)))
LATER = datetime(2262, 4, 12, 23, 47, 16, 854776, tzinfo=timezone.utc)  # too late for nanoseconds

# Beyond 2 to the 53rd, where a float no longer tells them apart.
LARGEST = 2**63 - 1

# It finds tables by the names of its caller's variables.
sql: Any = duckdb.sql

REASON = (
    "1:账号信息不符合规范:<br>(1):包含色情因素\x00\x1b[31m<br>(2):第二点<br>2:服务类目与“小程序”不符:<br>"
)

ANSWERED = [
    AuditResult(
        LARGEST,
        "wx5b97b03f7e2c4d18",
        AuditStatus(LARGEST, 1, REASON, ["media-甲", "媒体"], observed_at=MOMENT),
        None,
        0,
        1,
    ),
    AuditResult(LARGEST - 1, None, AuditStatus(LARGEST - 1, 0, observed_at=LATER), None, 1, 3),
    AuditResult(7, "标签 😀", AuditStatus(7, 77, "", [], observed_at=MOMENT), None, 2, 1),
]
FAILED = [
    AuditResult(8, "wx1", None, wxaudit.TokenError("令牌\x00无效", errcode=40001, rid="6-abc"), 3, 2),
    AuditResult(None, None, None, wxaudit.ArgumentError("auditid: is missing (NaN)"), 4),
]
BATCHES = {
    "mixed": AuditBatch([*ANSWERED, *FAILED]),
    "answered": AuditBatch(ANSWERED),
    "failed": AuditBatch(FAILED),
    "empty": AuditBatch(),
    "a slice": AuditBatch([*ANSWERED, *FAILED])[1:4],
}
MIXED = BATCHES["mixed"]


def rows_of_pandas(batch: AuditBatch) -> list[dict[str, Any]]:
    rows = batch.to_pandas().astype(object).to_dict("records")
    return [{name: none_of_pandas(value) for name, value in row.items()} for row in rows]


def none_of_pandas(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT:
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def rows_of_duckdb(batch: AuditBatch) -> list[dict[str, Any]]:  # noqa: ARG001  # DuckDB finds it by its name
    found = sql("SELECT * FROM batch")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def rows_of_arro3(batch: AuditBatch) -> list[dict[str, Any]]:
    table = arro3.core.Table(batch)
    columns = [[value.as_py() for value in column] for column in table.columns]  # type: ignore[attr-defined]  # a pyarrow.Table
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


ROWS: dict[str, Callable[[AuditBatch], list[dict[str, Any]]]] = {
    "to_pandas": rows_of_pandas,
    "to_polars": lambda batch: batch.to_polars().to_dicts(),
    "pyarrow": lambda batch: pa.table(batch).to_pylist(),
    "duckdb": rows_of_duckdb,
    "arro3": rows_of_arro3,
    "polars by Arrow": lambda batch: pl.DataFrame(arrow_table(batch)).to_dicts(),
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_every_library_has_the_rows_of_the_batch(
    rows: Callable[[AuditBatch], list[dict[str, Any]]], batch: AuditBatch
) -> None:
    found = rows(batch)
    assert found == batch.to_records()
    assert [list(row) for row in found] == [list(COLUMNS)] * len(batch)


PANDAS = {
    "text": "string",
    "number": "Int64",
    "time": "datetime64[us, UTC]",
    "reasons": "object",
    "texts": "object",
}
REASON_IN_POLARS = pl.Struct({"title": pl.String, "details": pl.List(pl.String)})
POLARS = {
    "text": pl.String(),
    "number": pl.Int64(),
    "time": pl.Datetime("us", "UTC"),
    "reasons": pl.List(REASON_IN_POLARS),
    "texts": pl.List(pl.String),
}
REASON_IN_ARROW = pa.struct([("title", pa.utf8()), ("details", pa.list_(pa.utf8()))])
ARROW = {
    "text": pa.utf8(),
    "number": pa.int64(),
    "time": pa.timestamp("us", "UTC"),
    "reasons": pa.list_(REASON_IN_ARROW),
    "texts": pa.list_(pa.utf8()),
}
DUCKDB = {
    "text": "VARCHAR",
    "number": "BIGINT",
    "time": "TIMESTAMP WITH TIME ZONE",
    "reasons": "STRUCT(title VARCHAR, details VARCHAR[])[]",
    "texts": "VARCHAR[]",
}
KINDS = {
    **dict.fromkeys(COLUMNS, "text"),
    **dict.fromkeys(("auditid", "status", "errcode", "attempts"), "number"),
    "observed_at": "time",
    "reasons": "reasons",
    "screenshots": "texts",
}


def types_of_duckdb(batch: AuditBatch) -> dict[str, str]:  # noqa: ARG001  # DuckDB finds it by its name
    found = sql("SELECT * FROM batch")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def types_of_arrow(batch: AuditBatch) -> dict[str, Any]:
    schema = pa.table(batch).schema
    assert all(field.nullable for field in schema)
    return dict(zip(schema.names, schema.types, strict=True))


TYPES: dict[str, tuple[Callable[[AuditBatch], dict[str, Any]], dict[str, Any]]] = {
    "to_pandas": (lambda batch: batch.to_pandas().dtypes.astype(str).to_dict(), PANDAS),
    "to_polars": (lambda batch: dict(batch.to_polars().schema), POLARS),
    "pyarrow": (types_of_arrow, ARROW),
    "duckdb": (types_of_duckdb, DUCKDB),
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize(("types", "expected"), TYPES.values(), ids=TYPES)
def test_types_do_not_depend_on_the_rows(
    types: Callable[[AuditBatch], dict[str, Any]], expected: dict[str, Any], batch: AuditBatch
) -> None:
    assert types(batch) == {name: expected[KINDS[name]] for name in COLUMNS}


def test_what_pandas_has_none_of_is_na_or_nat_or_none() -> None:
    row = BATCHES["failed"].to_pandas().iloc[1]
    missing = {name: str(row[name]) for name in COLUMNS if name not in ("error", "attempts")}
    assert missing == {
        **dict.fromkeys(missing, "<NA>"),
        "reasons": "None",
        "screenshots": "None",
        "observed_at": "NaT",
    }


def test_sql_reaches_into_reasons_and_screenshots() -> None:
    batch = MIXED
    found = sql("""
        SELECT reasons[1].title, reasons[1].details[2], len(reasons[2].details), screenshots[-1]
        FROM batch WHERE state = 'REJECTED'
    """)
    assert found.fetchall() == [("账号信息不符合规范", "第二点", 0, "媒体")]
    titles = sql("SELECT unnest(reasons, recursive := true) FROM batch").fetchall()
    assert [title for title, _ in titles] == ["账号信息不符合规范", "服务类目与“小程序”不符"]
    counted = sql("SELECT error IS NULL, count(*), sum(attempts) FROM batch GROUP BY 1 ORDER BY 1")
    assert counted.fetchall() == [(False, 2, 2), (True, 3, 5)]
    assert len(batch) == 5


def test_a_reader_may_ask_for_other_types() -> None:
    wanted = pa.table(MIXED).schema.set(0, pa.field("appid", pa.large_string()))
    assert pa.table(MIXED, schema=wanted).schema.types[0] == pa.large_string()


def test_a_batch_gives_its_stream_more_than_once() -> None:
    assert pa.table(MIXED).equals(pa.table(MIXED))
    stream = pa.RecordBatchReader.from_stream(MIXED)
    assert stream.read_all().num_rows == 5


MISSING: dict[str, tuple[str, Callable[[AuditBatch], object], str]] = {
    "pandas": ("pandas", lambda batch: batch.to_pandas(), "pip install 'wxaudit[notebook]'"),
    "polars": ("polars", lambda batch: batch.to_polars(), "pip install polars"),
    "arro3-core": (
        "arro3.core",
        lambda batch: batch.__arrow_c_stream__(),
        "pip install 'wxaudit[notebook]'",
    ),
}


@pytest.mark.parametrize("package", MISSING)
def test_a_library_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, call, command = MISSING[package]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        call(MIXED)
    english, chinese = str(caught.value).splitlines()
    assert english.endswith(f"needs {package}, which is not installed; run: {command}")
    assert chinese.endswith(f"需要 {package}，当前环境尚未安装，请运行：{command}")
    assert caught.value.name == module


def test_what_a_library_itself_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "half_installed.py").write_text("import what_it_needs.inside\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ModuleNotFoundError, match=r"this needs what_it_needs, which .*: pip install half_inst"
    ):
        import_optional("half_installed", "this")


def test_a_library_that_is_broken_says_so_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_library.py").write_text("raise ImportError('built for another Python')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"^built for another Python$"):
        import_optional("broken_library", "this")


ALONE = {
    "pandas": ("to_pandas", ["pyarrow", "polars", "arro3"]),
    "polars": ("to_polars", ["pyarrow", "pandas", "arro3"]),
}


@pytest.mark.parametrize("library", ALONE)
def test_each_table_needs_its_own_library_and_no_other(library: str) -> None:
    method, others = ALONE[library]
    program = f"""
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {others!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, NotInstalled())
import wxaudit
assert {library!r} not in sys.modules
batch = wxaudit.AuditBatch([wxaudit.AuditResult(8, "wx", wxaudit.AuditStatus(8, 1, "1:甲:<br>(1):乙<br>"))])
frame = batch.{method}()
assert list(frame["auditid"]) == [8]
assert list(frame["reasons"])[0][0]["title"] == "甲"
asked = wxaudit.AuditQuery("x" * 32, 8, "wx")
from wxaudit._frames.reader import queries_from_frame
assert list(queries_from_frame(frame, lambda appid: "x" * 32)) == [asked]
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", 0)
