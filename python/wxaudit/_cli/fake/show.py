"""Write what the fake answered, for people or as JSON Lines."""

from __future__ import annotations

from typing import Any

from ..._escape import escape_controls
from ..._models.state import AuditState
from .. import language
from ..language import text
from ..output import json_lines, streams


def audit(answer: dict[str, Any], as_json: bool) -> None:
    """An audit: its id, its mini program and its state."""
    if as_json:
        json_lines.write(answer)
        return
    state = AuditState(answer["state"]).label(language.chosen())
    columns((str(answer["auditid"]), str(answer["appid"]), state))


def fault(answer: dict[str, Any], as_json: bool) -> None:
    """A fault that waits for requests: what it does, to which requests, and how often."""
    if as_json:
        json_lines.write(answer)
        return
    remaining = answer["remaining"]
    times = (
        text("all requests", "所有请求")
        if remaining is None
        else text(f"{remaining} requests" if remaining != 1 else "1 request", f"{remaining} 次请求")
    )
    what = " ".join(f"{name}={value}" for name, value in answer["fault"].items() if "base64" not in name)
    only = (f"{name}={answer[name]}" for name in ("auditid", "appid") if answer[name] is not None)
    columns((what, times, *only))


def columns(cells: tuple[str, ...]) -> None:
    """One line; tabs between its columns where the output is piped."""
    between = "  " if streams.is_terminal() else "\t"
    print(between.join(map(escape_controls, cells)))


def push(auditid: int, answer: dict[str, Any], as_json: bool) -> None:
    """What the receiver of a push made of it."""
    if as_json:
        json_lines.write({"auditid": auditid, **answer})
        return
    if answer["http_status"] is None:
        result = text("no answer", "没有响应"), str(answer["error"])
    else:
        accepted = text("accepted", "已接收") if answer["accepted"] else text("refused", "已拒绝")
        result = accepted, f"HTTP {answer['http_status']}"
    columns((str(auditid), *result))


def token(answer: dict[str, Any], as_json: bool) -> None:
    """A token of the fake, which is not a secret."""
    if as_json:
        json_lines.write(answer)
    else:
        print(answer["token"])
