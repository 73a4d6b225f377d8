"""Ask WeChat about claimed watches, in one batch."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ..._errors.tree import TokenError, WxAuditError, make_error
from ..._native import AuditQuery, AuditResult
from ..._signals import raised_by_signal
from .. import _clients, _settings
from .outage import outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any

    from ..models import AuditWatch


def ask(
    rows: list[AuditWatch], now: Callable[[], datetime], seconds: float
) -> Iterator[tuple[AuditWatch, AuditResult, datetime]]:
    """Each row with its result and the time of it, as they arrive.

    Ends early if WeChat does not answer, and after `seconds`: the rest of the rows has no result.
    """
    sources = _TokenSources()
    if _settings.read().token_source is None:
        # `ImproperlyConfigured`: it is missing for all rows, and none of them is to blame.
        sources.of(rows[0].appid)
    asked: list[AuditWatch] = []
    failed: list[tuple[AuditWatch, WxAuditError]] = []

    def queries() -> Iterator[AuditQuery]:
        # Runs in this thread, which has the database connections that a token source may use.
        for row in rows:
            try:
                query = AuditQuery(sources.of(row.appid), row.auditid, row.appid)
            except Exception as error:
                if raised_by_signal(error):
                    raise
                failed.append((row, _as_own(error, row)))
            else:
                asked.append(row)
                yield query

    results = _clients.get_client().iter_audit_statuses(queries(), timeout=seconds)
    with closing(results):
        for result in results:
            observed_at = now()
            outage.record(result, observed_at)
            yield asked[result.index], result, observed_at
            if outage.active:
                break
    for row, error in failed:
        yield row, AuditResult(row.auditid, row.appid, None, error), now()


def _as_own(error: Exception, row: AuditWatch) -> WxAuditError:
    if isinstance(error, WxAuditError):
        return error
    # The text of the exception may contain secrets, so it is only in the cause.
    what = f"the token source failed: {type(error).__name__} was raised"
    failure = make_error(TokenError, what, auditid=row.auditid, appid=row.appid)
    failure.__cause__ = error
    return failure


class _TokenSources:
    """What the setting returns for each mini program, asked once for all its rows."""

    def __init__(self) -> None:
        self._sources: dict[str, Any] = {}
        self._errors: dict[str, Exception] = {}

    def of(self, appid: str) -> Any:
        if appid in self._errors:
            raise self._errors[appid]
        if appid not in self._sources:
            try:
                self._sources[appid] = _clients.token_source(appid)
            except Exception as error:
                self._errors[appid] = error
                raise
        return self._sources[appid]
