"""Write results into tables of other libraries: Arrow, pandas, polars. Each needs its own library only."""

from __future__ import annotations

from .._optional import import_optional
from .columns import COLUMNS, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Any

    import pandas as pd
    import polars as pl
    from arro3.core import Array, Field, Table

    from .._native import AuditResult


def _columns(results: Sequence[AuditResult]) -> dict[str, list[Any]]:
    records = [record(result) for result in results]
    return {name: [record[name] for record in records] for name in COLUMNS}


def to_pandas(results: Sequence[AuditResult]) -> pd.DataFrame:
    """See `AuditBatch.to_pandas`. The same dtypes with pandas 2.2 and 3, with and without pyarrow."""
    pandas = import_optional("pandas", "to_pandas()")
    dtypes = {
        "text": "string",
        "number": "Int64",
        "time": "datetime64[us, UTC]",
        "reasons": "object",
        "texts": "object",
    }
    columns = _columns(results)
    return pandas.DataFrame(
        {name: pandas.Series(columns[name], dtype=dtypes[kind]) for name, kind in COLUMNS.items()}
    )


def to_polars(results: Sequence[AuditResult]) -> pl.DataFrame:
    """See `AuditBatch.to_polars`."""
    return polars_frame(_columns(results), COLUMNS)


def polars_frame(columns: dict[str, list[Any]], kinds: dict[str, str]) -> pl.DataFrame:
    """A frame of columns, each with the kind of its values as in `COLUMNS`."""
    polars = import_optional("polars", "to_polars()")
    texts = polars.List(polars.String)
    dtypes = {
        "text": polars.String,
        "number": polars.Int64,
        "time": polars.Datetime("us", "UTC"),
        "reasons": polars.List(polars.Struct({"title": polars.String, "details": texts})),
        "texts": texts,
    }
    frame: pl.DataFrame = polars.DataFrame(
        columns, schema={name: dtypes[kind] for name, kind in kinds.items()}
    )
    return frame


def arrow_table(results: Sequence[AuditResult]) -> Table:
    """An `arro3.core.Table`; every column is nullable.

    Numbers are int64, texts utf8, `observed_at` is a timestamp (us, UTC), `screenshots` a list of utf8,
    `reasons` a list of structs of a `title` and a list of `details`.
    """
    core = import_optional("arro3.core", "a batch as an Arrow table")
    makers: dict[str, Callable[[list[Any]], Array]] = {
        "text": _texts,
        "number": _numbers,
        "time": _times,
        "reasons": lambda rows: _lists(rows, _reasons),
        "texts": lambda rows: _lists(rows, _texts),
    }
    columns = _columns(results)
    arrays = {name: makers[kind](columns[name]) for name, kind in COLUMNS.items()}
    schema = core.Schema([_field(name, array) for name, array in arrays.items()])
    table: Table = core.Table.from_pydict(arrays, schema=schema)
    return table


def _field(name: str, array: Array) -> Field:
    from arro3.core import Field

    return Field(name, array.type, nullable=True)


def _texts(values: list[str | None]) -> Array:
    from arro3.core import Array, DataType

    return Array(values, type=DataType.utf8())


def _numbers(values: list[int | None]) -> Array:
    from arro3.core import Array, DataType

    return Array(values, type=DataType.int64())


def _times(values: list[datetime | None]) -> Array:
    from datetime import datetime, timedelta, timezone

    from arro3.core import DataType

    # As whole microseconds: a float of seconds would round.
    start, unit = datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(microseconds=1)
    numbers = [None if value is None else (value - start) // unit for value in values]
    return _numbers(numbers).cast(DataType.timestamp("us", tz="UTC"))


def _reasons(values: list[dict[str, Any]]) -> Array:
    from arro3.core import struct_array

    titles = _texts([value["title"] for value in values])
    details = _lists([value["details"] for value in values], _texts)
    return struct_array([titles, details], fields=[_field("title", titles), _field("details", details)])


def _lists(rows: list[Any], make: Callable[[list[Any]], Array]) -> Array:
    """An array of lists, one for each row or null; `make` makes the array of all their items."""
    from arro3.core import Array, DataType, list_array

    offsets = [0]
    items: list[Any] = []
    for row in rows:
        items += row or ()
        offsets.append(len(items))
    values = make(items)
    return list_array(
        Array(offsets, type=DataType.int32()),
        values,
        type=DataType.list(_field("item", values)),
        mask=Array([row is None for row in rows], type=DataType.bool()),
    )
