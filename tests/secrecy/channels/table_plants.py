"""Batches and results with deliberate leaks, one for each channel of `tables` and named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair
import pandas
import polars
import pyarrow

import wxaudit
from secrecy.canary import TOKEN
from secrecy.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Harmless(wxaudit.AuditBatch):
    """Leaks only in the channel whose method it overrides."""

    __slots__ = ()


class _ShownByRecords(_Harmless):
    __slots__ = ()

    def to_records(self) -> list[dict[str, Any]]:
        return [{"error": TOKEN.text()}]


class _ShownByPydantic(_Harmless):
    __slots__ = ()

    def __iter__(self) -> Iterator[wxaudit.AuditResult]:
        yield wxaudit.AuditResult(1, error=wxaudit.WxAuditError(TOKEN.text()))


class _ShownByHtml(_Harmless):
    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<td>{TOKEN.text()}</td>"


class _ShownByPandas(_Harmless):
    __slots__ = ()

    def to_pandas(self) -> Any:
        return pandas.DataFrame({"error": [TOKEN.text()]})


class _ShownByPolars(_Harmless):
    __slots__ = ()

    def to_polars(self) -> Any:
        return polars.DataFrame({"error": [TOKEN.text()]})


class _ShownByArrow(_Harmless):
    __slots__ = ()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return pyarrow.table({"error": [TOKEN.text()]}).__arrow_c_stream__(requested_schema)


class _ShownByPlot(_Harmless):
    __slots__ = ()

    def plot(self, submitted_at: object = None) -> Any:  # noqa: ARG002  # the signature of a batch
        return altair.vconcat(altair.Chart(altair.InlineData(values=[{"name": TOKEN.text()}])).mark_bar())


class _ShownByErrors(_Harmless):
    __slots__ = ()

    def raise_for_errors(self) -> wxaudit.AuditBatch:
        token = TOKEN.text()
        raise wxaudit.WxAuditError(f"failed with one of {len(token)}")


def _failed_with_note() -> wxaudit.AuditResult:
    error = wxaudit.WxAuditError("harmless")
    error.__dict__["__notes__"] = [TOKEN.text()]
    return wxaudit.AuditResult(1234567, error=error)


PLANTS = (
    Scenario("records", lambda _: _ShownByRecords()),
    Scenario("pydantic", lambda _: _ShownByPydantic()),
    Scenario("html", lambda _: _ShownByHtml()),
    Scenario("pandas", lambda _: _ShownByPandas()),
    Scenario("polars", lambda _: _ShownByPolars()),
    Scenario("arrow", lambda _: _ShownByArrow()),
    Scenario("plot", lambda _: _ShownByPlot()),
    Scenario("raise_for_errors", lambda _: _ShownByErrors()),
    Scenario("unwrap", lambda _: _failed_with_note()),
)
