"""The channels of a batch: all forms in which it is shown, stored and converted."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pandas
import polars
import pyarrow
import pydantic

import wxaudit
from secrecy.objects import attribute_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrecy.canary import Text
    from secrecy.observation import Observation

# Made once: their schemas are many objects, which the walk would have to visit.
_ADAPTERS: dict[type, pydantic.TypeAdapter[Any]] = {
    kind: pydantic.TypeAdapter(kind)
    for kind in (wxaudit.AuditBatch, wxaudit.AuditResult, wxaudit.AuditStatus)
}

# So that no library truncates its output.
_WHOLE = ("display.max_colwidth", None, "display.max_columns", None, "display.width", None)


def _batches(seen: Observation) -> Iterator[wxaudit.AuditBatch]:
    return (result for result in seen.results if isinstance(result, wxaudit.AuditBatch))


def records(seen: Observation) -> Iterator[Text]:
    for batch in _batches(seen):
        yield repr(batch.to_records())


def in_pydantic(seen: Observation) -> Iterator[Text]:
    """The JSON that web frameworks send."""
    for subject in seen.subjects:
        for kind, adapter in _ADAPTERS.items():
            if isinstance(subject, kind):
                yield adapter.dump_json(subject)


def html(seen: Observation) -> Iterator[Text]:
    """The representations that notebooks request."""
    for subject in seen.subjects:
        if hasattr(subject, "_repr_html_"):
            yield subject._repr_html_() or ""


def in_pandas(seen: Observation) -> Iterator[Text]:
    made: list[Any] = [batch.to_pandas() for batch in _batches(seen)]
    made += [result for result in seen.results if isinstance(result, pandas.DataFrame)]
    for frame in made:
        with pandas.option_context(*_WHOLE):
            yield from (repr(frame), frame.to_html())
        yield from (frame.to_json(), frame.to_csv(), pickle.dumps(frame))


def in_polars(seen: Observation) -> Iterator[Text]:
    made = [batch.to_polars() for batch in _batches(seen)]
    made += [result for result in seen.results if isinstance(result, polars.DataFrame)]
    for frame in made:
        with polars.Config(fmt_str_lengths=100_000, tbl_rows=-1, tbl_cols=-1):
            yield from (repr(frame), frame._repr_html_())
        yield from (repr(frame.to_dicts()), pickle.dumps(frame))


def in_arrow(seen: Observation) -> Iterator[Text]:
    """The bytes of Arrow's stream format, which contains texts unchanged."""
    made = [pyarrow.table(batch) for batch in _batches(seen)]
    made += [result for result in seen.results if isinstance(result, pyarrow.Table)]
    for table in made:
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        yield from (sink.getvalue().to_pybytes(), str(table), repr(table.schema.metadata))


def plot(seen: Observation) -> Iterator[Text]:
    for batch in _batches(seen):
        yield batch.plot().to_json()


def raised_errors(seen: Observation) -> Iterator[Text]:
    """All errors of a batch, raised and reported together or one by one."""
    for batch in _batches(seen):
        yield from _reported(batch.raise_for_errors)


def unwrapped(seen: Observation) -> Iterator[Text]:
    for result in seen.results:
        if isinstance(result, wxaudit.AuditResult):
            yield from _reported(result.unwrap)


def _reported(act: Callable[[], object]) -> Iterator[Text]:
    error = _raised_by(act)
    if error is not None:
        yield from traceback.TracebackException.from_exception(error, capture_locals=True).format()
        for frame, _ in traceback.walk_tb(error.__traceback__):
            yield from attribute_texts(frame)


def _raised_by(act: Callable[[], object]) -> Exception | None:
    try:
        act()
    except Exception as error:
        return error
    return None
