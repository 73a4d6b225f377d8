"""Read Parquet with pyarrow, or else with polars, a few thousand rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from ..._errors.tree import ArgumentError
from ..language import text
from ..libraries import parquet_library
from .cells import RawRow
from .columns import KNOWN, Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 8192

# Above 2**24 these types skip numbers.
_INEXACT = ("float", "halffloat", "Float32", "Float16")


def read(file: BinaryIO, where: str) -> Iterator[RawRow]:
    """The rows. `ArgumentError` for what is not Parquet, and as `Columns` does."""
    chunks = _chunks_of_pyarrow if parquet_library() == "pyarrow" else _chunks_of_polars
    try:
        for rows in chunks(file, where):
            for row in rows:
                yield RawRow(0, row["auditid"], row.get("appid"), row.get("token_reference"))
    except ArgumentError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise ArgumentError(
            text(f"{where} cannot be read as Parquet ({kind})", f"{where} 无法按 Parquet 读取（{kind}）")
        ) from None


def _chunks_of_pyarrow(file: BinaryIO, where: str) -> Iterator[list[dict[str, Any]]]:
    from pyarrow import parquet

    table = parquet.ParquetFile(file)
    schema = table.schema_arrow
    Columns(schema.names, where)
    _check_exact(str(schema.field("auditid").type), where)
    names = [name for name in KNOWN if name in schema.names]
    for batch in table.iter_batches(_CHUNK, columns=names):
        yield batch.to_pylist()


def _chunks_of_polars(file: BinaryIO, where: str) -> Iterator[list[dict[str, Any]]]:
    import polars

    table = polars.scan_parquet(file)
    schema = table.collect_schema()
    Columns(schema.names(), where)
    _check_exact(str(schema["auditid"]), where)
    names = [name for name in KNOWN if name in schema.names()]
    start = 0
    while rows := table.select(names).slice(start, _CHUNK).collect().to_dicts():
        yield rows
        start += len(rows)


def _check_exact(kind: str, where: str) -> None:
    if kind in _INEXACT:
        raise ArgumentError(
            text(
                f"{where} has a column auditid of {kind}, which rounds ids; make it int64 or text",
                f"{where} 的 auditid 列类型为 {kind}，会舍入 id，请改为 int64 或文本",
            )
        )
