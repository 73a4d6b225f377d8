"""`wxaudit decrypt`: open a push of WeChat that standard input has."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..._errors.tree import ArgumentError
from ..._escape import escape_controls
from .. import language, push_settings
from ..exit_codes import ExitCode
from ..language import text
from ..options import OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, streams
from ..push_settings import PushOptions  # noqa: TC001  # as above

if TYPE_CHECKING:
    from ...events import AuditEvent, EventRejected

HELP = text(
    "Decrypt a push event: its XML body on standard input.",
    "解密推送事件：从标准输入读取 XML 内容。",
)

# More than a receiver accepts.
_MAX_SIZE = 2_000_000
# Below this width a table would break every word.
_NARROW = 60


def decrypt(
    platform: PushOptions,
    output: OutputOptions,
    query: Annotated[
        str,
        typer.Option(
            metavar="QUERY",
            help=text(
                "Query string of the push: msg_signature=…&timestamp=…&nonce=…; a whole URL is accepted too.",
                "推送的查询字符串：msg_signature=…&timestamp=…&nonce=…，也可传入完整 URL。",
            ),
            show_default=False,
        ),
    ],
    any_age: Annotated[
        bool,
        typer.Option(
            "--any-age",
            help=text(
                "Accept a push that is older than 5 minutes, such as one from a log.",
                "接受 5 分钟之前的推送，例如日志中的推送。",
            ),
        ),
    ] = False,
) -> ExitCode:
    try:
        from ... import events
    except ModuleNotFoundError as error:
        # Two lines, one for each language.
        lines = str(error).splitlines()
        streams.say(f"wxaudit decrypt: {lines[-1] if language.chosen() == 'zh' else lines[0]}")
        return ExitCode.USAGE
    settings = push_settings.read(platform)
    if "?" in query:
        # A URL, or a line of an access log.
        query = query.partition("?")[2].partition(" ")[0]
    receiver = events.EventReceiver(
        **settings,
        previous_encoding_aes_key=push_settings.previous_key(),
        clock=_clock_of(query) if any_age else None,
    )
    body = _body()
    try:
        event = receiver.receive(query, body)
    except events.EventRejected as error:
        _say_rejected(error)
        return ExitCode.REFUSED
    if output.json:
        json_lines.write(_values(event))
    elif event is None:
        print(text("The push is genuine, and not about an audit.", "推送校验通过，但与代码审核无关。"))
    else:
        _show(event)
    return ExitCode.OK


def _body() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise ArgumentError(
            text(
                "the XML of the push comes from standard input, which is a terminal; write < push.xml",
                "推送的 XML 需从标准输入读取，而当前标准输入是终端；请使用 < push.xml",
            )
        )
    body = sys.stdin.buffer.read(_MAX_SIZE)
    if not body.strip():
        raise ArgumentError(text("standard input has no push; it is empty", "标准输入为空，没有推送内容"))
    return body


def _clock_of(query: str) -> Any:
    """A clock that shows the time of the push, so that it is never too old."""
    from ...events._request import parameters

    given = parameters(query, "timestamp")
    if given is None or not re.fullmatch(rb"[0-9]{1,11}", given[0]):
        return None
    moment = int(given[0])
    return lambda: moment


def _say_rejected(error: EventRejected) -> None:
    """Why it cannot be opened. No message has a secret, or tells which check failed first."""
    too_old = error.message.startswith("the push was sent")
    if language.chosen() != "zh":
        streams.say(f"wxaudit decrypt: {error.message}")
        streams.say(f"  {'For a push from a log, add --any-age.' if too_old else error.hint}")
    elif too_old:
        streams.say("wxaudit decrypt：推送的时间戳与本机时钟相差超过 300 秒")
        streams.say("  如果推送来自日志，请加上 --any-age。")
    else:
        streams.say(f"wxaudit decrypt：推送校验不通过，无法解密：{_reason_in_chinese(error.message)}")
        streams.say(f"  {error.hint_zh}")


def _reason_in_chinese(message: str) -> str:
    reasons = {
        "the body is larger": "内容过大，微信不会发送这样的推送",
        "the push does not have": "缺少 msg_signature、timestamp、nonce 或 <Encrypt>，或有重复",
        "WeChat sent the push": "签名正确，但消息内容无法识别",
    }
    found = (reason for start, reason in reasons.items() if message.startswith(start))
    return next(found, "签名、密钥或 AppID 不符")


def _values(event: AuditEvent | None) -> dict[str, Any]:
    """The columns of `--json`. `kind` is null for a push that is not about an audit."""
    if event is None:
        return {"kind": None}
    return {**event.to_dict(), "status": int(event.status), "state": event.status.name}


def _show(event: AuditEvent) -> None:
    rows: list[tuple[str, ...]] = [
        (text("EVENT", "事件"), event.kind),
        (text("STATE", "状态"), event.status.label(language.chosen())),
        (text("MINI PROGRAM", "原始 ID"), event.original_id),
        (text("DECIDED AT", "时间"), event.decided_at.isoformat()),
    ]
    for number, reason in enumerate(event.reasons, start=1):
        details = (f"- {detail}" for detail in reason.details)
        rows.append((text("REASON", "原因"), f"{number}. {reason.title}", *details))
    rows += ((text("SCREENSHOT", "截图"), media_id) for media_id in event.screenshots)
    if not streams.is_terminal():
        for name, *lines in rows:
            print(f"{name}\t{escape_controls('; '.join(lines))}")
        return
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = streams.console()
    if out.width < _NARROW:
        for name, *lines in rows:
            out.print(Text(name, style="bold"))
            out.print(Padding(Text("\n".join(map(escape_controls, lines)), overflow="fold"), (0, 0, 0, 2)))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, *lines in rows:
        table.add_row(name, "\n".join(map(escape_controls, lines)))
    out.print(table)
