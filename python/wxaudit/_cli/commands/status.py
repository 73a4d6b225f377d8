"""`wxaudit status`: the review status of one or several audits, once or until all are decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..._errors.tree import ArgumentError
from ..._native import AuditQuery
from .. import exit_codes
from ..connection import Connection
from ..durations import seconds
from ..language import text
from ..options import AuditIds, ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._native import AuditResult

HELP = text("Show the review status of audits.", "查询审核单的审核状态。")

_INTERVAL = 30.0
_SHORTEST_INTERVAL = 1.0


def status(
    auditids: AuditIds,
    connection: ConnectionOptions,
    output: OutputOptions,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help=text(
                "Ask again and again until all are decided; Ctrl-C ends it.",
                "反复查询，直到全部审核单都有结果；按 Ctrl-C 结束。",
            ),
        ),
    ] = False,
    interval: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help=text("Time between two rounds of --watch (30s).", "--watch 每轮查询的间隔（30s）。"),
        ),
    ] = None,
) -> exit_codes.ExitCode:
    pause = _pause(watch, interval)
    with Connection(connection) as wechat:
        queries = queries_of(auditids, wechat.token(), connection.appid)
        if watch:
            from ..watching import watch_until_decided

            return exit_codes.worst_of(
                watch_until_decided(
                    wechat.client.get_audit_statuses, without_repeats(queries), pause, as_json=output.json
                )
            )
        batch = wechat.client.get_audit_statuses(queries)
    write(batch, as_json=output.json)
    return exit_codes.worst_of(batch)


def queries_of(auditids: Sequence[str], token: object, appid: str | None) -> list[AuditQuery]:
    """A query for each audit, in their order; `ArgumentError` before anything is sent."""
    return [AuditQuery(token, auditid, appid) for auditid in auditids]


def without_repeats(queries: Sequence[AuditQuery]) -> list[AuditQuery]:
    """Each query once, for what asks again and again."""
    return list(dict.fromkeys(queries))


def write(batch: Sequence[AuditResult], *, as_json: bool) -> None:
    if as_json:
        for result in batch:
            json_lines.write_result(result)
    else:
        results.show(batch)


def _pause(watch: bool, interval: str | None) -> float:
    if interval is None:
        return _INTERVAL
    if not watch:
        raise ArgumentError(text("--interval goes with --watch", "--interval 须与 --watch 一起使用"))
    pause = seconds("--interval", interval)
    if pause < _SHORTEST_INTERVAL:
        raise ArgumentError(
            text(
                f"--interval must be at least 1s, got {interval}; each round counts against the quota",
                f"--interval 不能小于 1s，现为 {interval}；每轮查询都会占用调用额度",
            )
        )
    return pause
