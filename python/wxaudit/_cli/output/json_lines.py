"""Write results as JSON Lines, with the columns of `AuditBatch.to_records`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ..._frames.columns import record

if TYPE_CHECKING:
    from ..._native import AuditResult


def line(values: dict[str, Any]) -> str:
    """One line of JSON. Times are written in UTC as ISO 8601."""
    return json.dumps(values, ensure_ascii=False, default=lambda moment: moment.isoformat())


def write(values: dict[str, Any]) -> None:
    print(line(values), file=sys.stdout, flush=True)


def write_result(result: AuditResult) -> None:
    write(record(result))
