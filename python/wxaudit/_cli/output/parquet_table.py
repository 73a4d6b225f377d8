"""Write Parquet with the schema of a batch as an Arrow table: with pyarrow, or else with polars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..._frames.writer import polars_frame
from ..libraries import parquet_library
from .columns import KINDS

_CHUNK = 8192


class ParquetTable:
    """Rows are written in groups of some thousands. polars holds all of them until the end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None
        if parquet_library() == "pyarrow":
            from pyarrow import parquet

            self._writer = parquet.ParquetWriter(file, _schema())

    def write(self, values: dict[str, Any]) -> None:
        moment = values["observed_at"]
        self._rows.append({**values, "observed_at": moment and datetime.fromisoformat(moment)})
        if self._writer is not None and len(self._rows) == _CHUNK:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow

        self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=_schema()))
        self._rows = []

    def end(self) -> None:
        if self._writer is None:
            columns = {name: [row[name] for row in self._rows] for name in KINDS}
            polars_frame(columns, KINDS).write_parquet(self._file)
            return
        self._write_group()
        self._writer.close()


def _schema() -> Any:
    import pyarrow

    texts = pyarrow.list_(pyarrow.field("item", pyarrow.string()))
    types = {
        "text": pyarrow.string(),
        "number": pyarrow.int64(),
        "time": pyarrow.timestamp("us", "UTC"),
        "reasons": pyarrow.list_(
            pyarrow.field("item", pyarrow.struct([("title", pyarrow.string()), ("details", texts)]))
        ),
        "texts": texts,
    }
    return pyarrow.schema([(name, types[kind]) for name, kind in KINDS.items()])
