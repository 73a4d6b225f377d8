"""Audit one partition of a table, for Dask, Ray and other frameworks that map partitions."""

from __future__ import annotations

import sys

from ._async_client import AsyncClient
from ._batch.results import AuditBatch
from ._client import Client
from ._default import default_client
from ._errors.tree import ArgumentError
from ._frames.columns import COLUMNS
from ._frames.reader import arrow_reader, is_a, queries_from_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._frames.reader import Frame, TokenFor

# Columns of the input that results do not replace.
_OF_THE_INPUT = ("appid", "auditid")


def audit_frame(
    frame: Frame, token_for: TokenFor, *, client: Client | None = None, max_concurrency: int | None = None
) -> Any:
    """The same table with the review status of each row, in the same order.

    - `frame`, `token_for`: as for `queries_from_frame`.
    - `client`: by default the default client of the process.
    - `max_concurrency`: as for `get_audit_statuses`.

    A pandas `DataFrame` returns one with its index, polars returns polars, a `pyarrow.Table` returns one, and
    any other Arrow input returns an `arro3.core.Table`.

    The columns of `AuditBatch.to_records` are appended, with the dtypes of `to_pandas` and `to_polars`. They
    replace columns of the same name except `auditid` and `appid`, so that a frame can be audited again. An
    error of one row is not raised but stored in its columns `error`, `errcode` and `rid`.

    An empty frame returns an empty one with the same columns and dtypes, without a request. Use it as `meta`
    for Dask, which otherwise tries the function on made-up rows and so sends requests:

        ask = functools.partial(wxaudit.audit_frame, token_for=find_token)
        audited = tickets.map_partitions(ask, meta=ask(tickets._meta))

    Raises `ArgumentError` as `queries_from_frame` does, and for a `client` that is not a `Client`.
    """
    if isinstance(client, AsyncClient) or not (client is None or hasattr(client, "get_audit_statuses")):
        raise ArgumentError(f"client must be a Client, got {type(client).__name__}")
    table = _gathered(frame)
    queries = queries_from_frame(table, token_for)
    batch = AuditBatch()
    if len(table):
        client = default_client(Client) if client is None else client
        batch = client.get_audit_statuses(queries, max_concurrency=max_concurrency)
    joined = _joined(table, batch)
    return sys.modules["pyarrow"].table(joined) if is_a(frame, "pyarrow", "Table") else joined


def _gathered(frame: Any) -> Any:
    """The frame; a stream, which can be read only once, as a table."""
    is_dataframe = is_a(frame, "pandas", "DataFrame") or is_a(frame, "polars", "DataFrame")
    if is_dataframe or not hasattr(frame, "__arrow_c_stream__"):
        return frame
    return arrow_reader(frame).read_all()


def _split(names: list[Any]) -> tuple[list[Any], list[str]]:
    """The columns of the input to keep, and the result columns to append."""
    kept = [name for name in names if name in _OF_THE_INPUT or name not in COLUMNS]
    return kept, [name for name in COLUMNS if name not in kept]


def _joined(frame: Any, batch: AuditBatch) -> Any:
    from ._frames.writer import arrow_table, to_pandas, to_polars

    if is_a(frame, "pandas", "DataFrame"):
        kept, added = _split(list(frame.columns))
        results = to_pandas(batch)
        # As arrays, which pandas does not align by index.
        arrays = {name: results[name].array for name in added}
        dropped = [name for name in frame.columns if name not in kept]
        joined: Any = frame.drop(columns=dropped).assign(**arrays)
    elif is_a(frame, "polars", "DataFrame"):
        kept, added = _split(frame.columns)
        joined = frame.select(kept).with_columns(to_polars(batch).select(added).get_columns())
    else:
        kept, added = _split(frame.column_names)
        joined, table = frame.select(kept), arrow_table(batch)
        for name in added:
            joined = joined.append_column(table.field(name), table.column(name))
    return joined
