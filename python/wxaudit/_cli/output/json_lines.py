"""Write results as JSON Lines, with the columns of `AuditBatch.to_records`."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..._errors.tree import ArgumentError, WaitTimeout, WxAuditError
from ..._frames.columns import record
from ..._native import AuditResult

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def error_values(error: WxAuditError) -> dict[str, Any]:
    """An error as the columns of a result that it has: its class and message are `error`."""
    return {
        "auditid": error.auditid,
        "appid": error.appid,
        "errcode": getattr(error, "errcode", None),
        "error": f"{type(error).__name__}: {error.message}",
        "rid": getattr(error, "rid", None),
    }


@contextmanager
def with_errors(wanted: bool) -> Iterator[None]:
    """Writes what WeChat or the network refuses as JSON too, if `wanted`; the message for people follows.

    For commands that ask one thing. Those that ask several write an error as the result of one of them.
    """
    try:
        yield
    except ArgumentError:
        # Nothing was asked.
        raise
    except WxAuditError as error:
        if wanted:
            write(error_values(error))
        raise


def _time(moment: datetime) -> str:
    return moment.isoformat()
