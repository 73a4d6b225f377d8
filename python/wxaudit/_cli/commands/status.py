"""`wxaudit status`: the review status of one or several audits."""

from __future__ import annotations

from typing import Annotated

import typer

from ..._native import AuditQuery
from .. import exit_codes
from ..connection import Connection
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, results

HELP = text("Show the review status of audits.", "查询审核单的审核状态。")


def status(
    auditids: Annotated[
        list[str],
        typer.Argument(
            metavar="AUDITID...",
            help=text(
                "Numbers that submit_audit returned.", "提交代码审核（submit_audit）时返回的审核单 id。"
            ),
        ),
    ],
    connection: ConnectionOptions,
    output: OutputOptions,
) -> exit_codes.ExitCode:
    with Connection(connection) as wechat:
        token = wechat.token()
        queries = [AuditQuery(token, auditid, connection.appid) for auditid in auditids]
        batch = wechat.client.get_audit_statuses(queries)
    if output.json:
        for result in batch:
            json_lines.write_result(result)
    else:
        results.show(batch)
    return exit_codes.worst(exit_codes.of_result(result) for result in batch)
