"""Write results as JSON Lines, with the columns of `AuditBatch.to_records`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ..._errors.tree import WaitTimeout
from ..._frames.columns import record
from ..._native import AuditResult

if TYPE_CHECKING:
    from datetime import datetime


def line(values: dict[str, Any]) -> str:
    """One line of JSON. Times are written in UTC as ISO 8601."""
    return json.dumps(values, ensure_ascii=False, default=_time)


def write(values: dict[str, Any]) -> None:
    print(line(values), file=sys.stdout, flush=True)


def write_result(result: AuditResult) -> None:
    write(result_values(result))


def result_values(result: AuditResult) -> dict[str, Any]:
    """A value or None for each column. A wait that is over has its error and the last status as well."""
    values = record(result)
    if isinstance(result.error, WaitTimeout) and result.error.last is not None:
        last = record(AuditResult(result.auditid, result.appid, result.error.last))
        values.update({name: value for name, value in last.items() if values[name] is None})
    return values


def _time(moment: datetime) -> str:
    return moment.isoformat()
