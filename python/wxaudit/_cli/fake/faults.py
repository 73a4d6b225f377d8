"""Read what shall go wrong with the next requests, and check it before anything is sent to the fake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from json import JSONDecodeError
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..._errors.tree import ArgumentError
from ..durations import seconds
from ..language import text

if TYPE_CHECKING:
    from ...testing import Fault


class Cut(str, Enum):
    ACCEPT = "accept"
    HEAD = "head"
    BODY = "body"
    END = "end"


@dataclass(frozen=True)
class FaultOptions:
    """What goes wrong, how often, and with which requests."""

    errcode: Annotated[
        int | None, typer.Option(metavar="N", help=text("Answer with this errcode.", "返回该 errcode。"))
    ] = None
    errmsg: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help=text("Its errmsg (default: WeChat's).", "errmsg（默认与微信一致）。")
        ),
    ] = None
    http_status: Annotated[
        int | None,
        typer.Option(
            metavar="STATUS",
            min=100,
            max=599,
            help=text("Answer with this HTTP status.", "返回该 HTTP 状态码。"),
        ),
    ] = None
    body: Annotated[
        str | None, typer.Option(metavar="TEXT", help=text("Answer with this body.", "返回该内容。"))
    ] = None
    delay: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help=text("Answer late, such as 2s.", "延迟返回，例如 2s。")),
    ] = None
    hold: Annotated[
        bool,
        typer.Option("--hold", help=text("Answer after POST /release only.", "直到 POST /release 才返回。")),
    ] = False
    cut: Annotated[
        Cut | None,
        typer.Option(
            metavar="accept|head|body|end",
            help=text("Close the connection at this place.", "在该处断开连接。"),
        ),
    ] = None
    cut_at: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help=text("After N bytes of it.", "发送 N 字节之后断开。")),
    ] = None
    reset: Annotated[
        bool, typer.Option("--reset", help=text("Close by a TCP reset.", "以 TCP RST 断开。"))
    ] = False
    attributes: Annotated[
        str | None,
        typer.Option(
            "--fault",
            metavar="JSON",
            help=text(
                "Any attributes of a fault, as in docs/testing.md.", "故障的任意属性，见 docs/testing.md。"
            ),
        ),
    ] = None
    times: Annotated[int, typer.Option(min=1, metavar="N", help=text("How many requests.", "请求次数。"))] = 1
    always: Annotated[
        bool, typer.Option("--always", help=text("All requests, until --clear.", "所有请求，直到 --clear。"))
    ] = False
    auditid: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help=text("Only requests for this audit.", "只影响该审核单的请求。")
        ),
    ] = None
    appid: Annotated[
        str | None,
        typer.Option(
            metavar="APPID", help=text("Only requests of this mini program.", "只影响该小程序的请求。")
        ),
    ] = None


def read(options: FaultOptions) -> dict[str, Any]:
    """The call of the control plane. `ArgumentError` for no fault, a contradiction or a wrong value."""
    from ...testing import Fault
    from ...testing._control.serialization import write_fault

    names = ("errcode", "errmsg", "body", "cut_at")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    given["cut"] = None if options.cut is None else options.cut.value
    given["delay"] = None if options.delay is None else seconds("--delay", options.delay)
    given |= {"hold": options.hold or None, "reset": options.reset or None}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        fault = Fault(**given)
        if options.http_status is not None:
            # Alone it is the page of a gateway; with an answer it is the status of that answer.
            alone = options.errcode is None and options.body is None
            fault &= Fault.http(options.http_status) if alone else Fault(http_status=options.http_status)
        if options.attributes is not None:
            fault &= _parsed(options.attributes)
        if fault == Fault():
            raise ArgumentError(
                text(
                    "say what shall go wrong, such as --errcode 45009, --http-status 502, --delay 2s or "
                    "--cut body",
                    "请指定要注入的故障，例如 --errcode 45009、--http-status 502、--delay 2s 或 --cut body",
                )
            )
        call: dict[str, Any] = {
            "fault": write_fault(fault),
            "times": None if options.always else options.times,
        }
    except (ValueError, TypeError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(
            text(f"this fault is not possible: {error}", f"无法注入该故障：{error}")
        ) from None
    only = {"auditid": options.auditid, "appid": options.appid}
    return call | {name: value for name, value in only.items() if value is not None}


def read_life(given: str) -> list[dict[str, Any]]:
    """The later states of an audit, checked. `ArgumentError` for what is not a list of steps."""
    from ...testing._control.serialization import read_life

    try:
        life: list[dict[str, Any]] = json.loads(given)
        read_life(life)
    except (ValueError, TypeError) as error:
        problem = text("not valid JSON", "不是合法的 JSON") if isinstance(error, JSONDecodeError) else error
        raise ArgumentError(f"--life: {problem}") from None
    return life


def _parsed(attributes: str) -> Fault:
    from ...testing._control.serialization import read_fault

    try:
        value = json.loads(attributes)
    except ValueError:
        raise ArgumentError(
            text(
                '--fault must be a JSON object, such as \'{"drip": 1, "drip_interval": 0.5}\'',
                '--fault 必须是 JSON 对象，例如 \'{"drip": 1, "drip_interval": 0.5}\'',
            )
        ) from None
    return read_fault(value)
