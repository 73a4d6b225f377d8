"""Queries out of a table: pandas, polars, or whatever else gives an Arrow stream."""

from __future__ import annotations

import sys

from .._errors.tree import ArgumentError
from .._escape import truncate
from .._native import as_token, read_query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any, TypeAlias

    import pandas as pd
    from arro3.core import Array, DataType, RecordBatchReader
    from arro3.core.types import ArrowStreamExportable

    from .._native import AuditQuery, Token
    from .._token_sources import AsyncTokenSource, TokenSource

    Frame: TypeAlias = ArrowStreamExportable | pd.DataFrame
    TokenFor: TypeAlias = Callable[[Any], str | Token | TokenSource | AsyncTokenSource]

# Rows that are Python objects at once, of columns that hold them in another way.
_CHUNK = 8192

# Above 2 to the 24th they skip numbers, and a number beside the one that was meant is another audit.
_INEXACT = ("float16", "float32", "halffloat[pyarrow]", "float[pyarrow]")


def queries_from_frame(frame: Frame, token_for: TokenFor) -> Iterator[AuditQuery | ArgumentError]:
    """The queries of a table, one for each row, for `get_audit_statuses` and `iter_audit_statuses`.

    - `frame`: a pandas or polars `DataFrame`, or anything with `__arrow_c_stream__` (pyarrow, a DuckDB
      relation, a reader of record batches, an `AuditBatch`; needs arro3-core). It has a column `auditid` and
      may have a column `appid`. A stream is read as queries are taken, batch by batch.
    - `token_for`: called with an appid, gives the token of that mini program or its `TokenSource`; called
      once for each appid, when its first row is reached, and once with `None` for rows without an appid.

    No row is left out, and none raises: where the auditid is missing or cannot be one, an `ArgumentError`
    stands in the place of the query, and is the outcome of the row; where `token_for` raised, the rows of
    that appid have a `TokenError` with that for its cause. Floats and decimals that are whole, as tables make
    them of numbers, are taken.

    Raises `ArgumentError` at once where there is no such column, where `frame` is no table, where the
    column cannot hold ids (float32 skips numbers), and where `token_for` cannot be called.
    """
    tokens = _Tokens(token_for)
    return _each(_rows(frame), tokens)


def _each(rows: Iterator[tuple[Any, Any]], tokens: _Tokens) -> Iterator[AuditQuery | ArgumentError]:
    for auditid, label in rows:
        appid = None if _is_missing(label) else label
        yield read_query((tokens.of(appid), _number(auditid), appid))


class _Tokens:
    """The token or the token source of each appid, asked for once."""

    __slots__ = ("_found", "_token_for")

    def __init__(self, token_for: Any) -> None:
        import inspect

        kind = type(token_for).__name__
        if not callable(token_for):
            raise ArgumentError(f"token_for must be a callable of an appid, got {kind}")
        if inspect.iscoroutinefunction(token_for):
            raise ArgumentError("token_for must give the token at once; it is a coroutine function")
        self._token_for = token_for
        self._found: dict[str | None, Any] = {}

    def of(self, appid: Any) -> Any:
        if appid is not None and not isinstance(appid, str):
            return _NOT_ASKED
        if appid not in self._found:
            try:
                self._found[appid] = _token(self._token_for(appid))
            except Exception as error:
                self._found[appid] = _Failed(error)
        return self._found[appid]


def _token(given: Any) -> Any:
    """The token as a `Token`. What cannot be one stays as it is: the batch refuses the rows that have it."""
    try:
        return as_token(given)
    except ArgumentError:
        return given


class _Failed:
    """A source of no token: whoever asks it gets what `token_for` raised."""

    __slots__ = ("_error", "_traceback")

    same_thread = True

    _error: Exception
    _traceback: TracebackType | None

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._traceback = error.__traceback__

    def get_token(self, **_: object) -> str:
        # Each raise would add to the traceback, and many rows share this error.
        raise self._error.with_traceback(self._traceback)


# Beside an appid that is no text: the row is refused for that.
_NOT_ASKED = _Failed(LookupError())


def _is_missing(value: Any) -> bool:
    """Whether a table says that there is nothing: None, NaN, and the two of pandas."""
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _number(value: Any) -> Any:
    """An auditid as a query takes it."""
    if _is_missing(value):
        return float("nan")
    # Not one with an exponent of millions: as an int it would fill the memory.
    if is_a(value, "decimal", "Decimal") and value.is_finite() and value.adjusted() < 20:
        return int(value) if value == value.to_integral_value() else value
    return value


def is_a(value: object, module: str, name: str) -> bool:
    """`isinstance` of a class whose module nobody needs to have imported."""
    return isinstance(value, getattr(sys.modules.get(module), name, ()))


def _rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of auditid and appid; checks the table first."""
    if is_a(frame, "pandas", "DataFrame"):
        return _pandas_rows(frame)
    if is_a(frame, "polars", "DataFrame"):
        return _polars_rows(frame)
    if hasattr(frame, "__arrow_c_stream__"):
        return _arrow_rows(frame)
    raise ArgumentError(
        f"frame must be a pandas or polars DataFrame, or have __arrow_c_stream__, got {type(frame).__name__}"
    )


class _Names:
    """What is to be known of the names of columns: without a header they may be tokens."""

    __slots__ = ("appids", "auditids", "shown")

    def __init__(self, names: list[Any]) -> None:
        self.auditids = names.count("auditid")
        self.appids = names.count("appid")
        # Too short for a telling piece of a token.
        self.shown = truncate(", ".join(truncate(str(name), 12) for name in names), 200) or "none"


def _found_in(names: _Names, dtype: Callable[[], object]) -> list[str]:
    """Which columns there are of the two that are read."""
    if names.auditids != 1:
        problem = "more than one column" if names.auditids else "no column"
        raise ArgumentError(f"frame has {problem} auditid; its columns: {names.shown}")
    if names.appids > 1:
        raise ArgumentError("frame has more than one column appid")
    if str(dtype()).lower() in _INEXACT:
        raise ArgumentError(f"frame: a column auditid of {dtype()} is inexact; make it int64 or text")
    return ["auditid", "appid"] if names.appids else ["auditid"]


def _pandas_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    found = _found_in(_Names(list(frame.columns)), lambda: frame["auditid"].dtype)
    return map(_pair, zip(*(frame[name] for name in found), strict=True))


def _polars_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    found = _found_in(_Names(frame.columns), lambda: frame["auditid"].dtype)
    chosen = frame.select(found)
    return (_pair(row) for part in chosen.iter_slices(_CHUNK) for row in part.rows())


def opened(frame: Any) -> RecordBatchReader:
    """The Arrow stream of a table."""
    from .._optional import import_optional

    core = import_optional("arro3.core", "reading a table by Arrow")
    stream = frame.__arrow_c_stream__()
    try:
        reader: RecordBatchReader = core.RecordBatchReader.from_arrow_pycapsule(stream)
    except ValueError as error:
        kind = type(frame).__name__
        raise ArgumentError(f"frame: the Arrow stream of {kind} cannot be read as a table") from error
    return reader


def _arrow_rows(frame: Any) -> Iterator[tuple[Any, Any]]:
    reader = opened(frame)
    found = _found_in(
        _Names(reader.schema.names), lambda: _name_of_float(reader.schema.field("auditid").type)
    )
    for name in found:
        _check_readable(name, reader.schema.field(name).type)
    return (_pair(row) for columns in _chunks(reader, found) for row in zip(*columns, strict=True))


def _pair(row: tuple[Any, ...]) -> tuple[Any, Any]:
    return row[0], row[1] if len(row) > 1 else None


def _name_of_float(arrow_type: DataType) -> str:
    from arro3.core import DataType

    return "float32" if arrow_type in (DataType.float16(), DataType.float32()) else ""


def _check_readable(name: str, arrow_type: DataType) -> None:
    """What has no plain Python value is no id and no label."""
    from arro3.core import DataType

    kinds = (arrow_type, arrow_type.value_type or arrow_type)
    if any(check(kind) for kind in kinds for check in (DataType.is_nested, DataType.is_temporal)):
        raise ArgumentError(f"frame: the column {name} holds neither numbers nor texts")


def _chunks(reader: RecordBatchReader, names: list[str]) -> Iterator[list[list[Any]]]:
    """The columns of so many rows at a time."""
    from operator import methodcaller

    for batch in map(methodcaller("select", names), reader):
        for start in range(0, batch.num_rows, _CHUNK):
            length = min(_CHUNK, batch.num_rows - start)
            yield [_values(batch.column(name).slice(start, length)) for name in names]


def _values(array: Array) -> list[Any]:
    """Plain Python values; those of dictionaries and run ends are spelled out before."""
    inner = array.type.value_type
    return list((array if inner is None else array.cast(inner)).to_pylist())
