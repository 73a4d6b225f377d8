"""Data frames of every kind, and the tokens that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import arro3.core
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

Columns = dict[str, list[Any]]


def of_duckdb(columns: Columns) -> Any:
    given = pa.table(columns)  # noqa: F841  # DuckDB finds it by its name
    return duckdb.sql("SELECT * FROM given")


def rows_of_pandas(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.astype(object).to_dict("records")
    return [{name: None if is_missing(value) else value for name, value in row.items()} for row in rows]


def is_missing(value: Any) -> bool:
    return value is pd.NA or value is pd.NaT or value != value


def rows_of_arrow(table: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.table(table).to_pylist()
    return rows


# How to make one, of which class the result is, its rows, and its types.
KINDS: dict[str, tuple[Callable[[Columns], Any], type, Callable[[Any], list[dict[str, Any]]]]] = {
    "pandas": (
        lambda columns: pd.DataFrame(columns, index=[7] * len(columns["auditid"])),
        pd.DataFrame,
        rows_of_pandas,
    ),
    "polars": (pl.DataFrame, pl.DataFrame, pl.DataFrame.to_dicts),
    "pyarrow": (pa.table, pa.Table, rows_of_arrow),
    "pyarrow chunks": (
        lambda columns: pa.concat_tables([pa.table(columns).slice(0, 1), pa.table(columns).slice(1)]),
        pa.Table,
        rows_of_arrow,
    ),
    "pyarrow reader": (
        lambda columns: pa.table(columns).to_reader(max_chunksize=1),
        arro3.core.Table,
        rows_of_arrow,
    ),
    "arro3": (lambda columns: arro3.core.Table(pa.table(columns)), arro3.core.Table, rows_of_arrow),
    "duckdb": (of_duckdb, arro3.core.Table, rows_of_arrow),
}


def token(appid: str | None) -> str:
    return f"a-token-of-{appid}-that-is-long-enough"


def partition_token(tokens: dict[str, str], appid: str) -> str:
    return tokens[appid]
