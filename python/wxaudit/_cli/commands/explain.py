"""`wxaudit explain`: what WeChat recorded of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..._display.times import local_time
from ..._errors.tree import ArgumentError
from .. import exit_codes
from ..connection import Connection
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import fields, json_lines
from ..output.fields import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._models.diagnostics import RequestTrace

HELP = text(
    "Show what WeChat recorded of a request that failed, for 7 days.",
    "查看微信对某次失败请求的记录（保留 7 天）。",
)

_RID = re.compile(r"(?<![0-9A-Fa-f-])[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9A-Fa-f-])", re.IGNORECASE)


def explain(
    rid: Annotated[
        list[str],
        typer.Argument(
            metavar="RID",
            help=text(
                "The rid of the request, or a text that holds it, such as an errmsg.",
                "请求的 rid，或包含 rid 的文字，例如一段 errmsg。",
            ),
        ),
    ],
    connection: ConnectionOptions,
    output: OutputOptions,
) -> exit_codes.ExitCode:
    found = _rid_in(rid)
    with Connection(connection) as wechat:
        token = wechat.token()
        with json_lines.with_errors(output.json):
            trace = wechat.client.explain(token, found, appid=connection.appid)
    fields.write(_values(trace), _fields(trace), as_json=output.json)
    return exit_codes.ExitCode.OK


def _rid_in(words: Sequence[str]) -> str:
    """The rid in the arguments, which are the words of a text if it was pasted without quotes."""
    rids = set(_RID.findall(" ".join(words)))
    if len(rids) == 1:
        return str(rids.pop())
    # Without the text, which may be anything.
    raise ArgumentError(
        text(
            "there is no rid in what was given" if not rids else f"there are {len(rids)} different rids",
            "给出的内容中没有 rid" if not rids else f"给出了 {len(rids)} 个不同的 rid",
        )
        + text(
            "; write one, three blocks of eight hexadecimal digits, such as 637accc2-7d67c301-4ae3af4b",
            "；请给出一个 rid，即三组八位十六进制数，例如 637accc2-7d67c301-4ae3af4b",
        )
    )


def _values(trace: RequestTrace) -> dict[str, Any]:
    return {
        "rid": trace.rid,
        "invoked_at": trace.invoked_at,
        "cost_in_ms": trace.cost_in_ms,
        "request_url": trace.request_url,
        "request_body": trace.request_body,
        "response_body": trace.response_body,
        "client_ip": trace.client_ip,
    }


def _fields(trace: RequestTrace) -> list[Field]:
    invoked = "" if trace.invoked_at is None else local_time(trace.invoked_at)
    cost = "" if trace.cost_in_ms is None else f"{trace.cost_in_ms} ms"
    return [
        Field("RID", trace.rid),
        Field(text("Received", "接收时间"), invoked),
        Field(text("Took", "耗时"), cost),
        Field(text("URL", "请求地址"), trace.request_url or ""),
        Field(text("Request", "请求内容"), trace.request_body or ""),
        Field(text("Response", "返回内容"), trace.response_body or ""),
        Field(text("From IP", "来源 IP"), trace.client_ip or ""),
    ]
