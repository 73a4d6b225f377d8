"""Hold the results of a batch in the order of the input, and convert them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from .._errors.tree import ArgumentError
from .._frames.columns import record
from .._native import AuditResult
from .._validation import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo
    from os import PathLike
    from typing import Any, BinaryIO, overload

    import altair
    import pandas as pd
    import polars as pl

    from .._errors.tree import WxAuditError
    from .._native import AuditStatus


class AuditBatch(Sequence[AuditResult]):
    """The results of many queries, one for each, in the order of the input.

    A sequence; a slice is an `AuditBatch` too. Notebooks, `pandas.DataFrame(batch)`, and libraries that read
    Arrow (DuckDB, `pyarrow.table(batch)`) take it as a table. `pip install 'wxaudit[notebook]'` installs
    pandas, altair, arro3-core and openpyxl, which some methods import. It does not install polars.
    """

    __module__ = "wxaudit"
    __slots__ = ("_results",)

    _results: tuple[AuditResult, ...]

    def __init__(self, results: Iterable[AuditResult] = ()) -> None:
        collected = tuple(results)
        for result in collected:
            if not isinstance(result, AuditResult):
                raise ArgumentError(f"results must hold only AuditResult, got {shown(result)}")
        self._results = collected

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
        """The statuses of the queries that succeeded."""
        return tuple(result.status for result in self._results if result.status is not None)

    @property
    def approved(self) -> tuple[AuditStatus, ...]:
        """The statuses of the audits that were approved."""
        return tuple(audit for audit in self.statuses if audit.is_approved)

    @property
    def rejected(self) -> tuple[AuditStatus, ...]:
        """The statuses of the audits that were rejected, with their reasons."""
        return tuple(audit for audit in self.statuses if audit.is_rejected)

    @property
    def pending(self) -> tuple[AuditStatus, ...]:
        """The statuses of the audits that are under review or delayed."""
        return tuple(audit for audit in self.statuses if audit.is_pending)

    @property
    def errors(self) -> tuple[WxAuditError, ...]:
        """The errors of the queries that failed."""
        return tuple(result.error for result in self._results if result.error is not None)

    def counts(self) -> dict[str, int]:
        """The number of queries by the name of their state (`"REJECTED"`) or their error (`"TokenError"`).

        States come first, by their number, then errors, by their name. The sum is `len(batch)`.
        """
        states: dict[str, int] = {}
        for status in sorted((audit.status for audit in self.statuses), key=int):
            states[status.name] = states.get(status.name, 0) + 1
        errors: dict[str, int] = {}
        for name in sorted(type(error).__name__ for error in self.errors):
            errors[name] = errors.get(name, 0) + 1
        return {**states, **errors}

    def raise_for_errors(self) -> AuditBatch:
        """Raises an `ExceptionGroup` of all errors if there are any; otherwise returns the batch."""
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
        """A dict for each query, with these keys. Missing values are `None`.

        - `appid`: the caller's label; `auditid`: `int`
        - `status`: `int`, the number of the state; `state`: its name; `label`: its Chinese label
        - `reason`: WeChat's text; `reasons`: list of `{"title": str, "details": [str, …]}`
        - `screenshots`: list of `media_id`s; `observed_at`: `datetime`, UTC
        - `errcode`: `int`; `error`: name and message of the error; `rid`; `attempts`: requests sent
        """
        return [record(result) for result in self._results]

    def to_pandas(self) -> pd.DataFrame:
        """A `pandas.DataFrame` with the columns of `to_records`, one row for each query.

        The dtypes do not depend on the rows: `string` and `Int64` with `pandas.NA` for missing values,
        `datetime64[us, UTC]` with `NaT`; `reasons` and `screenshots` are lists or `None`.
        """
        from .._frames.writer import to_pandas

        return to_pandas(self._results)

    def to_polars(self) -> pl.DataFrame:
        """A `polars.DataFrame` with the columns of `to_records`, one row for each query."""
        from .._frames.writer import to_polars

        return to_polars(self._results)

    def to_excel(
        self,
        path: str | PathLike[str] | BinaryIO,
        *,
        submitted_at: object = None,
        time_zone: tzinfo | None = None,
    ) -> None:
        """Writes an Excel workbook (`.xlsx`) for people: one sheet, a row for each query. Needs openpyxl.

        - `path`: of the file, which is replaced once the new one is complete; or a file that is open for
          writing bytes
        - `submitted_at`: as for `plot`; a column more
        - `time_zone`: of all times, Beijing time by default. The heading names it, since Excel has none.

        The columns are those of `to_records`. Lists are one line of text, control characters are escaped, and
        no text is a formula, whatever it begins with: reasons are untrusted. The header and the ids stay in
        sight. Raises `ArgumentError` for more than 1 048 575 rows, and `OSError`.
        """
        from .._display.ages import moments
        from .._frames.excel import to_excel

        submissions = None if submitted_at is None else moments(submitted_at, len(self))
        to_excel(self._results, path, submissions, time_zone)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A table with the columns of `to_records`, for any library that reads Arrow's PyCapsules."""
        from .._frames.writer import arrow_table

        return arrow_table(self._results).__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        from .._display.table import results_html

        return results_html(self._results)

    def plot(self, submitted_at: object = None) -> altair.VConcatChart:
        """An Altair chart of outcomes by state and the most frequent titles of rejections.

        - `submitted_at`: when each audit was submitted: an aware `datetime` or `None` for each query, in the
          order of the batch, such as a column of a frame. The chart then also shows the age of pending
          audits.
        """
        from .._display.plot import plot

        return plot(self._results, submitted_at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AuditBatch):
            return NotImplemented
        return self._results == other._results

    def __hash__(self) -> int:
        return hash(self._results)

    def __repr__(self) -> str:
        if not hasattr(self, "_results"):
            return "<AuditBatch>"  # a debugger may show an instance whose constructor raised
        counted = ", ".join(f"{count} {name}" for name, count in self.counts().items())
        return f"<AuditBatch of {len(self)}{': ' if counted else ''}{counted}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return AuditBatch, (self._results,)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .._models.pydantic import batch_schema

        return batch_schema(cls, handler)


# A named tuple in the eyes of pandas: `pandas.DataFrame(batch)` is a table with the columns of `to_records`.
Sequence.register(AuditResult)


def in_order(results: Iterable[AuditResult]) -> AuditBatch:
    """Sorts results into a batch."""
    return AuditBatch(sorted(results, key=attrgetter("index")))
