"""Queries out of tables of every kind: one for each row, tokens asked for once and hidden, streams lazily."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import arro3.core
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import wxaudit
from support.frames import token
from wxaudit import AuditBatch, AuditQuery, AuditResult, AuditStatus
from wxaudit._frames.reader import queries_from_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wxaudit.testing import FakeWeChat

Columns = dict[str, list[Any]]
LARGEST = 2**63 - 1


def of_duckdb(columns: Columns) -> Any:
    given = pa.table(columns)  # noqa: F841  # DuckDB finds it by its name
    return duckdb.sql("SELECT * FROM given")


def of_batch(columns: Columns) -> AuditBatch:
    appids = columns.get("appid") or [None] * len(columns["auditid"])
    return AuditBatch(
        AuditResult(auditid, appid, AuditStatus(auditid or 1, 2))
        for auditid, appid in zip(columns["auditid"], appids, strict=True)
    )


# How a column with a gap becomes floats in pandas, and how it does not.
FRAMES: dict[str, Callable[[Columns], Any]] = {
    "pandas": pd.DataFrame,
    "pandas with NA": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "pandas objects": lambda columns: pd.DataFrame(columns, dtype=object),
    "pandas by pyarrow": lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas categories": lambda columns: pd.DataFrame(columns).astype({"appid": "category"}),
    "polars": pl.DataFrame,
    "polars categories": lambda columns: pl.DataFrame(columns, schema_overrides={"appid": pl.Categorical}),
    "pyarrow": pa.table,
    "pyarrow batch": pa.RecordBatch.from_pydict,
    "pyarrow reader": lambda columns: pa.table(columns).to_reader(max_chunksize=2),
    "pyarrow dictionaries": lambda columns: with_type(columns, pa.dictionary(pa.int32(), pa.utf8())),
    "pyarrow large_string": lambda columns: with_type(columns, pa.large_string()),
    "pyarrow string_view": lambda columns: with_type(columns, pa.string_view()),
    "pyarrow run ends": lambda columns: pa.table(
        {name: pc.run_end_encode(pa.array(values)) for name, values in columns.items()}
    ),
    "arro3": lambda columns: arro3.core.Table(pa.table(columns)),
    "duckdb": of_duckdb,
    "a batch": of_batch,
}


# One for each way of reading.
FEW = {name: FRAMES[name] for name in ("pandas", "polars", "pyarrow", "duckdb", "a batch")}


def with_type(columns: Columns, appid_type: pa.DataType) -> pa.Table:
    return pa.table({**columns, "appid": pa.array(columns["appid"], appid_type)})


@pytest.fixture(params=FRAMES)
def frame_of(request: pytest.FixtureRequest) -> Any:
    return FRAMES[request.param]


def test_each_row_is_a_query(frame_of: Any) -> None:
    columns: Columns = {"auditid": [5, 6, LARGEST, 8], "appid": ["wx甲", "wx乙", "wx甲", None]}
    assert list(queries_from_frame(frame_of(columns), token)) == [
        AuditQuery(token(appid), auditid, appid) for auditid, appid in zip(*columns.values(), strict=True)
    ]


def test_a_row_without_an_auditid_is_an_outcome(frame_of: Any, fake: FakeWeChat) -> None:
    audit = fake.submit()
    columns = {"auditid": [audit.auditid, None, audit.auditid], "appid": ["wx1", "wx2", "wx3"]}
    queries = list(queries_from_frame(frame_of(columns), lambda _: fake.token()))
    batch = fake.client().get_audit_statuses(queries)
    assert [result.ok for result in batch] == [True, False, True]
    assert [result.appid for result in batch] == ["wx1", "wx2", "wx3"]
    assert str(batch[1].error) == "auditid: is missing (NaN)"


@pytest.mark.parametrize("frame_of", FEW.values(), ids=FEW)
def test_without_a_column_of_appids_there_is_one_token(frame_of: Any) -> None:
    asked: list[Any] = []

    def token_for(appid: Any) -> str:
        asked.append(appid)
        return token(appid)

    queries = queries_from_frame(frame_of({"auditid": [5, 6, 7]}), token_for)
    assert list(queries) == [AuditQuery(token(None), auditid) for auditid in (5, 6, 7)]
    assert asked == [None]


def test_a_token_is_asked_for_once_when_its_first_row_is_reached(frame_of: Any) -> None:
    asked: list[Any] = []

    def token_for(appid: Any) -> str:
        asked.append(appid)
        return token(appid)

    columns: Columns = {"auditid": [5, 6, 7, 8, 9], "appid": ["wx1", "wx1", "wx2", None, "wx2"]}
    queries = queries_from_frame(frame_of(columns), token_for)
    seen = [list(asked), *(list(asked) for _ in queries)]
    assert seen == [
        [],
        ["wx1"],
        ["wx1"],
        ["wx1", "wx2"],
        ["wx1", "wx2", None],
        ["wx1", "wx2", None],
    ]


@pytest.mark.parametrize("frame_of", FEW.values(), ids=FEW)
def test_an_empty_table_asks_for_nothing(frame_of: Any) -> None:
    queries = queries_from_frame(frame_of({"auditid": [], "appid": []}), lambda _: pytest.fail("asked"))
    assert list(queries) == []


# What stands in a column of auditids, and the number that it is.
NUMBERS: dict[str, tuple[Any, list[int | None]]] = {
    # 2.0**53 may have been 2**53 + 1.
    "floats": (
        pd.DataFrame({"auditid": [5.0, float("nan"), 2.0**53 - 1, 2.0**53]}),
        [5, None, 2**53 - 1, None],
    ),
    # Excel wrote 1.23457E+15; an id of WeChat has nine digits or ten.
    "floats that Excel has rounded": (
        pd.read_csv(io.StringIO("auditid\n1.23457E+15\n413756000\n4.4E+11\n")),
        [None, 413756000, None],
    ),
    "floats that are not ids": (pd.DataFrame({"auditid": [0.5, float("inf"), 1e300]}), [None] * 3),
    "objects": (
        pd.DataFrame({"auditid": [np.int64(5), Decimal(6), "7", pd.NA, None, pd.NaT, [], Decimal("7.5")]}),
        [5, 6, 7, None, None, None, None, None],
    ),
    "hostile decimals": (
        pd.DataFrame(
            {"auditid": [Decimal("1e999999"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")]}
        ),
        [None] * 4,
    ),
    "texts": (pd.DataFrame({"auditid": ["5", "five", "", " 6", "7.0"]}), [5, None, None, None, None]),
    "bools": (pd.DataFrame({"auditid": [True, False]}), [None, None]),
    "moments": (pd.DataFrame({"auditid": pd.to_datetime(["2026-11-24", None])}), [None, None]),
    "uint64": (pd.DataFrame({"auditid": np.array([5, 2**63], dtype="uint64")}), [5, None]),
    "an index of its own": (pd.DataFrame({"auditid": [5, 6]}, index=["b", "b"]), [5, 6]),
    "polars decimals": (pl.DataFrame({"auditid": [Decimal(5), None, Decimal(7)]}), [5, None, 7]),
    "polars 128": (pl.DataFrame({"auditid": pl.Series([5, 2**100], dtype=pl.Int128)}), [5, None]),
    "polars texts": (pl.DataFrame({"auditid": ["5", None, "x"]}), [5, None, None]),
    "polars nothing": (pl.DataFrame({"auditid": [None, None]}), [None, None]),
    "arrow floats": (pa.table({"auditid": [5.0, None, float("nan")]}), [5, None, None]),
    "arrow decimals": (
        pa.table({"auditid": pa.array([Decimal(5), None], pa.decimal256(40, 0))}),
        [5, None],
    ),
    "arrow fractions": (
        pa.table({"auditid": pa.array([Decimal("5.50"), Decimal("6.00")], pa.decimal128(9, 2))}),
        [None, 6],
    ),
    "arrow uint64": (pa.table({"auditid": pa.array([5, 2**64 - 1], pa.uint64())}), [5, None]),
    "arrow int8": (pa.table({"auditid": pa.array([5, -1], pa.int8())}), [5, None]),
    "arrow dictionaries": (
        pa.table({"auditid": pa.array(["5", "x", None]).dictionary_encode()}),
        [5, None, None],
    ),
    "arrow nulls": (pa.table({"auditid": pa.nulls(2)}), [None, None]),
    "arrow bytes": (pa.table({"auditid": [b"5"]}), [None]),
    "duckdb hugeint": (duckdb.sql("SELECT 5::HUGEINT AS auditid UNION ALL SELECT NULL"), [5, None]),
    "duckdb sum": (duckdb.sql("SELECT sum(range) AS auditid FROM range(5)"), [10]),
}


@pytest.mark.parametrize(("frame", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_an_auditid_is_taken_as_the_table_has_it_and_no_row_is_lost(
    frame: Any, expected: list[int | None], fake: FakeWeChat
) -> None:
    queries = list(queries_from_frame(frame, token))
    assert [query.auditid if isinstance(query, AuditQuery) else None for query in queries] == expected
    refused = [query for query in queries if not isinstance(query, AuditQuery)]
    batch = fake.client().get_audit_statuses(refused)
    assert {type(result.error) for result in batch} <= {wxaudit.ArgumentError}
    assert fake.requests_received == 0


def test_an_appid_that_is_not_text_is_an_outcome_and_asks_for_nothing(fake: FakeWeChat) -> None:
    frame = pd.DataFrame({"auditid": [5, 6, 7], "appid": [12, ["wx"], b"wx"]})
    queries = queries_from_frame(frame, lambda _: pytest.fail("asked"))
    batch = fake.client().get_audit_statuses(queries)
    assert [str(error) for error in batch.errors] == [
        "appid: expected a string, got int",
        "appid: expected a string, got list",
        "appid: expected a string, got bytes",
    ]


def test_an_appid_that_is_missing_is_none() -> None:
    frame = pd.DataFrame({"auditid": [5] * 4, "appid": [float("nan"), None, pd.NA, pd.NaT]}, dtype=object)
    assert list(queries_from_frame(frame, token)) == [AuditQuery(token(None), 5)] * 4


def test_a_stream_is_read_as_queries_are_taken() -> None:
    read = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal read
        while True:
            read += 1
            yield pa.record_batch({"auditid": [read, read]})

    schema = pa.schema([("auditid", pa.int64())])
    queries = queries_from_frame(pa.RecordBatchReader.from_batches(schema, batches()), token)
    assert read == 0
    ahead = 0
    for taken in range(200):
        query = next(queries)
        assert isinstance(query, AuditQuery)
        assert query.auditid == taken // 2 + 1
        ahead = max(ahead, read - (taken // 2 + 1))
    assert ahead <= 1


def test_a_stream_that_breaks_ends_with_its_error_after_its_rows() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"auditid": [5]})
        raise OSError("the disk is gone")

    schema = pa.schema([("auditid", pa.int64())])
    queries = queries_from_frame(pa.RecordBatchReader.from_batches(schema, batches()), token)
    assert next(queries) == AuditQuery(token(None), 5)
    with pytest.raises(Exception, match="the disk is gone"):
        next(queries)


def test_many_rows_are_all_there(frame_of: Any) -> None:
    count = 20_000
    columns: Columns = {"auditid": list(range(1, count + 1)), "appid": ["wx1"] * count}
    found = [query.auditid for query in queries_from_frame(frame_of(columns), token)]
    assert found == columns["auditid"]
