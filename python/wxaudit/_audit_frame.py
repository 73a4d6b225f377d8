"""One partition of a table, audited: a plain function for Dask, Ray, and whatever else maps partitions."""

from __future__ import annotations

import sys

from ._async_client import AsyncClient
from ._batch.results import AuditBatch
from ._client import Client
from ._errors.tree import ArgumentError
from ._frames.columns import COLUMNS
from ._frames.reader import is_a, opened, queries_from_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._frames.reader import Frame, TokenFor

# What an input says of itself is not replaced.
_OF_THE_INPUT = ("appid", "auditid")


def audit_frame(
    frame: Frame,
    token_for: TokenFor,
    *,
    client: Client | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """The same table with the review status of each row: one row for each row, in the same order.

    - `frame`, `token_for`: as for `queries_from_frame`.
    - `client`: the default client of the process when left out. `max_concurrency`: as for
      `get_audit_statuses`.

    A pandas `DataFrame` comes back as one with its index, polars as polars, a `pyarrow.Table` as one;
    anything else that gives Arrow as an `arro3.core.Table`.

    The columns of `AuditBatch.to_records` are appended, with the dtypes of `to_pandas` and `to_polars`. The
    frame's own `auditid` and `appid` stay; its columns with any other of those names are replaced, so that a
    frame can be audited again: rename what is to be kept. Nothing is raised for a row: its error stands in
    the columns `error`, `errcode` and `rid`.

    An empty frame comes back empty, with the same columns and dtypes, and nothing is asked. Dask takes
    that for `meta`; without one it tries the function on made-up rows, which would be asked about:

        ask = functools.partial(wxaudit.audit_frame, token_for=find_token)
        audited = tickets.map_partitions(ask, meta=ask(tickets._meta))

    Raises `ArgumentError` as `queries_from_frame` does, and for a `client` that is no blocking client.
    """
    if isinstance(client, AsyncClient) or not (client is None or hasattr(client, "get_audit_statuses")):
        raise ArgumentError(f"client must be a Client, got {type(client).__name__}")
    table = _gathered(frame)
    queries = queries_from_frame(table, token_for)
    batch = AuditBatch()
    if len(table):
        batch = _client(client).get_audit_statuses(queries, max_concurrency=max_concurrency)
    joined = _joined(table, batch)
    return sys.modules["pyarrow"].table(joined) if is_a(frame, "pyarrow", "Table") else joined


def _client(client: Any) -> Any:
    if client is not None:
        return client
    from ._default import default_client

    return default_client(Client)


def _gathered(frame: Any) -> Any:
    """A stream, which can be read once, as a table."""
    if _is_dataframe(frame) or not hasattr(frame, "__arrow_c_stream__"):
        return frame
    return opened(frame).read_all()


def _is_dataframe(frame: Any) -> bool:
    return is_a(frame, "pandas", "DataFrame") or is_a(frame, "polars", "DataFrame")


def _split(names: list[Any]) -> tuple[list[Any], list[str]]:
    """Which columns of the input stay, and which of the results follow."""
    kept = [name for name in names if name in _OF_THE_INPUT or name not in COLUMNS]
    return kept, [name for name in COLUMNS if name not in kept]


def _joined(frame: Any, batch: AuditBatch) -> Any:
    from ._frames.writer import arrow_table, to_pandas, to_polars

    if is_a(frame, "pandas", "DataFrame"):
        kept, added = _split(list(frame.columns))
        results = to_pandas(batch)
        # As arrays: they go by the order of the rows, not by the index.
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
