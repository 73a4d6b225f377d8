"""Show watches as a table with the columns of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._batch.results import AuditBatch
from .._errors.base import WxAuditError
from .._native import AuditResult

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import pandas as pd


def to_pandas(rows: Iterable[Any]) -> pd.DataFrame:
    """See `AuditWatchQuerySet.to_pandas`."""
    return AuditBatch(map(_result, rows)).to_pandas()


def _result(row: Any) -> AuditResult:
    if row.last_error:
        return AuditResult(row.auditid, row.appid, None, WxAuditError(row.last_error))
    return AuditResult(row.auditid, row.appid, row.audit)
