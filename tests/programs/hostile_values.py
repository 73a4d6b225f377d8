"""Give structures that refer to themselves, or are very deep or large, to all that takes values."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from wxaudit import (
    ArgumentError,
    AuditQuery,
    AuditResult,
    AuditState,
    AuditStatus,
    Event,
    LatestAuditStatus,
    Reason,
    ReviewRejected,
    Token,
)
from wxaudit.events import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable

loop_dict: dict[str, Any] = {}
loop_dict["more"] = loop_dict
loop_list: list[Any] = []
loop_list.append(loop_list)
both: dict[str, list[Any]] = {"more": []}
both["more"].append(both)
# It is small in memory, and has more items than there are atoms.
wide: list[Any] = []
for _ in range(100):
    wide = [wide, wide]


def deep(new: Callable[[Any], Any]) -> Any:
    value = new(None)
    for _ in range(20_000):
        value = new(value)
    return value


values: list[Any] = [
    loop_dict,
    loop_list,
    both,
    wide,
    deep(lambda v: {"more": v}),
    deep(lambda v: [v]),
    deep(lambda v: (v,)),
    deep(lambda v: {"more": [v]}),
    {"many": [None] * 10**6},
    {"long": "x" * (1 << 22)},
]
takers: list[Callable[[Any], object]] = [
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "raw": {"raw": v}}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "raw": v}),
    lambda v: LatestAuditStatus.from_dict({"auditid": 1, "status": 1, "raw": {"raw": v}}),
    lambda v: AuditStatus(1, 1).__replace__(raw={"raw": v}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "lossy": v}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": v}),
    lambda v: AuditStatus.from_dict({"auditid": v, "status": 1}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "screenshots": [v]}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "observed_at": v}),
    lambda v: AuditStatus.from_dict({"auditid": 1, "status": 1, "reason": v}),
    lambda v: AuditStatus(v, 1),
    lambda v: AuditResult(v),
    lambda v: AuditResult(1, None, v),
    lambda v: AuditResult(1, None, None, v),
    lambda v: AuditQuery("token", v),
    lambda v: AuditQuery(v, 1),
    lambda v: Token(v),
    lambda v: Event(kind=v),
    lambda v: Event(kind="poll", auditid=v),
    lambda v: Event(kind="poll", error=v),
    lambda v: Reason(v),
    lambda v: Reason("x", [v]),
    lambda v: Reason.from_dict({"title": v}),
    lambda v: AuditEvent.from_dict({"kind": v}),
    lambda v: AuditEvent("weapp_audit_fail", v, "2026-01-01T00:00:00+00:00"),
    lambda v: AuditEvent("weapp_audit_fail", "gh_1", v),
    lambda v: AuditEvent("weapp_audit_fail", "gh_1", "2026-01-01T00:00:00+00:00", v),
    lambda v: AuditEvent("weapp_audit_fail", "gh_1", "2026-01-01T00:00:00+00:00", None, [v]),
    lambda v: AuditState(1).label(v),
    lambda v: ReviewRejected("x", {"audit": {"auditid": 1, "status": 1, "raw": v}}),
]
for at, taker in enumerate(takers):
    for number, value in enumerate(values):
        try:
            taker(value)
        except ArgumentError as error:
            str(error), repr(error), pickle.dumps(error)
        else:
            raise SystemExit(f"taker {at} takes value {number}")
for value in values:
    try:
        AuditState(value)
    except ValueError as error:
        str(error)
print("alive")
