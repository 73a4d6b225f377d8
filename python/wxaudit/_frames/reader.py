"""Read queries from a table: pandas, polars, or any other object with an Arrow stream."""

from __future__ import annotations

import sys

from .._errors.tree import ArgumentError
from .._native import as_token, read_query
from .._signals import raised_by_signal
from .names import Names, columns, not_a_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    import pandas as pd
    from arro3.core import Array, DataType, RecordBatchReader
    from arro3.core.types import ArrowStreamExportable

    from .._native import AuditQuery, Token
    from .._token_sources import AsyncTokenSource, TokenSource

    Frame: TypeAlias = ArrowStreamExportable | pd.DataFrame
    TokenFor: TypeAlias = Callable[[Any], str | Token | TokenSource | AsyncTokenSource]

# The number of rows that are converted to Python objects at a time.
_CHUNK = 8192


def queries_from_frame(frame: Frame, token_for: TokenFor) -> Iterator[AuditQuery | ArgumentError]:
    """The queries of a table, one for each row, for `get_audit_statuses` and `iter_audit_statuses`.

    - `frame`: a pandas or polars `DataFrame`, or an object with `__arrow_c_stream__` (pyarrow, a DuckDB
      relation, a record batch reader, an `AuditBatch`; needs arro3-core). It has a column `auditid` and may
      have a column `appid`. A stream is read batch by batch as queries are taken.
    - `token_for`: called with an appid, returns the token or the `TokenSource` of that mini program. Called
      once for each appid, at its first row, and once with `None` for rows without an appid.

    Every row yields one query, and none raises. A missing or invalid auditid yields an `ArgumentError`, which
    becomes the result of the row. If `token_for` raises, the rows of that appid get a `TokenError` with that
    exception as its cause. Whole floats and decimals are valid auditids.

    Raises `ArgumentError` at once if `frame` is not a table or has no column `auditid`, if that column has an
    inexact type (float32), or if `token_for` is not callable.
    """
    tokens = _Tokens(token_for)
    return (read_query((tokens.of(appid), auditid, appid)) for auditid, appid in _rows(frame))


class _Tokens:
    """The token or token source of each appid, requested once."""

    __slots__ = ("_by_appid", "_token_for")

    def __init__(self, token_for: Any) -> None:
        import inspect

        kind = type(token_for).__name__
        if not callable(token_for):
            raise ArgumentError(f"token_for must be a callable of an appid, got {kind}")
        if inspect.iscoroutinefunction(token_for):
            raise ArgumentError("token_for must return the token; it is a coroutine function")
        self._token_for = token_for
        self._by_appid: dict[str | None, Any] = {}

    def of(self, appid: Any) -> Any:
        if appid is not None and not isinstance(appid, str):
            return _NO_TOKEN
        if appid not in self._by_appid:
            try:
                self._by_appid[appid] = _token(self._token_for(appid))
            except Exception as error:
                if raised_by_signal(error):
                    raise
                self._by_appid[appid] = _FailedSource(error)
        return self._by_appid[appid]


def _token(token: Any) -> Any:
    """The token as a `Token`. An invalid one stays as it is: the batch refuses its rows."""
    try:
        return as_token(token)
    except ArgumentError:
        return token


class _FailedSource:
    """A token source that raises the exception of `token_for`."""

    __slots__ = ("_error", "_traceback")

    same_thread = True

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._traceback = error.__traceback__

    def get_token(self, **_: object) -> str:
        # Each raise would extend the traceback, and many rows share this error.
        raise self._error.with_traceback(self._traceback)


# For an appid that is not a string: the batch refuses the row.
_NO_TOKEN = _FailedSource(LookupError())


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or NA or NaT of pandas."""
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _number(value: Any) -> Any:
    if _is_missing(value):
        return float("nan")
    # A huge exponent would make an int that fills the memory.
    if is_a(value, "decimal", "Decimal") and value.is_finite() and value.adjusted() < 20:
        return int(value) if value == value.to_integral_value() else value
    return value


def is_a(value: object, module: str, name: str) -> bool:
    """`isinstance` for a class of a module that may not be imported."""
    return isinstance(value, getattr(sys.modules.get(module), name, ()))


def _rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    """Checks the table; yields pairs of auditid and appid."""
    if is_a(frame, "pandas", "DataFrame"):
        return _pandas_rows(frame)
    if is_a(frame, "polars", "DataFrame"):
        return _polars_rows(frame)
    if hasattr(frame, "__arrow_c_stream__"):
        return _arrow_rows(frame)
    raise not_a_table(frame)


def _pandas_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    names = Names(list(frame.columns), frame.index.names)
    chosen = columns(names, lambda: frame["auditid"].dtype, "frame.rename(columns=%s)")
    return map(_pair, zip(*(frame[name] for name in chosen), strict=True))


def _polars_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    chosen = frame.select(columns(Names(frame.columns), lambda: frame["auditid"].dtype, "frame.rename(%s)"))
    return (_pair(row) for part in chosen.iter_slices(_CHUNK) for row in part.rows())


def arrow_reader(frame: Any) -> RecordBatchReader:
    """The Arrow stream of a table."""
    from .._optional import import_optional

    core = import_optional("arro3.core", "reading a table by Arrow")
    stream = frame.__arrow_c_stream__()
    try:
        reader: RecordBatchReader = core.RecordBatchReader.from_arrow_pycapsule(stream)
    except ValueError as error:
        raise not_a_table(frame) from error
    return reader


def _arrow_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    reader = arrow_reader(frame)
    is_pyarrow = is_a(frame, "pyarrow", "Table")
    chosen = columns(
        Names(reader.schema.names),
        lambda: _name_of_float(reader.schema.field("auditid").type),
        "frame.rename_columns(%s)" if is_pyarrow else "the table with the columns renamed: %s",
    )
    for name in chosen:
        _check_readable(name, reader.schema.field(name).type)
    return (_pair(row) for chunk in _chunks(reader, chosen) for row in zip(*chunk, strict=True))


def _pair(row: tuple[Any, ...]) -> tuple[Any, Any]:
    """The auditid and the appid of a row, in a form that queries accept."""
    appid = row[1] if len(row) > 1 else None
    return _number(row[0]), None if _is_missing(appid) else appid


def _name_of_float(arrow_type: DataType) -> str:
    from arro3.core import DataType

    return "float32" if arrow_type in (DataType.float16(), DataType.float32()) else ""


def _check_readable(name: str, arrow_type: DataType) -> None:
    """Refuses types without plain Python values."""
    from arro3.core import DataType

    kinds = (arrow_type, arrow_type.value_type or arrow_type)
    if any(check(kind) for kind in kinds for check in (DataType.is_nested, DataType.is_temporal)):
        raise ArgumentError(f"frame: the column {name} holds neither numbers nor texts")


def _chunks(reader: RecordBatchReader, names: list[str]) -> Iterator[list[list[Any]]]:
    """The columns of up to `_CHUNK` rows at a time."""
    from operator import methodcaller

    for batch in map(methodcaller("select", names), reader):
        for start in range(0, batch.num_rows, _CHUNK):
            length = min(_CHUNK, batch.num_rows - start)
            yield [_values(batch.column(name).slice(start, length)) for name in names]


def _values(array: Array) -> list[Any]:
    """Plain Python values, decoded from dictionaries and run ends."""
    inner = array.type.value_type
    return list((array if inner is None else array.cast(inner)).to_pylist())
