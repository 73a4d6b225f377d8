"""What a batch came to: its results in the order of the input, and the views of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from .._errors.tree import ArgumentError
from .._native import AuditResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, overload

    import altair
    import pandas as pd
    import polars as pl

    from .._errors.tree import WxAuditError
    from .._native import AuditStatus

# The columns of every table that is made of a batch, in this order.
COLUMNS = (
    "appid",
    "auditid",
    "status",
    "state",
    "label",
    "reason",
    "reasons",
    "screenshots",
    "observed_at",
    "errcode",
    "error",
    "rid",
    "attempts",
)


class AuditBatch(Sequence[AuditResult]):
    """The results of many queries, one for each, in the order of the input.

    A sequence: `batch[0]`, `len(batch)`, `for result in batch`; a slice is an `AuditBatch` again. It shows
    itself as a table in notebooks, and is a table for whatever reads Arrow: `pyarrow.table(batch)`, DuckDB.

    The methods that need pandas, polars, altair or arro3-core import them when called; they are the extra
    `notebook` (polars is installed by itself): `pip install 'wxaudit[notebook]'`.
    """

    __module__ = "wxaudit"
    __slots__ = ("_results",)

    _results: tuple[AuditResult, ...]

    def __init__(self, results: Iterable[AuditResult] = ()) -> None:
        given = tuple(results)
        for result in given:
            if not isinstance(result, AuditResult):
                raise ArgumentError(f"results must hold only AuditResult, got {type(result).__name__}")
        self._results = given

    def __len__(self) -> int:
        return len(self._results)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> AuditResult: ...
        @overload
        def __getitem__(self, index: slice) -> AuditBatch: ...
        def __getitem__(self, index: int | slice) -> AuditResult | AuditBatch: ...
    else:

        def __getitem__(self, index):
            if isinstance(index, slice):
                return AuditBatch(self._results[index])
            return self._results[index]

    @property
    def statuses(self) -> tuple[AuditStatus, ...]:
        """The statuses, where there are some."""
        return tuple(result.status for result in self._results if result.status is not None)

    @property
    def errors(self) -> tuple[WxAuditError, ...]:
        """The errors, where there are some."""
        return tuple(result.error for result in self._results if result.error is not None)

    def counts(self) -> dict[str, int]:
        """How many queries ended how: by the name of the state (`"REJECTED"`) or the error's class
        (`"TokenError"`).

        States come first, by their number; then errors, by their name. Their sum is `len(batch)`.
        """
        states: dict[str, int] = {}
        for status in sorted((audit.status for audit in self.statuses), key=int):
            states[status.name] = states.get(status.name, 0) + 1
        errors: dict[str, int] = {}
        for name in sorted(type(error).__name__ for error in self.errors):
            errors[name] = errors.get(name, 0) + 1
        return {**states, **errors}

    def raise_for_errors(self) -> AuditBatch:
        """Raises an `ExceptionGroup` of all errors when there are some, and returns itself otherwise."""
        errors = self.errors
        if errors:
            import sys

            if sys.version_info < (3, 11):
                from exceptiongroup import ExceptionGroup
            else:
                from builtins import ExceptionGroup
            raise ExceptionGroup(f"{len(errors)} of {len(self)} queries failed", list(errors))
        return self

    def to_records(self) -> list[dict[str, Any]]:
        """A dict for each query, with these keys; what there is none of is `None`.

        - `appid`: the caller's label; `auditid`: `int`
        - `status`: `int`, the number of the state; `state`: its name; `label`: its Chinese label
        - `reason`: the text as WeChat wrote it; `reasons`: list of `{"title": str, "details": [str, …]}`
        - `screenshots`: list of `media_id`s; `observed_at`: `datetime`, UTC
        - `errcode`: `int`; `error`: name and message of the error; `rid`; `attempts`: requests sent
        """
        return [_record(result) for result in self._results]

    def to_pandas(self) -> pd.DataFrame:
        """A `pandas.DataFrame` with the columns of `to_records`, one row for each query.

        Texts are `string` and whole numbers `Int64`, with `pandas.NA` where there is none; `observed_at` is
        `datetime64[us, UTC]` with `NaT`; `reasons` and `screenshots` are lists or `None`. The dtypes never
        depend on the rows.
        """
        from .._frames.writer import to_pandas

        return to_pandas(self)

    def to_polars(self) -> pl.DataFrame:
        """A `polars.DataFrame` with the columns of `to_records`, one row for each query."""
        from .._frames.writer import to_polars

        return to_polars(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A table with the columns of `to_records`, for any library that reads Arrow's PyCapsules."""
        from .._frames.writer import arrow_table

        return arrow_table(self).__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        from .._display.table import batch_html

        return batch_html(self)

    def plot(self, submitted_at: object = None) -> altair.VConcatChart:
        """An Altair chart: outcomes by state, and the most frequent titles of rejections.

        - `submitted_at`: when each audit was submitted, one aware `datetime` (or `None`) for each query, in
          the order of the batch, such as a column of a frame; then the age of what is pending is shown too.
        """
        from .._display.plot import plot

        return plot(self, submitted_at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AuditBatch):
            return NotImplemented
        return self._results == other._results

    def __hash__(self) -> int:
        return hash(self._results)

    def __repr__(self) -> str:
        if not hasattr(self, "_results"):
            return "<AuditBatch>"  # one that could not be made, shown by whoever reports it
        counted = ", ".join(f"{count} {name}" for name, count in self.counts().items())
        return f"<AuditBatch of {len(self)}{': ' if counted else ''}{counted}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return AuditBatch, (self._results,)


def in_order(results: Iterable[AuditResult]) -> AuditBatch:
    """The batch of results that came in any order."""
    return AuditBatch(sorted(results, key=attrgetter("index")))


def _record(result: AuditResult) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    values.update(appid=result.appid, auditid=result.auditid, attempts=result.attempts)
    audit, error = result.status, result.error
    if audit is not None:
        state = audit.status
        values.update(
            status=int(state),
            state=state.name,
            label=state.label("zh"),
            reason=audit.reason,
            reasons=[reason.to_dict() for reason in audit.reasons],
            screenshots=list(audit.screenshots),
            observed_at=audit.observed_at,
        )
    if error is not None:
        values.update(
            errcode=getattr(error, "errcode", None),
            error=f"{type(error).__name__}: {error.message}",
            rid=getattr(error, "rid", None),
        )
    return values
