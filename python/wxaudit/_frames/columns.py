"""List the columns of a table of results, and make its rows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._native import AuditResult

# The names in their order, and the kind of values that each column holds. The kinds never depend on the rows:
# partitions of one table fit together, also the empty ones.
COLUMNS = {
    "appid": "text",
    "auditid": "number",
    "status": "number",
    "state": "text",
    "label": "text",
    "reason": "text",
    "reasons": "reasons",
    "screenshots": "texts",
    "observed_at": "time",
    "errcode": "number",
    "error": "text",
    "rid": "text",
    "attempts": "number",
}


def record(result: AuditResult) -> dict[str, Any]:
    """The row of one result: a value or None for each column."""
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


def row(result: AuditResult) -> tuple[Any, ...]:
    """The same as a tuple."""
    return tuple(record(result).values())
