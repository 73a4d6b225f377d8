"""Show watches as a table with the columns of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from .._batch.results import AuditBatch
from .._errors.base import WxAuditError
from .._native import AuditResult, AuditStatus

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
    observed_at = row.checked_at or row.created_at
    status = AuditStatus(
        row.auditid,
        row.audit_state,
        row.reason or None,
        tuple(row.screenshots),
        appid=row.appid,
        observed_at=observed_at if timezone.is_aware(observed_at) else timezone.make_aware(observed_at),
    )
    return AuditResult(row.auditid, row.appid, status)
