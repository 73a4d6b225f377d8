"""`wxaudit latest`: the review status of the latest submission of a mini program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._display.times import local_time
from ..._native import AuditResult
from .. import exit_codes
from ..connection import Connection
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import fields, json_lines, results
from ..output.fields import Field

if TYPE_CHECKING:
    from ..._native import LatestAuditStatus

HELP = text(
    "Show the review status of the latest submission.",
    "查询最近一次提交的审核状态。",
)


def latest(connection: ConnectionOptions, output: OutputOptions) -> exit_codes.ExitCode:
    with Connection(connection) as wechat:
        token = wechat.token()
        with json_lines.with_errors(output.json):
            audit = wechat.client.get_latest_audit_status(token, appid=connection.appid)
    fields.write(_values(audit), _fields(audit), as_json=output.json)
    return exit_codes.of_status(audit)


def _values(audit: LatestAuditStatus) -> dict[str, Any]:
    """The columns of `status` that an answer has, and those of the submission."""
    values = json_lines.result_values(AuditResult(audit.auditid, audit.appid, audit))
    for name in ("errcode", "error", "rid", "attempts"):
        del values[name]
    return {
        **values,
        "user_version": audit.user_version,
        "user_desc": audit.user_desc,
        "submitted_at": audit.submitted_at,
    }


def _fields(audit: LatestAuditStatus) -> list[Field]:
    result = AuditResult(audit.auditid, audit.appid, audit)
    submitted = "" if audit.submitted_at is None else local_time(audit.submitted_at)
    return [
        Field(text("Audit", "审核单 ID"), str(audit.auditid)),
        Field("Appid", audit.appid or ""),
        Field(text("State", "状态"), results.label(result), results.style(result)),
        Field(text("Version", "版本号"), audit.user_version or ""),
        Field(text("Description", "项目备注"), audit.user_desc or ""),
        Field(text("Submitted", "提交时间"), submitted),
        Field(text("Details", "说明"), results.details(result)),
    ]
